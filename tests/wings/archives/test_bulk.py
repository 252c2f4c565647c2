"""The scanner of whole files gives what `find` gives, line by line and as one text."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotpapers.base.papers.mentions import PaperMention, find
from hotpapers.base.text import unescaping
from hotpapers.wings.archives import bulk
from tests.base.papers.test_arxiv_id import IDS, VERSIONS, written
from tests.base.papers.test_mentions import FORMS, HOSTILE, LINES, SWALLOWING, TEXTS, proofpoint


def expected_in(content: bytes) -> list[PaperMention]:
    """The mentions that `find` returns, with each place counted in bytes from the beginning."""
    whole = content.decode("utf-8", "surrogateescape")

    def place(position: int) -> int:
        return len(whole[:position].encode("utf-8", "surrogateescape"))

    return [mention._replace(start=place(mention.start), end=place(mention.end)) for mention in find(whole)]


def check_scanner(content: bytes, block: int = 1) -> None:
    mentions = list(bulk.find_in_file(io.BytesIO(content), block))
    assert mentions == expected_in(content)
    by_line = [mention for line in content.split(b"\n") for mention in find(line.decode("utf-8", "replace"))]
    assert [(m.id, m.version, m.form) for m in mentions] == [(m.id, m.version, m.form) for m in by_line]


def test_what_is_labelled() -> None:
    for text in TEXTS:
        check_scanner(text.encode())
    check_scanner("\n".join(TEXTS).encode())


@given(LINES, st.binary(max_size=3))
@example(["https://arxiv.org/abs/2101.04869B", "https://arxiv.org/abs/2101.04869V2", "arxiv.org/abs/2101.04869."], b"")
@settings(max_examples=400)
def test_it_agrees_with_find(lines: list[str], broken: bytes) -> None:
    content = broken.join(line.encode("utf-8", "surrogatepass") + b"\n" for line in lines)
    check_scanner(content)


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=6), st.integers(0, 9000), st.sampled_from("a é漢"))
@settings(max_examples=60)
def test_lines_longer_than_a_block(texts: list[str], width: int, filler: str) -> None:
    gap = f" {filler * width} "
    check_scanner((gap.join(text.replace("\n", " ") for text in texts) + "\nthen arXiv:2101.04869\n").encode())


@pytest.mark.parametrize("shift", range(0, 2 * bulk.MARGIN, 61))
def test_a_mention_where_a_long_line_is_cut(shift: int) -> None:
    text = "é " * (3 * bulk.MARGIN - shift) + "https://arxiv.org/abs/2101.04869v3 " + "ü" * 5000
    check_scanner(text.encode())


@pytest.mark.parametrize("split", range(1, 60))
def test_a_needle_across_blocks(split: int) -> None:
    size = 4 * bulk.MARGIN
    line = b"on https://arxiv.org/abs/2101.04869 today\n"
    check_scanner(b"x" * (size - split - 1) + b"\n" + line * 3)


def test_a_stream_that_gives_little_at_a_time() -> None:
    class Slow(io.BytesIO):
        def readinto(self, room: Any) -> int:
            return super().readinto(room[:7])

    content = "\n".join(TEXTS[:200]).encode()
    assert list(bulk.find_in_file(Slow(content))) == expected_in(content)


def test_a_line_without_end_needs_no_more_memory() -> None:
    class Endless(io.RawIOBase):
        """256 MB in one line, generated while it is read; a mention after every 16 MB."""

        def __init__(self) -> None:
            self.left, self.largest = 16, 0
            self.piece = memoryview(b"lorem ipsum, " * 1_300_000 + b"arXiv:2101.04869 ")
            self.at = 0

        def readinto(self, room: Any) -> int:
            if self.at == len(self.piece):
                self.left, self.at = self.left - 1, 0
            if not self.left:
                return 0
            part = self.piece[self.at : self.at + len(room)]
            room[: len(part)] = part
            self.at += len(part)
            self.largest = max(self.largest, len(room))
            return len(part)

    stream: Any = Endless()
    mentions = list(bulk.find_in_file(stream, 1 << 20))
    assert [mention.start for mention in mentions] == [n * 16_900_017 + 16_900_000 for n in range(16)]
    assert stream.largest <= 1 << 20


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_lines_in_bulk(unit: str) -> None:
    check_scanner((unit * (6_000 // len(unit)) + "\n").encode())


@pytest.mark.parametrize("character", unescaping.INVISIBLE)
@pytest.mark.parametrize("text", ["https://arxiv.org/abs/2101.04869", "arXiv:2101.04869", "hf.co/papers/2101.04869"])
def test_an_invisible_character_at_any_place(text: str, character: str) -> None:
    for parted in [*(text[:n] + character + text[n:] for n in range(1, len(text))), character.join(text)]:
        check_scanner(parted.encode())


def test_an_escape_that_swallows_a_needle() -> None:
    for text in SWALLOWING:
        check_scanner(text.encode())


@given(IDS, VERSIONS, st.sampled_from([form for form in FORMS if form[0].startswith("http")]))
def test_links_that_mail_filters_rewrote(id: str, version: int | None, form: tuple[str, str]) -> None:
    check_scanner(proofpoint(form[0].format(written(id, version))).encode())
