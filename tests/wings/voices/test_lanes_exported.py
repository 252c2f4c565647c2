"""Lanes in full exports: the posts by key, since another store has other numbers; of nobody who is forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hotpapers.base.errors import InputError
from hotpapers.discussion.lanes import COUNT, PREFIX, NotedLane, noted_lanes
from hotpapers.keep.hooks import NoteKind
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record import Record
from hotpapers.record.identities import find_identities
from hotpapers.record.meta import read_meta
from hotpapers.wings.voices.notes import note_lanes
from hotpapers.wings.voices.queries import keys_in
from hotpapers.wings.voices.wing import WING
from tests.issues.made import DAY
from tests.record.made import verified
from tests.wings.voices.test_lanes import ADA, TITLE, WEN, write_posts

ADAS, WENS = (f"bluesky:at://{account.id}/app.bsky.feed.post/1" for account in (ADA, WEN))
FERNS = "mastodon:https://moth.example/users/fern/statuses/1"
NAME = f"{PREFIX}daily {DAY}"

[NOTES] = [hook for hook in WING.hooks if isinstance(hook, NoteKind)]


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    """A record with posts, without lanes."""
    with Record(sqlite_url) as opened:
        write_posts(opened)
        yield opened


def note(record: Record) -> None:
    """Notes a lane, and that another day has none."""
    known = find_identities(record.database, [ADAS, WENS, FERNS])
    lane = NotedLane(TITLE, tuple(known[key].number for key in (WENS, ADAS, FERNS)))
    note_lanes(record.database, "daily", DAY, [lane])
    note_lanes(record.database, "daily", "2020-01-01", [])


def shared_in(record: Record) -> list[str] | None:
    """The posts of the lane, by key."""
    lanes = noted_lanes(record.database, "daily", DAY)
    if lanes is None:
        return None
    [(title, posts)] = lanes
    keys = keys_in(record.database, posts)
    assert title == TITLE
    return [keys[post] for post in posts if post in keys]


def notes_in(exported: Sequence[bytes]) -> list[bytes]:
    return [line for line in exported if b'"kind":"note"' in line]


def brought(store: str, exported: Sequence[bytes]) -> Record:
    """A store with an export in it."""
    record = Record(store)
    import_lines(record, "export.jsonl", exported)
    return record


def test_a_lane_travels_with_a_full_export(record: Record, bare_store_url: str) -> None:
    note(record)
    exported = list(record_lines(record))
    empty, line = map(json.loads, notes_in(exported))
    assert line["name"] == NAME and NAME.startswith(NOTES.prefix) and empty["value"] == "[]"
    assert json.loads(line["value"]) == [[TITLE, [WENS, ADAS, FERNS]]]
    with brought(bare_store_url, exported) as again:
        assert shared_in(again) == [WENS, ADAS, FERNS] and noted_lanes(again.database, "daily", "2020-01-01") == []
        assert list(record_lines(again)) == exported and not verified(again).findings
        import_lines(again, "export.jsonl", exported)
        assert list(record_lines(again)) == exported and read_meta(again.database, COUNT) == "2"
    assert notes_in(list(record_lines(record, records_only=True))) == []


def test_an_export_without_lanes_is_whole_and_what_is_here_stays(record: Record, tmp_path: Path) -> None:
    exported = list(record_lines(record))
    note(record)
    with brought(str(tmp_path / "old.db"), exported) as old:
        assert shared_in(old) is None
        import_lines(old, "export.jsonl", list(record_lines(record)))
        assert shared_in(old) == [WENS, ADAS, FERNS]
        note_lanes(old.database, "daily", DAY, [NotedLane(TITLE, ())])
        import_lines(old, "export.jsonl", list(record_lines(record)))
        assert shared_in(old) == []


def test_whoever_is_forgotten_is_in_no_lane_again(record: Record, tmp_path: Path) -> None:
    note(record)
    before = list(record_lines(record))
    with brought(str(tmp_path / "again.db"), before) as again:
        forget_key(again, f"bluesky:{WEN.id}")
        assert shared_in(again) == [ADAS, FERNS]
    forget_key(record, f"bluesky:{ADA.id}")
    after = list(record_lines(record))
    assert shared_in(record) == [WENS, FERNS] and ADA.id not in b"".join(after).decode()
    with brought(str(tmp_path / "later.db"), after) as later:
        assert shared_in(later) == [WENS, FERNS]
    stale = [line for line in after if line not in notes_in(after)]
    with brought(str(tmp_path / "stale.db"), [*stale[:-1], *notes_in(before), stale[-1]]) as older_note:
        assert shared_in(older_note) == [WENS, FERNS]
        assert ADA.id not in str(older_note.database.rows("SELECT value FROM meta"))
    import_lines(record, "export.jsonl", before)
    assert shared_in(record) == [WENS, FERNS]


@pytest.mark.parametrize("value", ["", "{}", "[[7, []]]", '[["A", [1]]]', '[["A"]]', "[" * 5000])
def test_a_note_that_is_no_lane_is_refused(record: Record, tmp_path: Path, value: str) -> None:
    exported = list(record_lines(record))
    strange = json.dumps({"kind": "note", "name": NAME, "value": value}).encode() + b"\n"
    with pytest.raises(InputError, match=f"export.jsonl:{len(exported)}"):
        brought(str(tmp_path / "new.db"), [*exported[:-1], strange, exported[-1]])
