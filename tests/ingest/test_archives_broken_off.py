"""An import of events that is interrupted, once or often, and repeated: the record is that of a single run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from hotpapers.ingest.archives import ArchiveFile, event_import
from hotpapers.store import Record
from tests.ingest.archives_made import Stopped, exported, file, stop_before, take
from tests.ingest.event_worlds import POST, SECOND, Event, world
from tests.ingest.test_archives_workers import days


def made_again(dice: random.Random, events: Sequence[Event]) -> list[Event]:
    """The same events, with some deleted posts created again later at the same address."""
    again = [
        event._replace(at=later, operation="create", paper=dice.choice([0, 1001, 1002]))
        for event in events if event.operation == "delete" and event.collection == POST
        for later in dice.sample([one.at for one in events if one.at > event.at][:20], 1)[: dice.random() < 0.6]
    ]  # fmt: skip
    return sorted([*events, *again], key=lambda event: event.at)


def at_once(events: Sequence[Event], seconds: int) -> list[Event]:
    """The same events with times rounded down to a multiple of `seconds`: many share a moment."""
    return [event._replace(at=event.at // (seconds * SECOND) * seconds * SECOND) for event in events]


def files_of(dice: random.Random, events: Sequence[Event]) -> list[ArchiveFile]:
    """Two overlapping files, and a third with the content of both; events in both files differ in their bytes."""
    one, two = list[bytes](), list[bytes]()
    for event in events:
        first, second = dice.choice([(one, two), (two, one)])
        first.append(event.line())
        if dice.random() < 0.2:
            second.append(event.line().replace(b"at://", b"at:\\/\\/"))
    return [file(b"".join(lines), f"{number}.jsonl") for number, lines in enumerate((one, two, [*two, *one]))]


def broken_off(record: Record, files: Sequence[ArchiveFile], batch: int) -> bool:
    """Imports files, stopping the program before the given batch; returns whether that batch was reached."""
    with pytest.MonkeyPatch.context() as patch:
        stop_before(patch, batch)
        try:
            take(record, "jetstream", *files)
        except Stopped:
            return True
    return False


@pytest.mark.parametrize("seed", range(15))
def test_wherever_and_however_often_it_breaks_off_the_record_is_the_same(
    tmp_path: Path, other: Record, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    events = made_again(dice, world(seed, 60))
    *files, both = files_of(dice, at_once(events, dice.choice([60, 1_000])) if seed % 3 else events)
    monkeypatch.setattr(event_import, "MOST_SEEN", 1)
    take(other, "jetstream", *files)
    batches = other.head.position
    for case, most in enumerate((1, 7)):
        monkeypatch.setattr(event_import, "MOST_SEEN", most)
        with Record(str(tmp_path / f"{case}.db")) as record:
            breaks = [
                broken_off(record, dice.sample(files, 2), dice.randrange(batches)) for _ in range(dice.choice([1, 4]))
            ]
            take(record, "jetstream", *files)
            assert breaks[0] or most > 1
            assert exported(record) == exported(other)
            take(record, "jetstream", both)
            assert exported(record) == exported(other)


@pytest.mark.long
def test_an_edit_that_two_files_tell_is_the_same_edit_after_a_break(
    record: Record, other: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second edit in the same moment is compared with the first, wherever the import stopped."""
    monkeypatch.setattr(event_import, "MOST_SEEN", 20)
    files = [file(days(0), "0.jsonl"), file(days(1), "1.jsonl")]
    take(other, "jetstream", *files)
    assert broken_off(record, files, 5)
    take(record, "jetstream", *files)
    assert exported(record) == exported(other) and b"its words are no other paper" in exported(record)


def test_posts_that_are_made_again_are_there_again(record: Record) -> None:
    """As for a live reader: later reactions count, even if the import stopped in between."""
    events = world(3, 60)
    gone = next(event for event in events if event.operation == "delete" and event.collection == POST)
    later = gone._replace(at=events[-1].at + SECOND, operation="create", paper=1001)
    liked = events[-1]._replace(
        at=later.at + SECOND, did="did:plc:madeup000000000000000005", operation="create",
        collection="app.bsky.feed.like", rkey="3aaaaaaaaaa2b", refers=(("subject", gone.uri),),
    )  # fmt: skip
    whole = [file(event.line(), f"{n}.jsonl") for n, event in enumerate((gone._replace(operation="create", paper=1001,
             at=events[0].at), gone._replace(at=events[1].at), later, liked))]  # fmt: skip
    take(record, "jetstream", *whole)
    says = exported(record).decode()
    assert says.count(f'"post":"bluesky:{gone.uri}","network"') == 3 and '"type":"like"' in says
