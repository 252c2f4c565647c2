"""Backups while others write, and restoring them: to a new store, over an existing one, and into the other database."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore, FullStore, NewerStore, NotAStore, NotFound, StoreError, UsageError
from hotpapers.base.file_modes import temporary_files
from hotpapers.keep.privacy.forget import copies_to_delete, forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.transfer.backup import back_up_store, copy_into, restore_backup
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.record import Record, sqlite
from hotpapers.record.record import is_server, store_path
from hotpapers.record.sqlite import SqliteDatabase
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT, counts_of


def exported(store: str) -> list[bytes]:
    with Record(store) as record:
        return list(exporter.record_lines(record))


@pytest.fixture
def store(store_url: str) -> str:
    with Record(store_url) as record:
        made.rich(record)
    return store_url


def test_a_backup_is_the_whole_store_in_one_file(store: str, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with Record(store) as record:
        assert back_up_store(record, target) == record.head.position
        rows = record.database.rows("SELECT id, source, key, seen_at, keep_until FROM raw ORDER BY id")
        assert list(copies_to_delete(record)) == [f"backup {target}"]
    assert {path.name for path in tmp_path.glob("backup*")} == {"backup.db"}
    shutil.copy(target, tmp_path / "copy.db")
    with Record(str(tmp_path / "copy.db")) as copied:
        assert copied.database.rows("SELECT id, source, key, seen_at, keep_until FROM raw ORDER BY id") == rows
        assert not made.verified(copied).findings
        assert list(copies_to_delete(copied)) == [f"backup {target}"]
        assert not copied.database.integrity().damaged
    assert exported(str(tmp_path / "copy.db")) == exported(store)


def test_an_older_backup_is_replaced_and_nothing_else(store: str, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with Record(store) as record:
        back_up_store(record, target)
        record.append([made.EVERY[0]], source="test")
        assert back_up_store(record, target) == record.head.position
        notes = tmp_path / "notes.txt"
        notes.write_text("mine, and longer than the header of a database would be" * 20)
        with pytest.raises(NotAStore):
            back_up_store(record, notes)
        other = tmp_path / "other.db"
        connection = apsw.Connection(str(other))
        connection.execute("CREATE TABLE theirs (x)")
        connection.close()
        with pytest.raises(NotAStore, match="another program"):
            back_up_store(record, other)
        with pytest.raises(UsageError, match="no such folder"):
            back_up_store(record, tmp_path / "nowhere" / "backup.db")
        os.mkfifo(tmp_path / "pipe")
        for no_file in (tmp_path / "pipe", tmp_path):
            with pytest.raises(UsageError, match="is not a file"):
                back_up_store(record, no_file)
        if not is_server(store):
            with pytest.raises(UsageError, match="is the store itself"):
                back_up_store(record, store_path(store))
        assert not list(tmp_path.glob("*.part"))
    assert notes.read_text().startswith("mine")


WRITER = """
import sys
from hotpapers.base import model
from hotpapers.record import Record
with Record(sys.argv[1]) as record:
    print("ready", flush=True)
    for n in range(int(sys.argv[2])):
        record.append([model.Coverage(network="x", from_at=n * 9 + k, until_at=n * 9 + k + 1, state="complete",
                      observed_at=n) for k in range(9)], source="writer")
"""


@pytest.mark.long
def test_a_backup_while_another_process_writes_is_a_moment_of_it(store: str, tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, store, "150"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    positions = []
    with Record(store) as record:
        for n in range(3):
            positions.append(back_up_store(record, tmp_path / f"{n}.db"))
            with Record(str(tmp_path / f"{n}.db")) as copied:
                assert copied.head.position == positions[-1]
                assert copied.count(model.Coverage) % 9 == 1  # whole batches, plus one from before
                assert not made.verified(copied).findings
        assert writer.wait(60) == 0
        writer.stdout.close()
        assert record.count(model.Coverage) == 150 * 9 + 1
        assert not made.verified(record).findings
    assert positions == sorted(positions)


def snapshot(n: int) -> model.Snapshot:
    return model.Snapshot(post=f"bluesky:{n}", likes=n, observed_at=AT)


class Disturbed:
    """A number of pages to copy at a time; each time it is used, another connection writes first."""

    def __init__(self, other: Record) -> None:
        self.other, self.steps = other, 0

    def __index__(self) -> int:
        self.steps += 1
        assert self.steps < 200, "it never ends"
        self.other.append([snapshot(-self.steps)], source="test")
        return 50


def test_a_backup_ends_though_others_write_all_the_while(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite restarts a copy after each outside commit: a large store of a busy site would never be copied."""
    with Record(sqlite_url) as record, Record(sqlite_url) as other:
        record.append(map(snapshot, range(2000)), source="test")
        position = record.head.position
        disturbed = Disturbed(other)
        monkeypatch.setattr(sqlite, "PAGES", disturbed)
        copy_into(record.database, tmp_path / "copy.db")
        assert disturbed.steps > 3 and other.head.position == position + disturbed.steps
    with Record(str(tmp_path / "copy.db")) as copied:
        assert copied.head.position == position and not made.verified(copied).findings


def test_restore_into_nothing(store: str, other_url: str, tmp_path: Path) -> None:
    with Record(store) as record:
        position = back_up_store(record, tmp_path / "backup.db")
    content = (tmp_path / "backup.db").read_bytes()
    assert restore_backup(tmp_path / "backup.db", other_url, as_backed_up=True) == (position, 0, 0, "")
    assert (tmp_path / "backup.db").read_bytes() == content, "the backup itself is only read"
    assert exported(other_url) == exported(store)
    with Record(other_url) as record:
        assert not made.verified(record).findings
        # new numbers follow the copied ones: no collisions, no reuse
        record.ingest(
            parse_all(counts_of, [model.RawPayload("counts", "k", b'{"post": "x:7", "likes": 1}', AT)]), source="counts"
        )
        record.append([made.EVERY[0], *made.post_about(70, "arxiv:2103.00001", "afterwards", AT)], source="test")
        assert not made.verified(record).findings


def test_restore_over_a_record_needs_a_word_and_names_the_gap(store: str, tmp_path: Path) -> None:
    with Record(store) as record:
        position = back_up_store(record, tmp_path / "backup.db")
        for n in range(3):
            record.append([made.later(made.EVERY[0], n)], source="test")
        reader = record.view()
    with pytest.raises(UsageError, match=f"contains a record of {position + 3} batches; add --replace"):
        restore_backup(tmp_path / "backup.db", store)
    before = exported(store)
    with Record(store) as open_elsewhere:
        assert restore_backup(tmp_path / "backup.db", store, replace=True) == (position, 3, 0, "")
        assert open_elsewhere.head.position == position, "who has it open sees the restored record"
    assert reader.position == position + 3
    assert exported(store) == before[: len(exported(store)) - 1] + before[-1:]
    with Record(store) as record:
        assert not made.verified(record).findings and not record.database.integrity().damaged


def test_restore_is_all_or_nothing(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Record(store) as record:
        back_up_store(record, tmp_path / "backup.db")
        record.append([made.EVERY[0]], source="test")
    before = exported(store)
    monkeypatch.setattr("hotpapers.keep.transfer.queries.restart_numbers", lambda *_: 1 / 0)
    monkeypatch.setattr(SqliteDatabase, "become", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore_backup(tmp_path / "backup.db", store, replace=True)
    assert exported(store) == before
    assert not list(tmp_path.glob(".hotpapers-*"))


def test_a_backup_into_a_folder_that_is_not_there(sqlite_url: str, tmp_path: Path) -> None:
    with Record(sqlite_url) as record:
        back_up_store(record, tmp_path / "backup.db")
    with pytest.raises(UsageError, match="no such folder for the store; create it first"):
        restore_backup(tmp_path / "backup.db", str(tmp_path / "none" / "store.db"), as_backed_up=True)


def test_what_is_no_backup_is_refused(store: str, tmp_path: Path) -> None:
    before = exported(store)
    with pytest.raises(NotFound, match="no such backup"):
        restore_backup(tmp_path / "none.db", store, replace=True)
    (tmp_path / "text.db").write_text("not a database, but long enough to be read as one's header" * 9)
    with pytest.raises(NotAStore):
        restore_backup(tmp_path / "text.db", store, replace=True)
    (tmp_path / "empty.db").touch()
    with pytest.raises(NotAStore, match="is empty"):
        restore_backup(tmp_path / "empty.db", store, replace=True)
    with Record(store) as record:
        back_up_store(record, tmp_path / "newer.db")
    newer = apsw.Connection(str(tmp_path / "newer.db"))
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(NewerStore):
        restore_backup(tmp_path / "newer.db", store, replace=True)
    assert exported(store) == before


def test_a_damaged_store_is_moved_aside_for_its_backup(sqlite_url: str, tmp_path: Path) -> None:
    path = store_path(sqlite_url)
    with Record(sqlite_url) as record:
        made.rich(record)
        position = back_up_store(record, tmp_path / "backup.db")
    damaged = path.read_bytes()[:5000]
    path.write_bytes(damaged)
    path.chmod(0o644)
    with pytest.raises(CorruptStore, match="restore"):
        Record(sqlite_url)
    with pytest.raises(UsageError, match="contains a damaged store; add --replace"):
        restore_backup(tmp_path / "backup.db", sqlite_url)
    aside = path.with_name("hotpapers.db.damaged")
    aside.with_name("hotpapers.db.damaged-wal").write_bytes(b"the log of an earlier one")
    assert restore_backup(tmp_path / "backup.db", sqlite_url, replace=True) == (position, 0, 0, str(aside))
    assert not aside.with_name("hotpapers.db.damaged-wal").exists()
    assert aside.read_bytes() == damaged and stat.S_IMODE(aside.stat().st_mode) == 0o600
    with Record(sqlite_url) as record:
        assert not made.verified(record).findings
        assert f"damaged store {aside}" in forget_key(record, "x:@made_up_taro").out_of_reach


def test_an_older_program_moves_a_migrated_store_aside_for_its_backup(sqlite_url: str, tmp_path: Path) -> None:
    path = store_path(sqlite_url)
    with Record(sqlite_url) as record:
        made.rich(record)
        position = back_up_store(record, tmp_path / "backup.db")
        forget_key(record, "x:@made_up_taro")
        record.database.run("PRAGMA user_version = 99")
    migrated = path.read_bytes()
    with pytest.raises(UsageError, match="contains a newer store; add --replace"):
        restore_backup(tmp_path / "backup.db", sqlite_url)
    result = restore_backup(tmp_path / "backup.db", sqlite_url, replace=True)
    aside = path.with_name("hotpapers.db.newer")
    assert (result.position, result.aside) == (position, str(aside)) and result.forgotten_again
    assert aside.read_bytes() == migrated and stat.S_IMODE(aside.stat().st_mode) == 0o600
    with Record(sqlite_url) as record:
        assert not made.verified(record).findings
        assert f"newer store {aside}" in copies_to_delete(record)


def test_a_backup_that_another_process_reads_is_taken_over_whole(store_url: str, tmp_path: Path) -> None:
    """The reader's log stays next to the backup and would be applied to whatever file replaced it."""
    target = tmp_path / "mirror.db"
    with Record(store_url) as record:
        made.talked(record)
        back_up_store(record, target)
        with Record(str(target)) as reader:
            reader.append(
                [model.Account(account=f"x:@n{n}", handle=f"n{n}", observed_at=AT) for n in range(200)], source="test"
            )
            assert Path(f"{target}-wal").stat().st_size
            made.rich(record)
            assert back_up_store(record, target) == record.head.position
            with Record(str(target)) as other:
                assert other.head == reader.head == record.head
                assert made.everything(other) == made.everything(reader) == made.everything(record)
                assert not made.verified(other).findings
        back_up_store(record, target)
        assert not Path(f"{target}-wal").exists() and not temporary_files(target.parent, "copy")


def test_a_backup_in_whose_midst_somebody_was_forgotten_says_so(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = SqliteDatabase.copy_to

    def copy_and_forget(database: SqliteDatabase, target: Path) -> None:
        copied(database, target)
        if target in temporary_files(tmp_path, "copy"):
            with Record(store_url) as other:
                forget_key(other, "x:@made_up_taro")

    with Record(store_url) as record:
        made.rich(record)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(SqliteDatabase, "copy_to", copy_and_forget)
            with pytest.raises(StoreError, match=r"backup\.db: not written, because `hotpapers forget` ran"):
                back_up_store(record, tmp_path / "backup.db")
        assert not (tmp_path / "backup.db").exists() and back_up_store(record, tmp_path / "backup.db")


def test_a_damaged_store_behind_a_link_is_moved_not_the_link(sqlite_url: str, tmp_path: Path) -> None:
    path, link = store_path(sqlite_url), tmp_path / "link.db"
    link.symlink_to(path)
    with Record(str(link)) as record:
        made.rich(record)
        back_up_store(record, tmp_path / "backup.db")
    damaged = path.read_bytes()[:5000]
    path.write_bytes(damaged)
    aside = path.with_name("hotpapers.db.damaged")
    assert restore_backup(tmp_path / "backup.db", str(link), replace=True).aside == str(aside)
    assert link.is_symlink() and aside.read_bytes() == damaged and not aside.is_symlink()
    with Record(sqlite_url) as record:
        assert not made.verified(record).findings


def test_a_store_knows_the_forgotten_by_whichever_link_it_is_opened(sqlite_url: str, tmp_path: Path) -> None:
    path, link = store_path(sqlite_url), tmp_path / "linked" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    with Record(sqlite_url) as record:
        made.rich(record)
        back_up_store(record, tmp_path / "backup.db")
    with Record(str(link)) as record:
        forget_key(record, "x:@made_up_taro")
    assert [file.name for file in link.parent.iterdir()] == ["link.db"]
    path.unlink()
    assert restore_backup(tmp_path / "backup.db", sqlite_url).forgotten_again


def test_a_store_made_behind_a_link_is_private(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to("store.db")
    before = os.umask(0o022)
    try:
        Record(str(tmp_path / "link.db")).database.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "store.db").stat().st_mode) == 0o600


def test_a_damaged_database_on_a_server_is_not_moved(postgres_url: str, tmp_path: Path) -> None:
    with Record(postgres_url) as record:
        back_up_store(record, tmp_path / "backup.db")
        record.database.run(
            "CREATE FUNCTION damaged() RETURNS text LANGUAGE plpgsql AS"
            " 'BEGIN RAISE EXCEPTION USING ERRCODE = ''data_corrupted''; END'"
        )
        record.database.run("DROP TABLE tombstone")
        record.database.run("CREATE VIEW tombstone AS SELECT damaged() AS mark, 0 AS at")
    with pytest.raises(CorruptStore, match="restore a backup"):
        restore_backup(tmp_path / "backup.db", postgres_url, replace=True)


def test_another_programs_file_is_never_replaced(sqlite_url: str, tmp_path: Path) -> None:
    with Record(sqlite_url) as record:
        back_up_store(record, tmp_path / "backup.db")
    file = tmp_path / "theirs.db"
    connection = apsw.Connection(str(file))
    connection.execute("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
    connection.close()
    with pytest.raises(NotAStore, match="move it away to restore a backup there"):
        restore_backup(tmp_path / "backup.db", str(file), replace=True)
    connection = apsw.Connection(str(file))
    assert connection.execute("SELECT x FROM theirs").fetchall() == [(1,)]
    connection.close()


def test_numbers_of_originals_that_are_gone_stay_gone_in_a_copy(store_url: str, other_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        raw = [model.RawPayload("counts", "k", b'{"post": "x:%d", "likes": 1}' % n, AT) for n in range(3)]
        record.ingest(parse_all(counts_of, raw, 1), source="s")
        prune_record(record, at=AT + 2)
        back_up_store(record, tmp_path / "backup.db")
    restore_backup(tmp_path / "backup.db", other_url, as_backed_up=True)
    for url in (str(tmp_path / "backup.db"), other_url):
        with Record(url) as record:
            record.ingest(
                parse_all(counts_of, [model.RawPayload("counts", "k", b'{"post": "x:9", "likes": 2}', AT)]), source="s"
            )
            assert record.database.rows("SELECT id FROM raw") == [(4,)]


def test_a_store_on_a_full_or_read_only_disk_can_still_be_backed_up(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FullStore("no room left")

    with Record(sqlite_url) as record:
        made.talked(record)
        monkeypatch.setattr("hotpapers.keep.transfer.queries.note_copy", full)
        assert back_up_store(record, tmp_path / "elsewhere.db") == 2


def test_nothing_is_left_of_a_copy_without_room(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: SqliteDatabase, part: Path) -> None:
        for suffix in ("-journal", "-wal", "-shm"):
            Path(f"{part}{suffix}").write_bytes(b"x")
        raise FullStore("no room left")

    monkeypatch.setattr(SqliteDatabase, "copy_to", full)
    folder = tmp_path / "small"
    folder.mkdir()
    with Record(sqlite_url) as record, pytest.raises(FullStore):
        back_up_store(record, folder / "backup.db")
    assert not list(folder.iterdir())


def test_an_empty_store_has_a_backup_too(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        copy_into(record.database, tmp_path / "one.db")
    with Record(str(tmp_path / "one.db")) as copied:
        assert (copied.head.position, copied.secret()) == (0, record.secret())
