"""The formats of archives: a new one gets its line here, and in `hotpapers.cli.archives`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, NamedTuple

from hotpapers.ingest import queries
from hotpapers.ingest.archives.arxiv import ArxivArchive, ArxivSifter, paper_lines
from hotpapers.ingest.archives.car import CarArchive, car_content, record_events
from hotpapers.ingest.archives.eventdata import EventDataArchive, EventDataSifter
from hotpapers.ingest.archives.format import ArchiveFormat, ImportTarget
from hotpapers.ingest.archives.framing import (
    ArchiveContent,
    StreamContent,
    Unit,
    frame_blocks,
    frames_of,
    line_blocks,
    lines_of,
)
from hotpapers.ingest.archives.hackernews import COLUMNS, HackerNewsArchive
from hotpapers.ingest.archives.jetstream import FirehoseArchive, JetstreamArchive, frame_events
from hotpapers.ingest.archives.jetstream_sifter import FirehoseSifter, JetstreamSifter, key_in
from hotpapers.ingest.archives.reddit import RedditArchive
from hotpapers.ingest.archives.sifting import LineSifter, Sifter
from hotpapers.ingest.archives.table import is_table, table_content
from hotpapers.ingest.archives.x import XArchive
from hotpapers.model import HOUR
from hotpapers.store import Record


def _by_line(make: Callable[[ImportTarget], ArchiveFormat]) -> Callable[[ImportTarget, Sequence[bytes]], Sifter]:
    return lambda target, known: LineSifter(make(target))


def _jetstream(target: ImportTarget, known: Sequence[bytes]) -> Sifter:
    return JetstreamSifter(target.names, target.now + HOUR, known)


def _firehose(target: ImportTarget, known: Sequence[bytes]) -> Sifter:
    return FirehoseSifter(target.names, target.now + HOUR, known, frame_events)


def _car(target: ImportTarget, known: Sequence[bytes]) -> Sifter:
    return FirehoseSifter(target.names, target.now + HOUR, known, record_events)


def _eventdata(target: ImportTarget, known: Sequence[bytes]) -> Sifter:
    return EventDataSifter(EventDataArchive(target))


def _bluesky_keys(record: Record) -> list[bytes]:
    return list(map(key_in, queries.posts_of(record, "bluesky")))


def _no_keys(record: Record) -> list[bytes]:
    return []


def _hackernews(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return table_content(stream, COLUMNS) if is_table(stream) else _lines(stream)


def _lines(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return nullcontext(StreamContent(stream, line_blocks))


def _frames(stream: BinaryIO) -> AbstractContextManager[ArchiveContent]:
    return nullcontext(StreamContent(stream, frame_blocks))


class FormatSpec(NamedTuple):
    """A format: what makes it and its sifter, which keys of the record's posts the latter must know, what a
    stream holds, and how a block of it is cut into lines or frames. `network`: empty where lines are of several."""

    make: Callable[[ImportTarget], ArchiveFormat]
    network: str
    sifter: Callable[[ImportTarget, Sequence[bytes]], Sifter]
    known: Callable[[Record], list[bytes]] = _no_keys
    content: Callable[[BinaryIO], AbstractContextManager[ArchiveContent]] = _lines
    units: Callable[[bytes], Iterable[Unit]] = lines_of


FORMATS = {
    "arxiv": FormatSpec(ArxivArchive, "arxiv", lambda target, known: ArxivSifter(), units=paper_lines),
    "jetstream": FormatSpec(JetstreamArchive, "bluesky", _jetstream, _bluesky_keys),
    "firehose": FormatSpec(FirehoseArchive, "bluesky", _firehose, _bluesky_keys, _frames, frames_of),
    "car": FormatSpec(CarArchive, "bluesky", _car, _bluesky_keys, car_content, frames_of),
    "eventdata": FormatSpec(EventDataArchive, "", _eventdata),
    "hackernews": FormatSpec(HackerNewsArchive, "hackernews", _by_line(HackerNewsArchive), content=_hackernews),
    "reddit": FormatSpec(RedditArchive, "reddit", _by_line(RedditArchive)),
    "x": FormatSpec(XArchive, "x", _by_line(XArchive)),
}
