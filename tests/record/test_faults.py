"""Unusable stores: each gives a clear error that says what to do, and nothing is lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import apsw
import psycopg
import pytest

from hotpapers.base import errors, model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import back_up_store
from hotpapers.record import Record, schema, sqlite
from hotpapers.record.database import Params
from hotpapers.record.manifest import build_manifest, pack
from hotpapers.record.record import store_path
from tests import disks
from tests.parsing import parse_all
from tests.record import made, workers


def shared_store(url: str) -> Record:
    record = Record(url)
    made.talked(record)
    return record


# ---- addresses -------------------------------------------------------------------------------------------


def test_addresses_of_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for address in ("a.db", f"sqlite:///{tmp_path}/b.db", str(tmp_path / "c.db")):
        with Record(address) as record:
            made.talked(record)
    assert {path.name for path in tmp_path.iterdir()} == {"a.db", "b.db", "c.db"}
    for wrong, reason in (
        ("mysql://host/db", "a path, sqlite:////absolute/path or postgresql://"),
        (str(tmp_path), "a folder; name a file in it"),
        ("", "a folder"),
        (str(tmp_path / "none" / "d.db"), "no such folder"),
    ):
        with pytest.raises(errors.UsageError, match=reason):
            Record(wrong)
    with pytest.raises(errors.NotFound, match="no such store"):
        Record("d.db", create=False)
    assert not Path("d.db").exists()
    (tmp_path / "e.db").touch()
    with pytest.raises(errors.NotFound, match="an empty file, not a store"):
        Record(str(tmp_path / "e.db"), create=False)


# ---- files -----------------------------------------------------------------------------------------------


def test_a_writer_dismissed_after_its_store_was_closed_says_nothing(store_url: str) -> None:
    """As Ctrl-C leaves it between a transaction's begin and its first statement."""
    for begin in ("write", "snapshot"):
        record = shared_store(store_url)
        block = getattr(record.database, begin)()
        block.__enter__()
        record.database.close()
        block.gen.close()


def test_a_text_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    for text in ("short", "x" * 5000):
        path.write_text(text)
        with pytest.raises(errors.NotAStore, match=r"notes\.txt: not a Hot Papers store"):
            Record(str(path))
        assert path.read_text() == text


def test_another_programs_database_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE paper (theirs)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(errors.NotAStore, match="belongs to another program; choose another path"):
        Record(str(path))
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE paper; PRAGMA application_id = 7")
    connection.close()
    with pytest.raises(errors.NotAStore):
        Record(str(path))
    assert before.startswith(b"SQLite") and [file.name for file in tmp_path.iterdir()] == ["theirs.db"]


NEWER = {"sqlite": "PRAGMA user_version = 99", "postgres": "UPDATE meta SET value = '99' WHERE name = 'schema'"}


def test_a_newer_store_is_left_alone(store_url: str) -> None:
    record = shared_store(store_url)
    record.database.run(NEWER[record.database.name])
    record.database.close()
    with pytest.raises(errors.NewerStore, match=r"schema 99, this version supports up to \d+\); upgrade the program"):
        Record(store_url)


def test_a_store_that_a_newer_program_upgrades_meanwhile_is_left_alone(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shared_store(store_url) as record:
        database = record.database
        write = database.write

        @contextmanager
        def write_after_another() -> Iterator[None]:
            database.run(NEWER[database.name])
            with write():
                yield

        monkeypatch.setattr(database, "write", write_after_another)
        with pytest.raises(errors.NewerStore, match="schema 99"):
            database.migrate([*schema.MIGRATIONS, "CREATE TABLE made_up (id INTEGER PRIMARY KEY) STRICT"])
    with pytest.raises(errors.NewerStore, match="schema 99"):
        Record(store_url)


def test_a_quick_look_ends_in_time(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "STEPS", 1)
    with shared_store(sqlite_url) as record:
        assert record.database.integrity(-1) == ((), "the database is too large for a quick check")
        assert record.database.integrity() == ((), "")


def test_a_store_that_was_cut_off_or_overwritten_is_said_to_be_damaged(sqlite_url: str) -> None:
    shared_store(sqlite_url).database.close()
    path = store_path(sqlite_url)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(errors.CorruptStore, match=r"is damaged \(.*\); restore a backup"), Record(sqlite_url) as record:
        record.database.integrity()
        made.everything(record)
    path.write_bytes(b"".join(page if n < 2 else b"\xff" * 4096 for n, page in enumerate(_pages(whole))))
    with pytest.raises(errors.CorruptStore), Record(sqlite_url) as record:
        made.everything(record)
    damaged = bytearray(whole)
    root = _root_of(whole, "post_key", path)
    damaged[(root - 1) * 4096 + 5 : (root - 1) * 4096 + 60] = b"\xee" * 55
    path.write_bytes(damaged)
    with Record(sqlite_url) as record:
        assert record.database.integrity().damaged, "status says so"
    path.write_bytes(whole)
    with Record(sqlite_url) as record:
        assert not record.database.integrity().damaged and not made.verified(record).findings


def _pages(data: bytes) -> list[bytes]:
    return [data[at : at + 4096] for at in range(0, len(data), 4096)]


def _root_of(whole: bytes, name: str, path: Path) -> int:
    path.write_bytes(whole)
    connection = apsw.Connection(str(path))
    page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).get
    connection.close()
    assert isinstance(page, int)
    return page


def test_a_sqlite_that_can_corrupt_a_store_is_refused(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in (3_046_000, 3_051_002, 3_052_000):
        monkeypatch.setattr(apsw, "SQLITE_VERSION_NUMBER", bad)
        with pytest.raises(errors.StoreError, match="install apsw"):
            Record(sqlite_url)
    for good in (3_051_003, 3_051_009, 3_053_000, 3_060_000):
        monkeypatch.setattr(apsw, "SQLITE_VERSION_NUMBER", good)
        Record(sqlite_url).database.close()


# ---- no space, no permission, busy -----------------------------------------------------------------------


def test_a_full_store_keeps_what_it_has(sqlite_url: str) -> None:
    with shared_store(sqlite_url) as record:
        before = made.everything(record)
        pages = record.database.rows("PRAGMA page_count")[0][0]
        record.database.rows(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(errors.FullStore, match="no room left on the disk; nothing was changed"):
            record.append([item for n in range(300) for item in workers.cover(0, n)], source="test")
        assert made.everything(record) == before and not made.verified(record).findings
        record.database.rows("PRAGMA max_page_count = 1000000")
        assert record.append(workers.cover(0, 1), source="test").position == record.head.position


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A two-megabyte disk; an empty store takes half of it."""
    with disks.small_disk(tmp_path / "disk", "2m") as folder:
        yield folder


def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    url = str(small_disk / "hotpapers.db")
    with Record(url) as record:
        batches = 0
        with pytest.raises(errors.FullStore, match="no room left"):
            for n in range(100_000):
                record.append(workers.cover(0, n), source="test")
                batches = n + 1
    (small_disk / "log").write_bytes(b"")
    with pytest.raises((errors.FullStore, OSError)), (small_disk / "more").open("wb") as file:
        file.write(b"x" * 2**21)
    (small_disk / "more").unlink()
    with Record(url) as record:
        assert record.count(model.Coverage) == batches * workers.FEW and batches > 10
        assert not record.database.integrity().damaged and not made.verified(record).findings


def test_a_disk_too_full_to_read_is_called_so(tmp_path: Path) -> None:
    """SQLite needs a log even to read, and reports an I/O error if there is no space for one."""
    with disks.small_disk(tmp_path / "disk", "8m") as disk:
        url = str(disk / "hotpapers.db")
        shared_store(url).database.close()
        with pytest.raises(OSError, match="No space left"), (disk / "more").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        for opened in (Record, partial(Record, create=False)):
            with pytest.raises(errors.FullStore, match="no room left on the disk"):
                opened(url)
        (disk / "more").unlink()
        with Record(url) as record:
            assert not made.verified(record).findings


@contextmanager
def as_nobody() -> Iterator[None]:
    """Run the block without privileges."""
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs to become another user for a while")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("folder_mode", [0o755, 0o777])
def test_a_store_that_cannot_be_written(open_folder: Path, folder_mode: int) -> None:
    path = open_folder / "hotpapers ?#%.db"
    with shared_store(str(path)) as record:
        expected = made.everything(record)
    path.chmod(0o644)
    before = path.read_bytes()
    open_folder.chmod(folder_mode)
    with as_nobody(), Record(str(path), create=False) as record:
        assert made.everything(record) == expected and not made.verified(record).findings
        with pytest.raises(errors.ReadOnlyStore, match="cannot be written; check the permissions"):
            record.append(workers.cover(0, 0), source="test")
    assert path.read_bytes() == before


def test_a_backup_can_be_looked_at_by_who_cannot_write_it(open_folder: Path) -> None:
    with shared_store(str(open_folder / "hotpapers.db")) as record:
        back_up_store(record, open_folder / "backup.db")
        expected = made.everything(record)
    (open_folder / "backup.db").chmod(0o644)
    before = (open_folder / "backup.db").read_bytes()
    with as_nobody(), Record(str(open_folder / "backup.db"), create=False) as record:
        assert made.everything(record) == expected
    assert (open_folder / "backup.db").read_bytes() == before


def test_a_store_that_cannot_be_read(open_folder: Path) -> None:
    path = open_folder / "hotpapers.db"
    shared_store(str(path)).database.close()
    path.chmod(0o600)
    with as_nobody(), pytest.raises(errors.StoreError, match="check the path and its permissions"):
        Record(str(path), create=False)
    with as_nobody(), pytest.raises(errors.StoreError, match="cannot be opened"):
        Record(str(open_folder / "new.db"))


def test_a_store_that_others_still_write_is_not_taken_for_still(open_folder: Path) -> None:
    """The log may hold the latest batches. Without permission to read it, the record would look shorter than it is."""
    path = open_folder / "hotpapers.db"
    with shared_store(str(path)) as record:
        path.chmod(0o644)
        path.with_name("hotpapers.db-wal").chmod(0o600)
        with as_nobody(), pytest.raises(errors.StoreError):
            Record(str(path), create=False)
        assert not made.verified(record).findings


def test_who_waits_too_long_is_told_so(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 50)
    if store_url.startswith("postgresql"):
        monkeypatch.setattr("hotpapers.wings.postgres.server_store.WAIT_MS", 50)
    with shared_store(store_url) as record, Record(store_url) as other:
        with record.database.write():
            record.database.run("DELETE FROM cursor")
            assert other.head.position == 2 and other.view().position == 2, "a reader does not wait"
            with pytest.raises(errors.BusyStore, match="another process is writing"):
                other.append(workers.cover(0, 0), source="test")
            with Record(store_url) as third:  # nor does opening the store
                assert third.head.position == 2
        assert other.append(workers.cover(0, 0), source="test").position == 3


def test_a_store_that_is_held_while_it_is_opened(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Like a backup, the store is not in WAL mode yet."""
    monkeypatch.setattr(sqlite, "BUSY_MS", 30)
    shared_store(sqlite_url).database.close()
    holder = apsw.Connection(str(store_path(sqlite_url)))
    assert holder.execute("PRAGMA journal_mode = DELETE").get == "delete"
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.BusyStore):
        Record(sqlite_url)
    holder.execute("ROLLBACK")
    holder.close()
    Record(sqlite_url).database.close()


def test_damage_in_a_manifest_stops_what_needs_it(store_url: str) -> None:
    with Record(store_url) as record:
        payload = model.RawPayload("counts", "k", b'{"post": "x:7", "likes": 3}', made.AT)
        record.ingest(parse_all(made.counts_of, [payload]), source="s")
        [good] = record.database.rows("SELECT manifest FROM batch")[0]
        other = pack(build_manifest([("tally", 1)], [bytes(32)]))
        for bad, reason in ((b"rubbish", "batch 1 is missing or damaged"), (other, "batch 1 does not list")):
            record.database.run("UPDATE batch SET manifest = ?", (bad,))
            with pytest.raises(errors.CorruptStore, match=reason):
                record.reprocess("s", lambda _: [])
        record.database.run("UPDATE batch SET manifest = ?", (good,))
        assert record.reprocess("s", lambda _: []).position == 2


def test_forgetting_is_not_done_while_a_log_keeps_the_words(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 50)
    with shared_store(sqlite_url) as record, Record(sqlite_url) as other:
        key = next(item.account for item in made.all_rows(record, model.Post) if isinstance(item, model.Post))
        with other.database.snapshot():
            other.database.rows("SELECT count(*) FROM post")
            with pytest.raises(errors.BusyStore, match="run the same command again to finish"):
                forget_key(record, key)
        assert forget_key(record, key).rows == 0
        assert store_path(f"{sqlite_url}-wal").stat().st_size == 0


# ---- mistakes ------------------------------------------------------------------------------------------

MISTAKES = [
    ("SELECT 1 FROM nowhere", ()),
    ("SELECT nothing FROM meta", ()),
    ("SELEC 1", ()),
    ("SELECT name FROM meta WHERE name = ?", ()),
    ("INSERT INTO meta (name, value) VALUES ('a', NULL)", ()),
    ("INSERT INTO meta SELECT * FROM meta", ()),
    ("INSERT INTO batch (position) VALUES ('a word')", ()),
]


OF_SERVER = (psycopg.ProgrammingError, psycopg.IntegrityError, psycopg.DataError)


@pytest.mark.parametrize(("sql", "params"), MISTAKES)
def test_a_mistake_in_our_own_statements_is_no_fault_of_the_store(store_url: str, sql: str, params: Params) -> None:
    """The library's own error shows where the mistake is; it must not look as if the database were unavailable."""
    with Record(store_url) as record:
        for ask in (record.database.rows, record.database.run, lambda *query: list(record.database.iterate(*query))):
            with pytest.raises((*sqlite.PROGRAM_ERRORS, *OF_SERVER)), record.database.write():
                ask(sql, params)
        assert record.database.rows("SELECT count(*) FROM batch") == [(0,)]


@pytest.mark.parametrize("changed", ["batch", "chain"])
def test_tables_that_were_damaged_are_told_from_mistakes(sqlite_url: str, changed: str) -> None:
    shared_store(sqlite_url).database.close()
    connection = apsw.Connection(str(store_path(sqlite_url)))
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        f"UPDATE sqlite_schema SET sql = replace(sql, '{changed}', 'Xatch'), name = replace(name, '{changed}', 'Xatch')"
    )
    connection.close()
    with pytest.raises(errors.CorruptStore, match="restore a backup"), Record(sqlite_url) as record:
        record.database.rows("SELECT chain FROM batch")


def test_a_store_that_is_there_takes_no_other_secret(store_url: str) -> None:
    with Record(store_url) as record:
        with pytest.raises(errors.StoreError, match="not empty"):
            made.talked(record)
            record.adopt_secret("ab" * 32)
        assert record.database.size() > 10_000
