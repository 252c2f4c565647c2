"""Archives of a made-up network, imported into a real store, and files that break off where a test wants."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
import pytest
import zstandard

from hotpapers.base.errors import InputError
from hotpapers.base.network_terms import TERMS
from hotpapers.base.networks import Network
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.record import Record
from hotpapers.wings.archives.batch import ArchiveBatch
from hotpapers.wings.archives.cli.commands import NETWORKS
from hotpapers.wings.archives.file_import import import_archives
from hotpapers.wings.archives.imported_file import HEAD, ArchiveFile, ImportedFile
from tests.collect.sources import bluesky_events as bluesky
from tests.conftest import DATA, data

NOW = 1_800_000_000_000_000
"""15 January 2027."""
SEEN_AT = 1_767_225_600_000_000
"""The beginning of 2026: the assumed time of a dump whose lines have no times."""
PAPER_URL = "arxiv.org/abs/2606.0{}"


class ProgramStopped(BaseException):
    """The program was told to stop."""


class InterruptedStream(io.BytesIO):
    """Content that raises ProgramStopped after some lines."""

    def __init__(self, content: bytes, line_limit: int) -> None:
        super().__init__(content)
        self._lines_left = line_limit

    def read1(self, size: int | None = -1, /) -> bytes:
        """Reads one line at a time."""
        self._lines_left -= 1
        if self._lines_left < 0:
            raise ProgramStopped
        return super().readline()


def file(
    content: bytes | Path, name: str = "archive.jsonl", *, seen_at: int = SEEN_AT, line_limit: int | None = None
) -> ArchiveFile:
    """An archive file. `line_limit`: it breaks off after that many lines."""
    content = content.read_bytes() if isinstance(content, Path) else content

    @contextmanager
    def open_stream() -> Iterator[BinaryIO]:
        yield io.BufferedReader(io.BytesIO(content)) if line_limit is None else InterruptedStream(content, line_limit)

    return ArchiveFile(name, open_stream, content[:HEAD], len(content), seen_at, altered=bool, path="", given_at=0)


def import_files(record: Record, kind: str, *files: ArchiveFile, now: int = NOW) -> list[ImportedFile]:
    """The results of files imported together. Raises the error of a refused file."""
    importer = import_archives(record, kind, files, terms_of(kind), now)
    results = list(importer)
    for result in results:
        if isinstance(result, InputError):
            raise result
    return [result for result in results if isinstance(result, ImportedFile)]


def stop_before(patch: pytest.MonkeyPatch, batch: int) -> None:
    """Stops the program before it writes batch number `batch`, from 0."""
    store, batches = ArchiveBatch.store, itertools.count()

    def store_or_stop(archive_batch: ArchiveBatch, cursor: str | None, stored: str) -> None:
        if next(batches) == batch:
            raise ProgramStopped
        store(archive_batch, cursor, stored)

    patch.setattr(ArchiveBatch, "store", store_or_stop)


def comments(count: int, first: int = 0) -> Sequence[bytes]:
    """Made-up comments on Hacker News; one in three names a paper."""
    return [
        b'{"id":%d,"by":"cup","type":"comment","parent":1,"time":%d,"text":"%s"}'
        % (90_000_000 + n, 1_767_300_000 + n, b"weather" if n % 3 else PAPER_URL.format(1000 + n).encode())
        for n in range(first, first + count)
    ]


def terms_of(kind: str) -> Network:
    """The terms of a format's network."""
    return TERMS[NETWORKS[kind]]


def import_one(
    record: Record, kind: str, content: bytes | Path, *, seen_at: int = SEEN_AT, now: int = NOW
) -> ImportedFile:
    """The result of importing one file."""
    [result] = import_files(record, kind, file(content, seen_at=seen_at), now=now)
    return result


def export_lines(record: Record) -> bytes:
    """All observations of a record as JSON lines."""
    return b"".join(exporter.record_lines(record, records_only=True))


def rewrite(file: Path, content: bytes) -> None:
    """Rewrites a file if HOTPAPERS_REWRITE=1 is set."""
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_bytes(content)


def assert_same(name: str, content: bytes) -> None:
    """Compares content with a file in tests/data/archives; HOTPAPERS_REWRITE=1 rewrites the file."""
    rewrite(DATA / "archives" / name, content)
    assert content.decode() == data(f"archives/{name}").read_text("utf-8")


class QuarantineRow(NamedTuple):
    """A payload in quarantine."""

    key: str
    reason: str
    seen_at: int
    keep_until: int


def quarantine_of(record: Record, source: str) -> list[QuarantineRow]:
    """The payloads of a network in quarantine."""
    sql = "SELECT key, reason, seen_at, keep_until FROM quarantine WHERE source = ? ORDER BY id"
    return [QuarantineRow(*row) for row in record.database.rows(sql, (source,))]


def lines(texts: Iterable[bytes]) -> bytes:
    """Joins lines, each with a line end."""
    return b"".join(part + b"\n" for part in texts)


DAY = 86_400_000_000
DAY_START = 1_783_036_800_000_000
"""The beginning of 3 July 2026, in µs UTC."""


def bluesky_day(posts: int = 12, day: int = 0, *, edits: bool = True) -> Sequence[bytes]:
    """A made-up day on Bluesky, some hours long and past midnight: posts that name papers are liked, unliked, edited
    and deleted, among posts that name none."""
    events: list[bytes] = []
    for n in range(posts):
        at = DAY_START + (day - 1) * DAY + 22 * 3_600_000_000 + n * 900_000_000
        uri = bluesky.at_uri(bluesky.ANNA, at)
        paper = PAPER_URL.format(1000 + day * 100 + n)
        events += [
            bluesky.create(bluesky.ANNA, bluesky.post(f"Read {paper}"), time=at),
            bluesky.create(bluesky.BERT, bluesky.post("Nothing but weather"), time=at + 1_000_000),
            bluesky.reaction_event(bluesky.BERT, uri, time=at + 2_000_000),
            bluesky.reaction_event(f"{bluesky.BERT}{n}", uri, kind="repost", time=at + 3_000_000),
            bluesky.reaction_event(bluesky.BERT, bluesky.at_uri(bluesky.BERT, at), time=at + 4_000_000),
        ]
        if n % 3 == 1:  # withdrawn a while later
            key = bluesky.tid(at + 2_000_000 - 900_000_000)
            events.append(_deletion(bluesky.BERT, "app.bsky.feed.like", key, at + 5_000_000))
        if n % 4 == 2:
            events.append(_deletion(bluesky.ANNA, "app.bsky.feed.post", bluesky.tid(at - 900_000_000), at + 6_000_000))
            events.append(
                bluesky.reaction_event(
                    bluesky.BERT, bluesky.at_uri(bluesky.ANNA, at - 900_000_000), time=at + 7_000_000
                )
            )
        if edits and n % 5 == 3:
            events.append(_edit(bluesky.ANNA, bluesky.post("I take it back"), bluesky.tid(at), at + 8_000_000))
        if edits and n % 5 == 4:  # names a paper only later
            events.append(
                _edit(bluesky.BERT, bluesky.post(f"What I meant: {paper}"), bluesky.tid(at + 1_000_000), at + 8_000_000)
            )
            events.append(
                bluesky.reaction_event(bluesky.ANNA, bluesky.at_uri(bluesky.BERT, at + 1_000_000), time=at + 9_000_000)
            )
    return events


def _deletion(did: str, collection: str, rkey: str, time: int) -> bytes:
    return bluesky.create(did, None, collection=collection, rkey=rkey, time=time)


def _edit(did: str, record: dict[str, object], rkey: str, time: int) -> bytes:
    return bluesky.create(did, record, rkey=rkey, time=time).replace(b'"operation": "create"', b'"operation": "update"')


def as_jetstream(line: bytes) -> bytes:
    """A line as Jetstream writes it, without spaces."""
    event = json.loads(line)
    head = {name: event.pop(name) for name in ("did", "time_us", "kind")}
    return msgspec.json.encode(head | event)


def write_archive(folder: Path) -> list[Path]:
    """Three files of Jetstream's events: Zstandard in several frames, gzip in several members, plain."""
    parts = [as_jetstream(line) + b"\n" for day in range(3) for line in bluesky_day(400, day * 20)]
    size = len(parts) // 3
    contents = [b"".join(parts[n * size : (n + 1) * size]) for n in range(3)]
    names = ["a.jsonl.zst", "b.jsonl.gz", "c.jsonl"]
    for name, content in zip(names, contents, strict=True):
        pieces = [content[at : at + 20_001] for at in range(0, len(content), 20_001)]
        compress = {"zst": zstandard.ZstdCompressor().compress, "gz": gzip.compress}.get(name.rpartition(".")[2], bytes)
        (folder / name).write_bytes(b"".join(map(compress, pieces)))
    return [folder / name for name in names]
