"""The formats of archives: a new one gets its line here, and in `hotpapers.cli.archives`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from hotpapers.ingest import queries
from hotpapers.ingest.archives.arxiv import ArxivArchive, ArxivSifter, paper_lines
from hotpapers.ingest.archives.format import ArchiveFormat, ImportTarget
from hotpapers.ingest.archives.framing import ArchiveBlock, Unit, frame_blocks, frames_of, line_blocks, lines_of
from hotpapers.ingest.archives.hackernews import HackerNewsArchive
from hotpapers.ingest.archives.jetstream import FirehoseArchive, JetstreamArchive, frame_events
from hotpapers.ingest.archives.jetstream_sifter import FirehoseSifter, JetstreamSifter, key_in
from hotpapers.ingest.archives.reddit import RedditArchive
from hotpapers.ingest.archives.sifting import LineSifter, Sifter
from hotpapers.ingest.archives.x import XArchive
from hotpapers.model import HOUR
from hotpapers.store import Record


def _by_line(make: Callable[[ImportTarget], ArchiveFormat]) -> Callable[[ImportTarget, Sequence[bytes]], Sifter]:
    return lambda target, known: LineSifter(make(target))


def _jetstream(target: ImportTarget, known: Sequence[bytes]) -> Sifter:
    return JetstreamSifter(target.names, target.now + HOUR, known)


def _firehose(target: ImportTarget, known: Sequence[bytes]) -> Sifter:
    return FirehoseSifter(target.names, target.now + HOUR, known, frame_events)


def _bluesky_keys(record: Record) -> list[bytes]:
    return list(map(key_in, queries.posts_of(record, "bluesky")))


def _no_keys(record: Record) -> list[bytes]:
    return []


class FormatSpec(NamedTuple):
    """A format: what makes it and its sifter, which keys of the record's posts the latter must know, and how its
    content is cut into blocks, and a block into lines or frames."""

    make: Callable[[ImportTarget], ArchiveFormat]
    network: str
    sifter: Callable[[ImportTarget, Sequence[bytes]], Sifter]
    known: Callable[[Record], list[bytes]] = _no_keys
    blocks: Callable[[BinaryIO, int], Iterator[ArchiveBlock]] = line_blocks
    units: Callable[[bytes], Iterable[Unit]] = lines_of


FORMATS = {
    "arxiv": FormatSpec(ArxivArchive, "arxiv", lambda target, known: ArxivSifter(), units=paper_lines),
    "jetstream": FormatSpec(JetstreamArchive, "bluesky", _jetstream, _bluesky_keys),
    "firehose": FormatSpec(FirehoseArchive, "bluesky", _firehose, _bluesky_keys, frame_blocks, frames_of),
    "hackernews": FormatSpec(HackerNewsArchive, "hackernews", _by_line(HackerNewsArchive)),
    "reddit": FormatSpec(RedditArchive, "reddit", _by_line(RedditArchive)),
    "x": FormatSpec(XArchive, "x", _by_line(XArchive)),
}
