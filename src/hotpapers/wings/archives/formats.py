"""The archive formats. A new one needs a line here, in `wing` and in `cli`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, NamedTuple

from hotpapers.base.model import HOUR
from hotpapers.wings.archives.arxiv import ArxivArchive, ArxivBlockFilter, paper_lines
from hotpapers.wings.archives.block_filter import BlockFilter, LineBlockFilter
from hotpapers.wings.archives.car import CarArchive, CarBlockFilter, car_blocks
from hotpapers.wings.archives.format import ArchiveFormat, ImportTarget
from hotpapers.wings.archives.framing import (
    ArchiveBlock,
    ArchiveContent,
    LineContent,
    Unit,
    frame_blocks,
    line_blocks,
    lines_of,
)
from hotpapers.wings.archives.hackernews import COLUMNS, HackerNewsArchive
from hotpapers.wings.archives.jetstream import FirehoseArchive, JetstreamArchive
from hotpapers.wings.archives.jetstream_filter import EventBlockFilter, FirehoseBlockFilter, JetstreamBlockFilter
from hotpapers.wings.archives.reddit import RedditArchive
from hotpapers.wings.archives.table import is_table, table_content
from hotpapers.wings.archives.x import XArchive


def _by_line(make: Callable[[ImportTarget], ArchiveFormat]) -> Callable[[ImportTarget], BlockFilter]:
    return lambda target: LineBlockFilter(make(target))


def _by_event(block_filter: type[JetstreamBlockFilter]) -> Callable[[ImportTarget], EventBlockFilter]:
    return lambda target: block_filter(target.names, target.now + HOUR)


def _hackernews(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return table_content(stream, COLUMNS) if is_table(stream) else _lines(stream)


def _lines(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return nullcontext(LineContent(stream))


class LineSpec(NamedTuple):
    """A format in which a line's relevance depends on the line alone: how to make it and its filter, what a stream
    contains, and how to split a block into lines."""

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
