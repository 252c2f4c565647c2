"""The archive formats. A new one needs a line here, in `wing` and in `cli`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

from hotpapers.keep.transfer.packed import ChunkStream
from hotpapers.wings.archives import firehose, repository
from hotpapers.wings.archives.arxiv import ArxivArchive, finished_lines, paper_lines
from hotpapers.wings.archives.block_filter import BlockFilter, line_filter
from hotpapers.wings.archives.car import CarArchive
from hotpapers.wings.archives.event_stamps import COLLECTIONS
from hotpapers.wings.archives.format import FIRST, ArchiveFormat, ImportTarget
from hotpapers.wings.archives.framing import ArchiveBlock, Unit, line_blocks, lines_of
from hotpapers.wings.archives.hackernews import HackerNewsArchive
from hotpapers.wings.archives.jetstream import JetstreamArchive
from hotpapers.wings.archives.reddit import RedditArchive
from hotpapers.wings.archives.x import XArchive


class LineSpec(NamedTuple):
    """A format in which a line's relevance depends on the line alone: how to make it, its filter, if that is not made
    of it, and how to split a block into lines."""

    make: Callable[[ImportTarget], ArchiveFormat]
    own_filter: BlockFilter | None = None
    units: Callable[[bytes], Iterable[Unit]] = lines_of

    def block_filter(self, target: ImportTarget) -> BlockFilter:
        """The lines of a block that may be relevant."""
        return self.own_filter or line_filter(self.make(target))


class EventSpec(NamedTuple):
    """A format of Bluesky's events, whose relevance depends on earlier events in any file: files are read in two
    passes, and events are stored in order of time. `convert`: gives a stream's events as lines of Jetstream's JSON;
    without it, the stream has these lines, and can be split anywhere."""

    make: Callable[[ImportTarget], JetstreamArchive] = JetstreamArchive
    convert: Callable[[BinaryIO], Iterator[bytes]] | None = None

    def blocks(self, stream: BinaryIO) -> Iterator[ArchiveBlock]:
        """The lines of a stream. Raises InputError after yielding what could be read."""
        return line_blocks(ChunkStream.buffered(self.convert(stream)) if self.convert else stream)


LINES = {
    "arxiv": LineSpec(ArxivArchive, finished_lines, paper_lines),
    "hackernews": LineSpec(HackerNewsArchive),
    "reddit": LineSpec(RedditArchive),
    "x": LineSpec(XArchive),
}
EVENTS = {
    "jetstream": EventSpec(),
    "firehose": EventSpec(convert=partial(firehose.event_lines, collections=COLLECTIONS)),
    "car": EventSpec(CarArchive, partial(repository.event_lines, collections=COLLECTIONS, oldest=FIRST)),
}
FORMATS: dict[str, LineSpec | EventSpec] = LINES | EVENTS
