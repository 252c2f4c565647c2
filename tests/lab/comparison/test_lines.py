"""A comparison file from a stranger is read as written, or refused with its file and line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from lab.comparison import facts as facts_module
from lab.comparison.facts import CollectorFacts, decode_file, read_facts
from lab.comparison.lines import FORMAT, AnnouncedLine, ComparisonEnd, ComparisonHeader, encode_line
from lab.comparison.shared_key import SharedKey, random_key, read_key, write_key
from tests.lab.comparison.samples import END, PAPER, RULES, START, Habits, SamplePost, hours, mark, post_line

HEADER = ComparisonHeader(
    format=FORMAT, version=1, program="1.0.0", check=mark("key"), since=START, until=END, rules=RULES, back={}
)
POST = post_line(SamplePost(0, 30, 80, 300), Habits(0, 0))
LINES = [HEADER, *hours(), AnnouncedLine(paper=PAPER, announced_at=START + 1), POST, ComparisonEnd()]


def read_lines(lines: Iterable[bytes]) -> CollectorFacts:
    return read_facts(decode_file(lines, "theirs.jsonl"), "theirs.jsonl")


def changed_line(line: bytes, **fields: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(line) | fields) + b"\n"


def test_what_was_written_is_read() -> None:
    facts = read_lines(map(encode_line, LINES))
    assert facts.header == HEADER and facts.posts == {POST.post: POST}
    assert facts.announced == {PAPER: START + 1} and facts.posts_by_paper == {PAPER: [POST.post]}


ENCODED = [encode_line(line) for line in LINES]
WRONG_POSTS = {
    "not an object": b"[]\n",
    "not JSON": b"{nonsense\n",
    "not UTF-8": b'{"kind":"post","post":"\xff"}\n',
    "nested too deep": b"[" * 100_000 + b"\n",
    "of no kind": b'{"kind":"poem"}\n',
    "with a word": changed_line(ENCODED[-2], words="so they said"),
    "a key instead of a mark": changed_line(ENCODED[-2], post="mastodon:1"),
    "a negative count": changed_line(ENCODED[-2], readings=[[1, 0, -5]]),
    "a huge count": changed_line(ENCODED[-2], readings=[[1, 0, 2**53]]),
    "a moment that is no number": changed_line(ENCODED[-2], created_at="yesterday"),
    "backwards": changed_line(ENCODED[-2], readings=[[2, 0, 5], [1, 0, 4]]),
    "never seen": changed_line(ENCODED[-2], seen=[]),
    "a paper twice": changed_line(ENCODED[-2], papers=[[PAPER, 1, "abs"], [PAPER, 2, "abs"]]),
    "no paper of arXiv": changed_line(ENCODED[-2], papers=[["arxiv:<script>", 1, "abs"]]),
    "no name of a network": changed_line(ENCODED[-2], network="\u202enodotsam"),
    "another voice of the same account": changed_line(ENCODED[-2], post=mark("post", 7), voice=mark("voice", 7)),
    "a voice of no account": changed_line(ENCODED[-2], post=mark("post", 7), account=""),
    "a second header": ENCODED[0],
    "coverage that ends before it begins": changed_line(ENCODED[1], until_at=START - 1),
    "the same paper again": ENCODED[-3],
}


@pytest.mark.parametrize("flaw", WRONG_POSTS)
def test_a_wrong_line_is_named(flaw: str) -> None:
    lines = [*ENCODED[:-1], WRONG_POSTS[flaw], ENCODED[-1]]
    with pytest.raises(InputError) as error:
        read_lines(lines)
    assert error.value.file == "theirs.jsonl" and error.value.line == len(lines) - 1
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("format", "poetry", "not a comparison file"), ("version", 2, "version 2"), ("until", START, "ends before"),
     ("check", "", "regex"), ("rules", {"Rule of Thumb": 1}, "regex")],
)  # fmt: skip
def test_a_wrong_header_is_named(field: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_lines([changed_line(ENCODED[0], **{field: value}), *ENCODED[1:]])
    assert error.value.line == 1


def test_a_file_without_its_first_or_last_line() -> None:
    for lines in ([], ENCODED[1:], ENCODED[:-1], [*ENCODED, ENCODED[-2]]):
        with pytest.raises(InputError):
            read_lines(lines)


def test_files_that_are_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "MAX_LINE_BYTES", 100)
    with pytest.raises(InputError, match="longer than 100 bytes"):
        read_lines(ENCODED)
    monkeypatch.undo()
    monkeypatch.setattr(facts_module, "MAX_LINES", 10)
    with pytest.raises(InputError, match="more than 10 lines") as error:
        read_lines(ENCODED)
    assert error.value.line == 11


@given(st.integers(0, len(ENCODED) - 1), st.data())
def test_any_damaged_file_is_read_or_refused(number: int, data: st.DataObject) -> None:
    line = bytearray(ENCODED[number])
    line[data.draw(st.integers(0, len(line) - 2))] = data.draw(st.integers(0, 255))
    try:
        read_lines([*ENCODED[:number], bytes(line), *ENCODED[number + 1 :]])
    except InputError as error:
        assert error.line is not None


# ---- keys and marks ----------------------------------------------------------------------------------------


def test_a_key_is_private(tmp_path: Path) -> None:
    file, key = tmp_path / "shared.key", random_key()
    write_key(file, key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_key(file).check == SharedKey(key).check
    file.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        read_key(file)


@pytest.mark.parametrize("text", ["", "secret", "00" * 31, "00" * 33, "zz" * 32, "\u00e9" * 64])
def test_an_invalid_key(text: str, tmp_path: Path) -> None:
    file = tmp_path / "shared.key"
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    with pytest.raises(InputError, match="not a key"):
        read_key(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_key(tmp_path / "nowhere")


def test_marks_depend_on_the_key_and_on_nothing_else() -> None:
    key, other_key = SharedKey(b"1" * 32), SharedKey(b"2" * 32)
    assert key.of_key("x:1") == SharedKey(b"1" * 32).of_key("x:1") != other_key.of_key("x:1")
    assert key.of_key("x:1") != key.of_key("x:2") and key.check != other_key.check
    assert key.of_key("") == "" and key.of_key("x:~00ff").startswith("~")
    assert key.of_text("The same words, twice, in two places", 5) == key.of_text(
        "the SAME words twice in two places!", 9
    )
    assert key.of_text("short", 0) == "" and key.of_text("", 5).startswith("~")
