"""arXiv's metadata snapshot: one paper per line.

The expensive parts, TeX characters and author names, are handled where blocks are filtered. A readable line leaves the
filter as a finished paper with a prefix byte, which is stripped from lines that begin with it in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.ids import arxiv, timestamps
from hotpapers.base.model import DAY, Item, Paper, RawPayload
from hotpapers.collect.pipeline import SNAPSHOT
from hotpapers.wings.archives import snapshot
from hotpapers.wings.archives.block_filter import FilterResult
from hotpapers.wings.archives.format import FIRST_PAPER, UNREADABLE, ArchiveFormat
from hotpapers.wings.archives.framing import Unit, lines_of

READ = b"\x00"
"""The prefix of a finished paper."""
_paper = msgspec.json.Decoder(Paper).decode


class ArxivArchive(ArchiveFormat):
    """Papers. One without a change date, as in others' lists, counts as seen when the file was made."""

    network = "arxiv"

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """The paper on a line."""
        paper = _paper(line[len(READ) :]) if line.startswith(READ) else snapshot.read(line)
        at = paper.observed_at or self._place.seen_at
        if not FIRST_PAPER <= at <= self._place.now + DAY:
            raise InputError(f"{paper.paper}: impossible change date {timestamps.day_of(at)}")
        return [RawPayload(SNAPSHOT, arxiv.from_key(paper.paper), msgspec.json.encode(paper), min(at, self._place.now))]

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The paper as it was then."""
        return [msgspec.structs.replace(_paper(payload.body), observed_at=payload.at)]


def paper_lines(data: bytes) -> Iterator[Unit]:
    """The lines of a block, stripped of prefix bytes, so that none can pose as a finished paper."""
    for unit in lines_of(data):
        yield unit._replace(content=unit.content.lstrip(READ))


def finished_lines(data: bytes) -> FilterResult:
    """All lines of a block, as finished papers if they are readable."""
    units = [unit._replace(content=_finished(unit.content)) for unit in paper_lines(data)]
    return FilterResult(len(units), units)


def _finished(line: bytes) -> bytes:
    try:
        return READ + msgspec.json.encode(snapshot.read(line))
    except UNREADABLE:
        return line
