"""An import of events that is interrupted, once or often, and repeated: the record is that of a single run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from hotpapers.record import Record
from hotpapers.wings.archives import batch
from hotpapers.wings.archives.imported_file import ArchiveFile
from tests.wings.archives.archive_helpers import ProgramStopped, export_lines, file, import_files, stop_before
from tests.wings.archives.random_events import POST, SECOND, Event, make_events
from tests.wings.archives.test_archives_workers import days


def with_new_posts(rng: random.Random, events: Sequence[Event]) -> list[Event]:
    """The same events, with some deleted posts created again later at the same URI."""
    new_posts = [
        event._replace(at=later, operation="create", paper=rng.choice([0, 1001, 1002]))
        for event in events if event.operation == "delete" and event.collection == POST
        for later in rng.sample([e.at for e in events if e.at > event.at][:20], 1)[: rng.random() < 0.6]
    ]  # fmt: skip
    return sorted([*events, *new_posts], key=lambda event: event.at)


def rounded(events: Sequence[Event], seconds: int) -> list[Event]:
    """The same events with times rounded down to a multiple of `seconds`: many share a moment."""
    return [event._replace(at=event.at // (seconds * SECOND) * seconds * SECOND) for event in events]


def files_of(rng: random.Random, events: Sequence[Event]) -> list[ArchiveFile]:
    """Two overlapping files, and a third with the content of both; events in both files differ in their bytes."""
    file_1, file_2 = list[bytes](), list[bytes]()
    for event in events:
        first, second = rng.choice([(file_1, file_2), (file_2, file_1)])
        first.append(event.line())
        if rng.random() < 0.2:
            second.append(event.line().replace(b"at://", b"at:\\/\\/"))
    return [
        file(b"".join(lines), f"{number}.jsonl") for number, lines in enumerate((file_1, file_2, [*file_2, *file_1]))
    ]


def import_until(record: Record, files: Sequence[ArchiveFile], batch: int) -> bool:
    """Imports files, stopping the program before the given batch; returns whether that batch was reached."""
    with pytest.MonkeyPatch.context() as patch:
        stop_before(patch, batch)
        try:
            import_files(record, "jetstream", *files)
        except ProgramStopped:
            return True
    return False


@pytest.mark.parametrize("seed", range(15))
def test_wherever_and_however_often_it_breaks_off_the_record_is_the_same(
    tmp_path: Path, other_record: Record, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    events = with_new_posts(rng, make_events(seed, 60))
    *files, combined = files_of(rng, rounded(events, rng.choice([60, 1_000])) if seed % 3 else events)
    monkeypatch.setattr(batch, "MAX_BATCH_FINDINGS", 1)
    import_files(other_record, "jetstream", *files)
    batches = other_record.head.position
    for case, limit in enumerate((1, 7)):
        monkeypatch.setattr(batch, "MAX_BATCH_FINDINGS", limit)
        with Record(str(tmp_path / f"{case}.db")) as record:
            was_stopped = [
                import_until(record, rng.sample(files, 2), rng.randrange(batches)) for _ in range(rng.choice([1, 4]))
            ]
            import_files(record, "jetstream", *files)
            assert was_stopped[0] or limit > 1
            assert export_lines(record) == export_lines(other_record)
            import_files(record, "jetstream", combined)
            assert export_lines(record) == export_lines(other_record)


@pytest.mark.long
def test_an_edit_that_two_files_tell_is_the_same_edit_after_a_break(
    record: Record, other_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second edit in the same moment is compared with the first, wherever the import stopped."""
    monkeypatch.setattr(batch, "MAX_BATCH_FINDINGS", 20)
    files = [file(days(0), "0.jsonl"), file(days(1), "1.jsonl")]
    import_files(other_record, "jetstream", *files)
    assert import_until(record, files, 5)
    import_files(record, "jetstream", *files)
    assert export_lines(record) == export_lines(other_record) and b"its words are no other paper" in export_lines(
        record
    )


def test_posts_that_are_made_again_are_there_again(record: Record) -> None:
    """As for the live reader: later reactions count, even if the import stopped in between."""
    events = make_events(3, 60)
    deletion = next(event for event in events if event.operation == "delete" and event.collection == POST)
    new_post = deletion._replace(at=events[-1].at + SECOND, operation="create", paper=1001)
    like = events[-1]._replace(
        at=new_post.at + SECOND, did="did:plc:madeup000000000000000005", operation="create",
        collection="app.bsky.feed.like", rkey="3aaaaaaaaaa2b", references=(("subject", deletion.uri),),
    )  # fmt: skip
    first_post = deletion._replace(at=events[0].at, operation="create", paper=1001)
    timeline = (first_post, deletion._replace(at=events[1].at), new_post, like)
    files = [file(event.line(), f"{n}.jsonl") for n, event in enumerate(timeline)]
    import_files(record, "jetstream", *files)
    export = export_lines(record).decode()
    assert export.count(f'"post":"bluesky:{deletion.uri}","network"') == 3 and '"type":"like"' in export
