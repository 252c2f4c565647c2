"""Pages and policies that break the formats, or that no honest program writes: `hotpapers verify` and the program in
the docs agree on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import InputError
from hotpapers.wings.proof import log_keys, notes
from hotpapers.wings.proof.entries import issue_entry
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import ED25519, PROOF_TYPE, Checkpoint, LogProof, VerifierKey
from hotpapers.wings.proof.policies import parse_policy
from hotpapers.wings.proof.saved_issues import CONTENT_TYPE, check_saved, read_saved
from tests.wings.proof.cosigners import cosign
from tests.wings.proof.sample_publication import WITNESS, SamplePublication, publish
from tests.wings.proof.test_saved import accepts

Change = Callable[[str], str]


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> SamplePublication:
    return publish(tmp_path_factory.mktemp("published"))


def _block(type: str) -> re.Pattern[str]:
    return re.compile(rf'(?s)(<script type="{re.escape(type)}">)(.*?)(</script>)')


def _replace_in(type: str, old: str, new: str) -> Change:
    """Replaces a pattern once in a data block."""

    def change(page: str) -> str:
        return _block(type).sub(lambda block: block[1] + re.sub(old, new, block[2], count=1) + block[3], page)

    return change


def _proof(old: str, new: str) -> Change:
    return _replace_in(PROOF_TYPE, old, new)


def _content(old: str, new: str) -> Change:
    return _replace_in(CONTENT_TYPE, old, new)


def _insert_before_proof(block: str) -> Change:
    return lambda page: page.replace(f'<script type="{PROOF_TYPE}">', f'{block}<script type="{PROOF_TYPE}">')


ACCEPTED = {
    "as it was saved": lambda page: page,
    "as Windows ends lines": lambda page: page.replace("\n", "\r\n"),
    "with data that nothing vouches for": _proof("index", "extra QUJD\nindex"),
    "with a signature twice": _proof(r"(— witness.*\n)", r"\1\1"),
    "with a signature by somebody unknown": _proof("— witness", "— a.example QUJDREVG\n— witness"),
    "with another type after the first": lambda page: page.replace(
        f'"{PROOF_TYPE}"', f'"{PROOF_TYPE}" type="text/plain"'
    ),
    "with blanks in its JSON": _content('"place":1', '"place" : 1'),
}
REFUSED = {
    "a leaf that the tree has not": _proof("index 0", "index 5"),
    "a leaf from the end": _proof("index 0", "index -1"),
    "a number with zeroes": _proof("index 0", "index 00"),
    "a number in other digits": _proof("index 0", "index \u0660"),
    "a number after blanks": _proof("index 0", "index  0"),
    "another number of leaves": _proof(r"\n1\n", "\n9223372036854775808\n"),
    "no leaves": _proof(r"\n1\n", "\n0\n"),
    "a path that is too long": _proof("index 0\n", f"index 0\n{'A' * 43}=\n"),
    "stray signs in Base64": _proof("(— witness.{30})", r"\1!"),
    "another format": _proof("@v1", "@v2"),
    "a line of no kind before the index": _proof("index", "more QUJD\nindex"),
    "two lines of data": _proof("index", "extra QUJD\nextra QUJD\nindex"),
    "data that is not Base64": _proof("index", "extra !!!\nindex"),
    "no signature of the log": _proof(r"— \S+/log/.*\n", ""),
    "a last line without an end": _proof(r"\Z", "— a.example QUJDREVG"),
    "a hyphen for a dash": _proof("— witness", "- witness"),
    "a signer of no name": _proof("— witness", "—  QUJDREVG\n— witness"),
    "a signer's name with a plus": _proof("— witness", "— a+b QUJDREVG\n— witness"),
    "a signer's name with a tab": _proof("— witness", "— a\tb QUJDREVG\n— witness"),
    "a signer's name that is not all visible": _proof("— witness", "— a\u200bb QUJDREVG\n— witness"),
    "more signatures than anybody needs": _proof("— witness", 64 * "— a.example QUJDREVG\n" + "— witness"),
    "lines that only Unicode ends": _proof(r"\n— witness", "\u2028— witness"),
    "the end of the last line": _proof(r"\n\Z", ""),
    "something after the last line": _proof(r"\Z", "more\n"),
    "a signature that is not the witness's": _proof(r"(— witness\S+ .{50}).{8}", r"\1AAAAAAAA"),
    "a wrong signature before the right one": _proof(r"(— witness\S+ .{50}).{8}(.*\n)", r"\1AAAAAAAA\2\g<0>"),
    "a proof of another type first": lambda page: page.replace(f'"{PROOF_TYPE}"', f'"text/plain" type="{PROOF_TYPE}"'),
    "two proofs": _insert_before_proof(f'<script type="{PROOF_TYPE}">c2sp.org/tlog-proof@v1\n</script>'),
    "two proofs of which one is empty": _insert_before_proof(f'<script type="{PROOF_TYPE}"></script>'),
    "a day twice": _content(r"\{", '{"day":"1999-01-01",'),
    "a place twice": _content('"place":1', '"place":7,"place":1'),
    "a place that is no whole number": _content('"place":1', '"place":1.0'),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_pages_that_differ_only_in_form_are_accepted(publication: SamplePublication, tmp_path: Path, case: str) -> None:
    assert _verdicts(ACCEPTED[case](publication.page.read_text()), publication.policy_file, tmp_path) == (True, True)


@pytest.mark.parametrize("case", REFUSED)
def test_forged_pages_are_refused(publication: SamplePublication, tmp_path: Path, case: str) -> None:
    page = publication.page.read_text()
    assert REFUSED[case](page) != page
    assert _verdicts(REFUSED[case](page), publication.policy_file, tmp_path) == (False, False)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("signed and cosigned", True),
        ("signed by another key", False),
        ("signed by another key under the ID of the right one", False),
        ("cosigned elsewhere", False),
    ],
)
def test_a_checkpoint_of_another_log_of_the_same_name(
    publication: SamplePublication, tmp_path: Path, case: str, expected: bool
) -> None:
    saved = read_saved(publication.page)
    key = log_keys.load_key(publication.config.key_file)
    assert key is not None
    own = key._replace(name=saved.proof.signed.origin)
    tree = MerkleTree(leaf_hash(issue_entry(digest)) for digest in ("00" * 32, saved.digest))
    checkpoint = Checkpoint(own.name, 2, tree.root(2))
    line = notes.sign_note(checkpoint.text, own._replace(seed=bytes(32)) if "another key" in case else own)
    if "under the ID" in case:
        line = line._replace(key_id=own.verifier.key_id)
    cosignature = saved.proof.signed.signatures[1] if "elsewhere" in case else cosign(checkpoint, WITNESS, 1)
    signed = checkpoint._replace(signatures=(line, cosignature))
    proof = str(LogProof(1, tuple(tree.inclusion(1, 2)), signed))
    page = _block(PROOF_TYPE).sub(lambda block: block[1] + proof + block[3], publication.page.read_text())
    assert _verdicts(page, publication.policy_file, tmp_path) == (expected, expected)


SAME = f"witness b {WITNESS.verifier}\n"
SAME_LOG = WITNESS._replace(type=ED25519).verifier
CUT = str(WITNESS._replace(seed=bytes(32)).verifier).replace("+", "+0", 1)
POLICIES = {
    "one key under two names": f"{SAME}group both all a b\nquorum both",
    "a witness twice in a group": "group both 2 a a\nquorum both",
    "a witness in two groups": "group x any a\ngroup y any a\ngroup both all x y\nquorum both",
    "a name twice": f"witness a {WITNESS.verifier}\nquorum a",
    "a log twice": f"log {SAME_LOG}\nlog {SAME_LOG}\nquorum a",
    "a witness with the key of a log": f"witness b {SAME_LOG}\nquorum a",
    "a witness with the start of a key": f"witness b {VerifierKey('b', 4, bytes(31))}\nquorum a",
    "more than one name in a quorum": "quorum a a",
    "words after a quorum": "quorum a # the one in the library",
    "a group of nobody": "group nobody all\nquorum a",
    "a group that nobody need be in": "group nobody 0 a\nquorum nobody",
    "a group of less than nobody": "group nobody -1 a\nquorum nobody",
    "somebody of no line": "group some any a z\nquorum some",
    "nobody in a group": "group some all a none\nquorum some",
    "two quorums": "quorum a\nquorum none",
    "no quorum": "",
    "a line of no kind": "quorum a\nmonitor x",
    "a key that was not copied completely": f"witness b {CUT}\nquorum a",
}


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_that_counts_a_witness_twice_is_refused(
    publication: SamplePublication, tmp_path: Path, case: str
) -> None:
    policy = tmp_path / "policy.txt"
    policy.write_text(publication.policy_file.read_text().replace("quorum a\n", f"{POLICIES[case]}\n"))
    assert _verdicts(publication.page.read_text(), policy, tmp_path) == (False, False)


def _verdicts(page: str, policy: Path, folder: Path) -> tuple[bool, bool]:
    """Whether `hotpapers verify` accepts a page, and whether the program in the docs does."""
    file = folder / "page.html"
    file.write_bytes(page.encode())
    try:
        is_accepted = not check_saved(read_saved(file), parse_policy(policy.read_text())).problems
    except InputError:
        is_accepted = False
    return is_accepted, accepts(file, policy)
