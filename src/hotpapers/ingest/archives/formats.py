"""The archive formats. A new one needs a line here and in `hotpapers.cli.archives`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, NamedTuple

from hotpapers.ingest.archives.arxiv import ArxivArchive, ArxivBlockFilter, paper_lines
from hotpapers.ingest.archives.block_filter import BlockFilter, LineBlockFilter
from hotpapers.ingest.archives.car import CarArchive, CarBlockFilter, car_blocks
from hotpapers.ingest.archives.eventdata import EventDataArchive, EventDataBlockFilter
from hotpapers.ingest.archives.format import ArchiveFormat, ImportTarget
from hotpapers.ingest.archives.framing import (
    ArchiveBlock,
    ArchiveContent,
    LineContent,
    Unit,
    frame_blocks,
    line_blocks,
    lines_of,
)
from hotpapers.ingest.archives.hackernews import COLUMNS, HackerNewsArchive
from hotpapers.ingest.archives.jetstream import FirehoseArchive, JetstreamArchive
from hotpapers.ingest.archives.jetstream_filter import EventBlockFilter, FirehoseBlockFilter, JetstreamBlockFilter
from hotpapers.ingest.archives.reddit import RedditArchive
from hotpapers.ingest.archives.table import is_table, table_content
from hotpapers.ingest.archives.x import XArchive
from hotpapers.model import HOUR


def _by_line(make: Callable[[ImportTarget], ArchiveFormat]) -> Callable[[ImportTarget], BlockFilter]:
    return lambda target: LineBlockFilter(make(target))


def _by_event(block_filter: type[JetstreamBlockFilter]) -> Callable[[ImportTarget], EventBlockFilter]:
    return lambda target: block_filter(target.names, target.now + HOUR)


def _eventdata(target: ImportTarget) -> BlockFilter:
    return EventDataBlockFilter(EventDataArchive(target))


def _hackernews(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return table_content(stream, COLUMNS) if is_table(stream) else _lines(stream)


def _lines(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return nullcontext(LineContent(stream))


class LineSpec(NamedTuple):
    """A format in which a line's relevance depends on the line alone: how to make it and its filter, what a stream
    contains, and how to split a block into lines. `network`: empty if lines may be of several."""

    make: Callable[[ImportTarget], ArchiveFormat]
    network: str
    block_filter: Callable[[ImportTarget], BlockFilter]
    content: Callable[[BinaryIO], AbstractContextManager[ArchiveContent]] = _lines
    units: Callable[[bytes], Iterable[Unit]] = lines_of


class EventSpec(NamedTuple):
    """A format of events, whose relevance depends on earlier events in any file: files are read in two passes, and
    events are stored in order of time. `in_lines`: files can be split anywhere."""

    make: Callable[[ImportTarget], JetstreamArchive]
    network: str
    block_filter: Callable[[ImportTarget], EventBlockFilter]
    blocks: Callable[[BinaryIO, int], Iterator[ArchiveBlock]] = line_blocks
    in_lines: bool = True


LINES = {
    "arxiv": LineSpec(ArxivArchive, "arxiv", lambda target: ArxivBlockFilter(), units=paper_lines),
    "eventdata": LineSpec(EventDataArchive, "", _eventdata),
    "hackernews": LineSpec(HackerNewsArchive, "hackernews", _by_line(HackerNewsArchive), _hackernews),
    "reddit": LineSpec(RedditArchive, "reddit", _by_line(RedditArchive)),
    "x": LineSpec(XArchive, "x", _by_line(XArchive)),
}
EVENTS = {
    "jetstream": EventSpec(JetstreamArchive, "bluesky", _by_event(JetstreamBlockFilter)),
    "firehose": EventSpec(FirehoseArchive, "bluesky", _by_event(FirehoseBlockFilter), frame_blocks, in_lines=False),
    "car": EventSpec(CarArchive, "bluesky", _by_event(CarBlockFilter), car_blocks, in_lines=False),
}
FORMATS: dict[str, LineSpec | EventSpec] = LINES | EVENTS
