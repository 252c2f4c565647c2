"""The code that proves an account: tied to one store, one account, one page and one day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.accounts.codes import LASTS, NONCE, ProofChallenge, appears_in, code, decode, encode

SECRET, OTHER = bytes(range(32)), bytes(32)
ADA = ProofChallenge("bluesky:did:plc:ada", 1_800_000_000, "ab" * (NONCE // 2))


def test_a_proof_is_read_as_it_was_written() -> None:
    text = encode(SECRET, ADA)
    assert decode(SECRET, text, ADA.account, ADA.moment) == ADA
    assert decode(SECRET, text, ADA.account, ADA.moment + LASTS - 1) == ADA


def test_and_for_nothing_else() -> None:
    text = encode(SECRET, ADA)
    assert decode(OTHER, text, ADA.account, ADA.moment) is None
    assert decode(SECRET, text, "bluesky:did:plc:eve", ADA.moment) is None
    assert decode(SECRET, text, ADA.account, ADA.moment + LASTS) is None
    assert decode(SECRET, text, ADA.account, ADA.moment - 1) is None, "of a day to come"


@given(st.integers(0, 120), st.sampled_from("0123456789abcdef-x"))
def test_a_sign_that_was_changed_is_noticed(at: int, sign: str) -> None:
    text = encode(SECRET, ADA)
    changed = f"{text[: at % len(text)]}{sign}{text[at % len(text) + 1 :]}"
    found = decode(SECRET, changed, ADA.account, ADA.moment)
    assert found == (ADA if changed == text else None)


@given(st.text(max_size=120))
def test_whatever_comes_instead_is_none(text: str) -> None:
    assert decode(SECRET, text, ADA.account, ADA.moment) is None


def test_a_code_is_another_for_each_store_account_moment_and_page() -> None:
    others = [
        ADA._replace(account="bluesky:did:plc:eve"),
        ADA._replace(moment=ADA.moment + 1),
        ADA._replace(nonce="0" * 24),
    ]
    codes = {code(SECRET, one) for one in (ADA, *others)} | {code(OTHER, ADA)}
    assert len(codes) == 5 and all(len(one) == len("hotpapers-") + 12 for one in codes)
    assert code(SECRET, ADA) not in encode(SECRET, ADA), "the page that is kept does not hold it"


def test_a_code_stands_in_a_profile_as_a_word_of_its_own() -> None:
    wanted = code(SECRET, ADA)
    for said in (wanted, f"Kettles.\n{wanted.upper()}!", f"({wanted})", f"«{wanted}»", f"{wanted}, {wanted}"):
        assert appears_in(wanted, said)
    for said in ("", "hotpapers", wanted[:-1], f"{wanted}a", f"x{wanted}", f"{wanted}-a", wanted.replace("-", "")):
        assert not appears_in(wanted, said)
