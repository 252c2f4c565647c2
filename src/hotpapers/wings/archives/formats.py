"""The archive formats. A new one needs a line here, in `wing` and in `cli`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

from hotpapers.keep.transfer.packed import ChunkStream
from hotpapers.wings.archives import repository
from hotpapers.wings.archives.arxiv import ArxivArchive
from hotpapers.wings.archives.event_stamps import COLLECTIONS
from hotpapers.wings.archives.format import FIRST, ArchiveFormat
from hotpapers.wings.archives.framing import ArchiveBlock, line_blocks
from hotpapers.wings.archives.hackernews import HackerNewsArchive
from hotpapers.wings.archives.jetstream import CarArchive, JetstreamArchive
from hotpapers.wings.archives.reddit import RedditArchive
from hotpapers.wings.archives.x import XArchive


class EventSpec(NamedTuple):
    """A format of Bluesky's events, whose relevance depends on earlier events in any file: files are read in two
    passes, and events are stored in order of time. `convert`: gives a stream's events as lines of Jetstream's JSON;
    without it, the stream has these lines, and can be split anywhere."""

    make: type[JetstreamArchive] = JetstreamArchive
    convert: Callable[[BinaryIO], Iterator[bytes]] | None = None

    def blocks(self, stream: BinaryIO) -> Iterator[ArchiveBlock]:
        """The lines of a stream. Raises InputError after yielding what could be read."""
        return line_blocks(ChunkStream.buffered(self.convert(stream)) if self.convert else stream)


LINES: dict[str, type[ArchiveFormat]] = {
    "arxiv": ArxivArchive,
    "hackernews": HackerNewsArchive,
    "reddit": RedditArchive,
    "x": XArchive,
}
"""The formats in which a line's relevance depends on the line alone."""
EVENTS = {
    "jetstream": EventSpec(),
    "car": EventSpec(CarArchive, partial(repository.event_lines, collections=COLLECTIONS, oldest=FIRST)),
}
