"""Pages and policies that break the formats, or that no honest program writes: `hotpapers verify` and the program in
the docs agree on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.errors import InputError
from hotpapers.transparency.policies import parse_policy
from hotpapers.transparency.proofs import TYPE
from hotpapers.transparency.saved_issues import CONTENT_TYPE, check_saved, read_saved
from tests.transparency.sample_publication import WITNESS, SamplePublication, publish
from tests.transparency.test_saved import accepts

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
    return _replace_in(TYPE, old, new)


def _content(old: str, new: str) -> Change:
    return _replace_in(CONTENT_TYPE, old, new)


def _insert_before_proof(block: str) -> Change:
    return lambda page: page.replace(f'<script type="{TYPE}">', f'{block}<script type="{TYPE}">')


ACCEPTED = {
    "as it was saved": lambda page: page,
    "as Windows ends lines": lambda page: page.replace("\n", "\r\n"),
    "with data that nothing vouches for": _proof("index", "extra QUJD\nindex"),
    "with a signature twice": _proof(r"(— witness.*\n)", r"\1\1"),
    "with a signature by somebody unknown": _proof("— witness", "— a.example QUJDREVG\n— witness"),
    "with another type after the first": lambda page: page.replace(f'"{TYPE}"', f'"{TYPE}" type="text/plain"'),
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
    "no signature of the log": _proof(r"— \S+/log/.*\n", ""),
    "a last line without an end": _proof(r"\Z", "— a.example QUJDREVG"),
    "a hyphen for a dash": _proof("— witness", "- witness"),
    "a signer of no name": _proof("— witness", "—  QUJDREVG\n— witness"),
    "lines that only Unicode ends": _proof(r"\n— witness", "\u2028— witness"),
    "the end of the last line": _proof(r"\n\Z", ""),
    "something after the last line": _proof(r"\Z", "more\n"),
    "a signature that is not the witness's": _proof(r"(— witness\S+ .{50}).{8}", r"\1AAAAAAAA"),
    "a wrong signature before the right one": _proof(r"(— witness\S+ .{50}).{8}(.*\n)", r"\1AAAAAAAA\2\g<0>"),
    "a proof of another type first": lambda page: page.replace(f'"{TYPE}"', f'"text/plain" type="{TYPE}"'),
    "two proofs": _insert_before_proof(f'<script type="{TYPE}">c2sp.org/tlog-proof@v1\n</script>'),
    "two proofs of which one is empty": _insert_before_proof(f'<script type="{TYPE}"></script>'),
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


SAME = f"witness b {WITNESS.verifier}\n"
CUT = str(WITNESS._replace(seed=bytes(32)).verifier).replace("+", "+0", 1)
POLICIES = {
    "one key under two names": f"{SAME}group both all a b\nquorum both",
    "a witness twice in a group": "group both 2 a a\nquorum both",
    "a witness in two groups": "group x any a\ngroup y any a\ngroup both all x y\nquorum both",
    "a name twice": f"witness a {WITNESS.verifier}\nquorum a",
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
