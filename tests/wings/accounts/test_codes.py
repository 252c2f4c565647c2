"""The code that proves an account: tied to one store, one account, one page and one day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.wings.accounts.codes import (
    LASTS,
    NONCE,
    ProofChallenge,
    appears_in,
    decode_challenge,
    encode_challenge,
    profile_code,
)

SECRET, OTHER = bytes(range(32)), bytes(32)
ADA = ProofChallenge("bluesky:did:plc:ada", 1_800_000_000, "ab" * (NONCE // 2))


def test_a_proof_is_read_as_it_was_written() -> None:
    text = encode_challenge(SECRET, ADA)
    assert decode_challenge(SECRET, text, ADA.account, ADA.moment) == ADA
    assert decode_challenge(SECRET, text, ADA.account, ADA.moment + LASTS - 1) == ADA


def test_a_proof_is_valid_for_nothing_else() -> None:
    text = encode_challenge(SECRET, ADA)
    assert decode_challenge(OTHER, text, ADA.account, ADA.moment) is None
    assert decode_challenge(SECRET, text, "bluesky:did:plc:eve", ADA.moment) is None
    assert decode_challenge(SECRET, text, ADA.account, ADA.moment + LASTS) is None
    assert decode_challenge(SECRET, text, ADA.account, ADA.moment - 1) is None, "issued in the future"


@given(st.integers(0, 120), st.sampled_from("0123456789abcdef-x"))
def test_a_changed_character_is_noticed(at: int, character: str) -> None:
    text = encode_challenge(SECRET, ADA)
    changed_text = f"{text[: at % len(text)]}{character}{text[at % len(text) + 1 :]}"
    proof = decode_challenge(SECRET, changed_text, ADA.account, ADA.moment)
    assert proof == (ADA if changed_text == text else None)


@given(st.text(max_size=120))
def test_any_other_text_is_no_proof(text: str) -> None:
    assert decode_challenge(SECRET, text, ADA.account, ADA.moment) is None


def test_codes_differ_by_store_account_moment_and_page() -> None:
    other_challenges = [
        ADA._replace(account="bluesky:did:plc:eve"),
        ADA._replace(moment=ADA.moment + 1),
        ADA._replace(nonce="0" * 24),
    ]
    codes = {profile_code(SECRET, challenge) for challenge in (ADA, *other_challenges)} | {profile_code(OTHER, ADA)}
    assert len(codes) == 5 and all(len(proof_code) == len("hotpapers-") + 12 for proof_code in codes)
    assert profile_code(SECRET, ADA) not in encode_challenge(SECRET, ADA), "the saved page does not contain it"


def test_a_code_is_found_in_a_profile_only_as_a_whole_word() -> None:
    proof_code = profile_code(SECRET, ADA)
    for profile in (
        proof_code,
        f"Kettles.\n{proof_code.upper()}!",
        f"({proof_code})",
        f"«{proof_code}»",
        f"{proof_code}, {proof_code}",
    ):
        assert appears_in(proof_code, profile)
    for profile in (
        "",
        "hotpapers",
        proof_code[:-1],
        f"{proof_code}a",
        f"x{proof_code}",
        f"{proof_code}-a",
        proof_code.replace("-", ""),
    ):
        assert not appears_in(proof_code, profile)
