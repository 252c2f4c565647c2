"""Archives of events split over any files in any order: the record matches that of the live reader and of a simple
model."""

from __future__ import annotations

import gzip
import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from hotpapers.base.errors import InputError, NetError
from hotpapers.base.model import Post, Reaction, Response
from hotpapers.base.network_terms import TERMS
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext
from hotpapers.record import Record
from hotpapers.wings.archives import batch, framing, parts
from hotpapers.wings.archives.cli import commands as command
from hotpapers.wings.archives.file_import import import_archives
from hotpapers.wings.archives.workers import Workers
from tests.wings.archives import random_events
from tests.wings.archives.archive_helpers import NOW, export_lines
from tests.wings.archives.random_events import Event, ExpectedRecord, make_events

Compressor = Callable[[bytes], bytes]


def compress_frames(content: bytes) -> bytes:
    """Zstandard in many frames, cut anywhere."""
    pieces = (content[at : at + 700] for at in range(0, len(content), 700))
    return b"".join(map(zstandard.ZstdCompressor().compress, pieces)) or zstandard.compress(b"")


def compress_like_pzstd(content: bytes) -> bytes:
    """The same as `pzstd` writes it: before each frame, a skippable one with its size."""
    frames = (zstandard.compress(content[at : at + 700]) for at in range(0, len(content), 700))
    return b"".join(struct.pack("<III", 0x184D2A50, 4, len(frame)) + frame for frame in frames)


COMPRESSORS: Sequence[Compressor] = (bytes, compress_frames, compress_like_pzstd, zstandard.compress, gzip.compress)


def files_of(folder: Path, rng: random.Random, events: Sequence[Event]) -> list[str]:
    """Files that contain the events, some of them more than once, with files and lines in random order."""
    count = rng.randrange(1, 6)
    lines = [[event.line() for event in events if rng.random() < 1 / count] for _ in range(count - 1)]
    rest = {event.line() for event in events} - {line for file_lines in lines for line in file_lines}
    files = []
    for number, file_lines in enumerate((*lines, sorted(rest))):
        rng.shuffle(file_lines)
        path = folder / f"{number}.jsonl"
        path.write_bytes(rng.choice(COMPRESSORS)(b"".join(file_lines)))
        files.append(str(path))
    rng.shuffle(files)
    return files


def import_paths(record: Record, files: Sequence[str], workers: int = 1) -> None:
    """Imports files as the command does."""
    archive_files = [command.file_of(file, None, int) for file in files]
    with Workers(workers) if workers > 1 else nullcontext() as pool:
        importer = import_archives(record, "jetstream", archive_files, TERMS["bluesky"], NOW, pool=pool)
        assert not any(isinstance(result, InputError) for result in importer)


def reactions_in(record: Record) -> set[tuple[int, str, str, str, bool]]:
    """The reactions in the record."""
    lines = (msgspec.json.decode(line) for line in export_lines(record).splitlines())
    return {
        (line["observed_at"], line["post"][8:], line["account"][8:], line["type"], line.get("withdrawn", False))
        for line in lines if line["kind"] == "reaction"
    }  # fmt: skip


def deletions_in(record: Record) -> set[tuple[int, str]]:
    """The posts that the record says are gone, and since when."""
    return {
        (row.item.observed_at, row.item.post[8:])
        for row in record.view().latest(Post) if row.item.gone
    }  # fmt: skip


@pytest.fixture
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> Callable[[random.Random], None]:
    """Makes blocks, parts and batches so small that there are many."""

    def set_sizes(rng: random.Random) -> None:
        monkeypatch.setattr(framing, "BLOCK", rng.choice([300, 2_000, 10**6]))
        monkeypatch.setattr(parts, "PART", rng.choice([300, 3_000]))
        monkeypatch.setattr(parts, "PLAIN_PART", rng.choice([500, 5_000]))
        monkeypatch.setattr(batch, "MAX_BATCH_FINDINGS", rng.choice([3, 20, 5_000]))

    return set_sizes


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_files_and_their_order_the_record_is_the_same(
    record: Record, other_record: Record, tmp_path: Path, seed: int, small_sizes: Callable[[random.Random], None]
) -> None:
    rng, events = random.Random(seed), make_events(seed)
    expected = ExpectedRecord().read(events)
    file = tmp_path / "whole.jsonl"
    file.write_bytes(b"".join(event.line() for event in events))
    import_paths(other_record, [str(file)])
    small_sizes(rng)
    import_paths(record, files_of(tmp_path, rng, events), 2 if seed % 10 == 3 else 1)
    assert reactions_in(record) == expected.reactions and deletions_in(record) == expected.deletions
    assert export_lines(record) == export_lines(other_record)


@pytest.mark.long
def test_the_worlds_have_what_is_hard() -> None:
    """Reactions before their posts, withdrawals of uncounted reactions, posts that name papers only later."""
    events = [event for seed in range(40) for event in make_events(seed)]
    reactions = [reaction for seed in range(40) for reaction in ExpectedRecord().read(make_events(seed)).reactions]
    assert sum(reaction[4] for reaction in reactions) > 100 and len(reactions) > 500
    assert sum(event.operation == "update" and event.paper > 0 for event in events) > 100
    assert any(ExpectedRecord().read(make_events(seed)).deletions for seed in range(40))


@pytest.mark.parametrize("seed", range(6))
def test_again_in_other_files_changes_nothing(record: Record, tmp_path: Path, seed: int) -> None:
    rng, events = random.Random(seed), make_events(seed)
    import_paths(record, files_of(tmp_path, rng, events))
    export, position = export_lines(record), record.head.position
    import_paths(record, files_of(tmp_path, rng, events))
    assert (export_lines(record), record.head.position) == (export, position)


# ---- the live reader ---------------------------------------------------------------------------------------


class LiveNetwork:
    """A network that sends each event when it happens, then falls silent."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events, self._now = events, events[0].at

    def messages(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        for event in self._events:
            self._now = event.at
            yield event.line()
        self._now += 3_600 * random_events.SECOND
        yield None

    def now(self) -> int:
        return self._now

    def lines(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        raise NotImplementedError

    def get(self, url: str, **_: Any) -> Response:
        raise NotImplementedError

    def post(self, url: str, **_: Any) -> Response:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def collect_live(store: str, events: Sequence[Event]) -> None:
    """Collects the events as `hotpapers collect` does."""
    http = LiveNetwork(events)
    settings = BlueskySettings(mode="stream", silence=0, jetstream=("wss://stream.example",))
    with Leases(partial(Record, store), "test") as leases, Record(store) as record:
        tracked = TrackedPosts(record, "bluesky", http.now())
        source = BlueskySource(settings, tracked, NO_NAMES)
        job = CollectJob(source, Connection(http), tracked, TERMS["bluesky"], names=SharedPaperIndex())
        context = JobContext(record, job.name, Clock(http.now, http.sleep), leases)
        leases.take(record, job.name)
        with suppress(NetError):
            job.run_once(context, once=False)


def observation_lines(record: Record) -> list[bytes]:
    """All observations except coverage."""
    return sorted(
        line for line in export_lines(record).splitlines() if b'"observed_at"' in line and b'"coverage"' not in line
    )


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 7, 8, 9, 11, 12, 13, 14])
def test_the_record_is_that_of_the_live_reader(record: Record, tmp_path: Path, seed: int) -> None:
    """Only for events that end before the live reader would forget a post."""
    rng, events = random.Random(seed), make_events(seed)
    assert events[-1].at < random_events.START + 10**11
    import_paths(record, files_of(tmp_path, rng, events))
    collect_live(str(tmp_path / "live.db"), events)
    with Record(str(tmp_path / "live.db")) as live_record:
        assert observation_lines(record) == observation_lines(live_record)
        assert live_record.count(Reaction) > 0
