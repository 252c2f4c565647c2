"""Asking before forgetting, several at once, and later: copies, imports and restored backups bring nothing back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers import model
from hotpapers.errors import NotFound, UsageError
from hotpapers.model import HOUR
from hotpapers.privacy.forget import ForgetResult, copies, forget, forget_all
from hotpapers.store import Record
from hotpapers.store.record import is_server
from hotpapers.transfer import classic_import
from hotpapers.transfer.backup import backup, restore
from hotpapers.transfer.jsonl import exporter, importer
from hotpapers.transfer.queries import note_copy
from tests.conftest import data
from tests.parsing import parse_all
from tests.privacy import traces
from tests.privacy.gossip import ADA, ADAS_POST, ADAS_WORDS, assert_gone, fill, gossip, unreadable, values
from tests.store import made
from tests.store.made import AT


@pytest.fixture
def store(store_url: str) -> Iterator[Record]:
    """See `gossip.fill`."""
    with Record(store_url) as record:
        fill(record)
        yield record


# ---- asking --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["made_up_ada", "@made_up_ada", "twitter:1", "x:", ""])
def test_what_is_no_key_is_refused(sqlite_url: str, key: str) -> None:
    with Record(sqlite_url) as record, pytest.raises(UsageError, match="write it as network:id"):
        forget(record, key)


def test_what_nobody_knows_is_no_such_thing(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.talked(record)
        with pytest.raises(NotFound, match="no such post or account in the record"):
            forget(record, "x:@nobody")
        assert record.head.position == 2


def test_forgetting_twice_changes_nothing_more(store: Record) -> None:
    forget(store, ADA)
    head, rows = store.head, store.database.rows("SELECT * FROM tombstone ORDER BY 1")
    for key in (ADA, "x:@MADE_UP_ADA", ADAS_POST, "x:20210302"):
        again = forget(store, key)
        assert (again.rows, again.originals) == (0, 0)
    assert store.head == head and store.database.rows("SELECT * FROM tombstone ORDER BY 1") == rows


def test_several_are_forgotten_at_once(store: Record, tmp_path: Path) -> None:
    """One unknown key doesn't stop the others; each gets its own result."""
    head = store.head.position
    ada, nobody, fan, taro = forget_all(store, [ADA, "x:@nobody", "x:@FAN_OF", "x:@made_up_taro"])
    store.database.erase_traces()
    assert isinstance(nobody, NotFound) and "x:@nobody: no such post or account in the record" in str(nobody)
    assert isinstance(ada, ForgetResult) and isinstance(fan, ForgetResult) and isinstance(taro, ForgetResult)
    assert set(ada.keys) == {ADA, "x:20210302", ADAS_POST} and fan.keys == ("x:@fan_of",)
    assert store.head.position == head + 1, "all in one batch"
    assert not store.database.rows("SELECT 1 FROM tombstone WHERE mark = ?", (store.hasher.tombstone("x:@nobody"),))
    assert_gone(store, tmp_path, (*ADAS_WORDS, "20210302", "fan_of", "made_up_taro"))
    checked = made.verified(store)
    assert not checked.findings and checked.forgotten > ada.rows > fan.rows > 0
    again = forget_all(store, ["x:@fan_of", "x:@nobody", ADA])
    assert [one.rows if isinstance(one, ForgetResult) else one.__class__ for one in again] == [0, NotFound, 0]
    assert store.head.position == head + 1
    [only] = forget_all(store, ["x:@nobody"])
    assert isinstance(only, NotFound) and store.head.position == head + 1
    with pytest.raises(UsageError, match="write it as network:id"):
        forget_all(store, ["x:@made_up_reply", "no key"])
    assert store.head.position == head + 1 and "x:@made_up_reply" in values(store)


@pytest.mark.long
def test_several_at_once_leave_what_one_after_the_other_does(store: Record, other_url: str) -> None:
    keys = ["x:@made_up_bo", ADA, "bluesky:did:plc:voice10"]
    with Record(other_url) as other:
        importer.import_lines(other, "full", exporter.lines(store))
        assert all(isinstance(one, ForgetResult) for one in forget_all(store, keys))
        for key in keys:
            forget(other, key)
        assert anonymous(store) == anonymous(other) and len(anonymous(store)) > 130
        assert values(store, "tombstone") >= {store.hasher.tombstone(key) for key in keys}
        marks = [one.database.rows("SELECT mark FROM tombstone ORDER BY mark") for one in (store, other)]
        assert marks[0] == marks[1]
        checked = [made.verified(one) for one in (store, other)]
        assert checked[0] == checked[1] and not checked[0].findings


def anonymous(record: Record) -> list[str]:
    """All items of a record, with all pseudonyms made alike."""
    return sorted(re.sub("~[0-9a-f]{32}", "~", repr(item)) for item in made.everything(record))


def test_an_interrupted_forgetting_is_undone_and_can_be_run_again(
    store: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It happens completely or not at all; remaining traces are erased the next time."""
    before = store.head
    with monkeypatch.context() as patch:
        patch.setattr("hotpapers.store.raw_archive.erase", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget(store, ADA)
    assert store.head == before and store.database.rows("SELECT * FROM tombstone") == []
    assert not made.verified(store).findings
    with monkeypatch.context() as patch:
        patch.setattr(type(store.database), "erase_traces", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget(store, ADA)
    assert forget(store, ADA).rows == 0
    assert_gone(store, tmp_path)


def test_copies_made_before_are_named_as_out_of_reach(store: Record, tmp_path: Path) -> None:
    backup(store, tmp_path / "before.db")
    note_copy(store, "export", "/srv/export.jsonl")
    done = forget(store, ADAS_POST)
    assert done.out_of_reach == (f"backup {tmp_path / 'before.db'}", "export /srv/export.jsonl")
    note_copy(store, "export", "/srv/later.jsonl")
    assert forget(store, ADAS_POST).out_of_reach == done.out_of_reach
    assert len(list(copies(store))) == 3


# ---- later -----------------------------------------------------------------------------------------------


def test_what_killed_copies_left_behind_goes_too(store: Record, tmp_path: Path) -> None:
    backup(store, tmp_path / "whole.db")
    (tmp_path / "whole.db.part").write_bytes(b"half a copy that names made_up_ada")
    old, new = tmp_path / ".hotpapers-killed", tmp_path / ".hotpapers-at-work"
    for folder in (old, new):
        folder.mkdir()
        (folder / "copy.db").write_bytes(b"made_up_ada")
    for path in (old / "copy.db", old):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    done = forget(store, ADA)
    assert not (tmp_path / "whole.db.part").exists() and not old.exists() and new.exists()
    assert f"unfinished {new}" in done.out_of_reach and f"backup {tmp_path / 'whole.db'}" in done.out_of_reach


def test_the_samples_of_the_planner_forget_too(postgres_url: str) -> None:
    """PostgreSQL keeps common values of each column, and old versions would stay in the file of that table."""
    with Record(postgres_url) as record:
        made.rich(record)
        many = [model.Account(account=ADA, handle="made_up_ada", name="Ada B.", observed_at=AT + n) for n in range(99)]
        record.append(many, source="test")
        record.database.run("ANALYZE")
        sampled = "SELECT pg_read_binary_file(pg_relation_filepath('pg_statistic'))"
        record.database.run("CHECKPOINT")
        assert b"made_up_ada" in bytes(record.database.rows(sampled)[0][0])
        forget(record, ADA)
        assert b"made_up_ada" not in bytes(record.database.rows(sampled)[0][0])


def test_importing_the_same_listing_elsewhere_in_the_store_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    forget(store, "x:@made_up_bo")
    forget(store, ADA)
    again = data("classic", "plain.md").read_bytes()
    assert classic_import.import_classic(store, "plain.md", again).state == "known"
    other = classic_import.import_classic(store, "plain.md", again, name="mirror")
    assert other.state == "new" and any("were not imported" in note for note in other.notes)
    later = classic_import.import_classic(store, "plain.md", again.replace(b"favorites: 1204", b"favorites: 1300"))
    assert later.state == "later"
    assert_gone(store, tmp_path, (*ADAS_WORDS, "made_up_bo"))
    assert not made.verified(store).findings


def test_collecting_again_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    """Neither items nor originals nor quarantine; others' texts arrive without the names."""
    forget(store, ADA)
    items = gossip()
    one = model.RawPayload("post", "1366659539260149761", b'{"text": "Our teapot is out"}', AT)
    by_handle = model.Post(post="x:1", network="x", account="x:99", created_at=AT, handle="Made_Up_Ada", observed_at=AT)
    new = made.later(items[0], HOUR)
    written = store.ingest(parse_all(lambda _: [*items, by_handle, new], [one]), source="x", at=AT)
    assert (written.added, written.refused) == (1, 9)
    store.ingest(parse_all(unreadable, [one, model.RawPayload("post", "10", b"about made_up_ada: {", AT)]), source="x")
    assert store.database.rows("SELECT count(*) FROM raw WHERE source = 'x'") == [(0,)]
    assert store.database.rows("SELECT count(*) FROM quarantine WHERE source = 'x'") == [(0,)]
    assert_gone(store, tmp_path)
    assert not made.verified(store).findings


def test_importing_an_older_export_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    full, records = list(exporter.lines(store)), list(exporter.lines(store, records_only=True))
    forget(store, ADA)
    count = len(made.everything(store))
    taken = importer.import_lines(store, "full", full)
    assert taken.added == 0 and taken.present > 0
    taken = importer.import_lines(store, "records", records)
    assert taken.added == 0 and taken.refused > 5
    assert len(made.everything(store)) == count
    assert_gone(store, tmp_path)


def test_a_full_export_carries_its_tombstones(store: Record, other_url: str, tmp_path: Path) -> None:
    done = forget(store, ADA)
    with Record(other_url) as other:
        importer.import_lines(other, "full", exporter.lines(store))
        mirrored = classic_import.import_classic(
            other, "plain.md", data("classic", "plain.md").read_bytes(), name="mirror"
        )
        assert any("forgotten" in note for note in mirrored.notes)
        assert_gone(other, tmp_path)
        checked = made.verified(other)
        assert not checked.findings and checked.forgotten == done.rows == 5


def test_restoring_an_older_backup_forgets_again(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.listings(record)
        backup(record, tmp_path / "older.db")
        made.talked(record)
        record.append(gossip(), source="gossip")
        forget(record, "x:@made_up_bo")
        forget(record, ADA)
        note_copy(record, "export", "/srv/export.jsonl")
    done = restore(tmp_path / "older.db", store_url, replace=True)
    assert done.position == 3 and done.lost_batches == 5 and done.forgotten_again == 2
    with Record(store_url) as record:
        assert_gone(record, tmp_path, (*ADAS_WORDS, "made_up_bo"))
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten == 2
        assert f"backup {tmp_path / 'older.db'}" in list(copies(record))
        assert "export /srv/export.jsonl" in list(copies(record))
        classic_import.import_classic(record, "plain.md", data("classic", "plain.md").read_bytes(), name="mirror")
        assert not traces.where_found(traces.store_bytes(record), [*ADAS_WORDS, "made_up_bo"])
    assert is_server(store_url) or not list(tmp_path.glob("*.part*"))


@pytest.mark.long
def test_everything_can_be_forgotten_one_after_the_other(sqlite_url: str, tmp_path: Path) -> None:
    """Bots, aliases, accounts that only liked, posts shown in issues: after each, every issue still verifies."""
    with Record(sqlite_url) as record:
        issues = made.rich(record)
        posts = [item for item in made.all_rows(record, model.Post) if isinstance(item, model.Post)]
        accounts = {item.account for item in made.all_rows(record, model.Account) if isinstance(item, model.Account)}
        fans = {item.account for item in made.all_rows(record, model.Reaction) if isinstance(item, model.Reaction)}
        keys = [*(post.post for post in posts[::2]), *sorted(accounts), *sorted(fans), *(post.post for post in posts)]
        for n, key in enumerate(keys):
            try:
                forget(record, key)
            except NotFound:
                assert key in accounts, "of whom one post was known, which is forgotten"
            if n % 5 == 0:
                assert not made.verified(record).findings, key
        assert made.all_rows(record, model.Issue) == issues
        checked = made.verified(record)
        count = len(made.all_rows(record, model.Post)) + len(made.all_rows(record, model.Account))
        assert not checked.findings and checked.forgotten == count > 30
        words = [post.text[:20] for post in posts if post.text] + [post.handle for post in posts] + ["example.social"]
        ids = [post.post.rpartition("/")[2].partition(":")[2] or post.post.rpartition("/")[2] for post in posts]
        everything = {**traces.store_bytes(record), **traces.handed_out(record, tmp_path)}
        assert not traces.where_found(everything, [word for word in [*words, *ids] if len(word) > 3])
