"""Archives of events split over any files in any order: the record matches that of the live reader and of a simple
model."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from hotpapers.cli import archives as command
from hotpapers.errors import InputError, NetError
from hotpapers.ids.mentions.paper_index import NO_NAMES
from hotpapers.ingest.archives import ArchiveImporter, event_import, framing, parts, spill
from hotpapers.ingest.change_filter import TrackedPosts
from hotpapers.ingest.collect_job import CollectJob, Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext
from hotpapers.model import Post, Reaction, Response
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.store import Record
from hotpapers.terms import TERMS
from tests.ingest import event_worlds
from tests.ingest.archives_made import NOW, exported, file, take
from tests.ingest.event_worlds import Event, Model, world
from tests.sources import bluesky_events as made

Pack = Callable[[bytes], bytes]


def frames(content: bytes) -> bytes:
    """Zstandard in many frames, cut anywhere."""
    pieces = (content[at : at + 700] for at in range(0, len(content), 700))
    return b"".join(map(zstandard.ZstdCompressor().compress, pieces)) or zstandard.compress(b"")


PACKS: Sequence[Pack] = (bytes, frames, zstandard.compress, gzip.compress)


def files_of(folder: Path, dice: random.Random, events: Sequence[Event]) -> list[str]:
    """Files that contain the events, some of them more than once, with files and lines in random order."""
    count = dice.randrange(1, 6)
    lines = [[event.line() for event in events if dice.random() < 1 / count] for _ in range(count - 1)]
    rest = {event.line() for event in events} - {line for some in lines for line in some}
    files = []
    for number, some in enumerate((*lines, sorted(rest))):
        dice.shuffle(some)
        path = folder / f"{number}.jsonl"
        path.write_bytes(dice.choice(PACKS)(b"".join(some)))
        files.append(str(path))
    dice.shuffle(files)
    return files


def imported(record: Record, files: Sequence[str], workers: int = 1) -> None:
    """Imports files as the command does."""
    given = [command.file_of(command.ArchiveInput(file), None, int) for file in files]
    importer = ArchiveImporter(record, "jetstream", given, TERMS["bluesky"], NOW, workers, record.database.where)
    assert not any(isinstance(result, InputError) for result in importer.results())


def words(record: Record) -> set[tuple[int, str, str, str, bool]]:
    """The reactions in the record."""
    lines = (msgspec.json.decode(line) for line in exported(record).splitlines())
    return {
        (line["observed_at"], line["post"][8:], line["account"][8:], line["type"], line.get("withdrawn", False))
        for line in lines if line["kind"] == "reaction"
    }  # fmt: skip


def gone(record: Record) -> set[tuple[int, str]]:
    """The posts that the record says are gone, and since when."""
    return {
        (row.item.observed_at, row.item.post[8:])
        for row in record.view().latest(Post) if isinstance(row.item, Post) and row.item.gone
    }  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[random.Random], None]:
    """Makes blocks, parts, batches and sorted chunks so small that there are many."""

    def set_sizes(dice: random.Random) -> None:
        monkeypatch.setattr(framing, "BLOCK", dice.choice([300, 2_000, 10**6]))
        monkeypatch.setattr(parts, "PART", dice.choice([300, 3_000]))
        monkeypatch.setattr(parts, "PLAIN_PART", dice.choice([500, 5_000]))
        monkeypatch.setattr(spill, "MOST_WAITING", dice.choice([1_000, 5_000, 10**6]))
        monkeypatch.setattr(spill, "MOST_OPEN", dice.choice([2, 3, 64]))
        monkeypatch.setattr(event_import, "MOST_SEEN", dice.choice([3, 20, 5_000]))

    return set_sizes


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_files_and_their_order_the_record_is_the_same(
    record: Record, other: Record, tmp_path: Path, seed: int, small: Callable[[random.Random], None]
) -> None:
    dice, events = random.Random(seed), world(seed)
    model = Model().read(events)
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(b"".join(event.line() for event in events))
    imported(other, [str(whole)])
    small(dice)
    imported(record, files_of(tmp_path, dice, events), 2 if seed % 10 == 3 else 1)
    assert words(record) == model.words and gone(record) == model.gone
    assert exported(record) == exported(other)


@pytest.mark.long
def test_the_worlds_have_what_is_hard() -> None:
    """Reactions before their posts, withdrawals of uncounted reactions, posts that name papers only later."""
    events = [event for seed in range(40) for event in world(seed)]
    words = [word for seed in range(40) for word in Model().read(world(seed)).words]
    assert sum(word[4] for word in words) > 100 and len(words) > 500
    assert sum(event.operation == "update" and event.paper > 0 for event in events) > 100
    assert any(Model().read(world(seed)).gone for seed in range(40))


@pytest.mark.parametrize("seed", range(6))
def test_again_in_other_files_changes_nothing(record: Record, tmp_path: Path, seed: int) -> None:
    dice, events = random.Random(seed), world(seed)
    imported(record, files_of(tmp_path, dice, events))
    before, position = exported(record), record.head.position
    imported(record, files_of(tmp_path, dice, events))
    assert (exported(record), record.head.position) == (before, position)


# ---- the live reader ---------------------------------------------------------------------------------------


class Live:
    """A network that sends each event when it happens, then falls silent."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events, self._now = events, events[0].at

    def messages(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        for event in self._events:
            self._now = event.at
            yield event.line()
        self._now += 3_600 * event_worlds.SECOND
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


def collected(store: str, events: Sequence[Event]) -> None:
    """Collects the events as `hotpapers collect` does."""
    http = Live(events)
    settings = BlueskySettings(mode="stream", silence=0, jetstream=("wss://stream.example",))
    with Leases(partial(Record, store), "test") as leases, Record(store) as record:
        known = TrackedPosts(record, "bluesky", http.now())
        job = CollectJob(BlueskySource(settings, known, NO_NAMES), Connection(http), known, TERMS["bluesky"])
        work = JobContext(record, job.name, Clock(http.now, http.sleep), leases)
        leases.take(record, job.name)
        with suppress(NetError):
            job.run_once(work, once=False)


def observed(record: Record) -> list[bytes]:
    """All observations except coverage."""
    return sorted(
        line for line in exported(record).splitlines() if b'"observed_at"' in line and b'"coverage"' not in line
    )


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 7, 8, 9, 11, 12, 13, 14])
def test_the_record_is_that_of_the_live_reader(record: Record, tmp_path: Path, seed: int) -> None:
    """Only for worlds that end before the live reader would forget a post."""
    dice, events = random.Random(seed), world(seed)
    assert events[-1].at < event_worlds.START + 10**11
    imported(record, files_of(tmp_path, dice, events))
    collected(str(tmp_path / "live.db"), events)
    with Record(str(tmp_path / "live.db")) as live:
        assert observed(record) == observed(live)
        assert live.count(Reaction) > 0


def test_frames_of_the_relay_come_in_any_order_too(record: Record, other: Record) -> None:
    """Frames of the same moment are ordered by the relay's sequence numbers."""
    at, when = 1_783_036_800_000_000, "2026-07-03T00:00:00.000Z"
    uri, path = made.at_uri(made.ANNA, at), "app.bsky.feed.like/3aaaaaaaaaa2b"
    paper = made.commit_frame(
        made.ANNA, f"app.bsky.feed.post/{made.tid(at)}", made.post("arxiv.org/abs/2606.01000"), 1, when
    )
    liked = made.commit_frame(made.BERT, path, {"subject": {"cid": "bafyrei", "uri": uri}}, 2, when)
    unliked = made.commit_frame(made.BERT, path, None, 3, "2026-07-03T00:00:01.000Z")
    frames_ = [len(frame).to_bytes(4, "little") + frame for frame in (paper, liked, unliked)]
    take(record, "firehose", file(b"".join(frames_)))
    take(other, "firehose", file(frames_[2] + frames_[1]), file(frames_[0]))
    assert exported(record) == exported(other) and len(words(record)) == 2
