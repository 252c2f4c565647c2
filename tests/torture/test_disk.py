"""The disk is full: the program says so, loses nothing, and continues once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import apsw
import pytest

from hotpapers.errors import FullStore
from hotpapers.model import HOUR
from hotpapers.store import Record, sqlite
from tests.disks import small_disk
from tests.postgres import with_database
from tests.torture import agree
from tests.torture.agree import Bounds
from tests.torture.rig import Rig, rig
from tests.torture.rounds import bench
from tests.torture.table import Telling, at_length
from tests.torture.test_faults import EVENING, SCRIPT

NO_ROOM = "no room left on the"
LARGE = "300m"


# ---- by a limit of SQLite's own, without privileges -------------------------------------------------------


@pytest.mark.long
def test_a_store_that_may_not_grow_goes_on_when_it_may(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, told: Telling
) -> None:  # fmt: skip
    pages = [2**31]
    opened = sqlite.SqliteDatabase._open

    def small(database: sqlite.SqliteDatabase, name: str, flags: int) -> apsw.Connection:
        connection = opened(database, name, flags)
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")
        return connection

    monkeypatch.setattr(sqlite.SqliteDatabase, "_open", small)
    with bench("hackernews", sqlite_url, SCRIPT, EVENING) as one:
        one.after(3600)
        [(used,)] = one.record.database.rows("PRAGMA page_count")
        pages[0] = used
        for rounds in one.jobs.values():
            rounds._close_store()
        one.after(4 * 3600)
        states = {state for name, _, (state, reason, _) in one.told if NO_ROOM in reason}
        assert states == {"store"}
        pages[0] = 2**31
        one.after(4 * 3600)
        assert one.status("hackernews").failing_since is None
        bounds = Bounds(SCRIPT, one.loopback.bases, EVENING, one.clock.now() - HOUR)
        outcome = agree.whole(one.record, ["hackernews"], bounds)
    told.row("no room for SQLite, and room again", 1, outcome)
    assert outcome.good and outcome.posts, outcome


# ---- on a full disk ----------------------------------------------------------------------------------------


def grow(folder: Path) -> None:
    """Make room on a disk."""
    subprocess.run(["mount", "-o", f"remount,size={LARGE}", folder], check=True)


def until_it_is_full(site: Rig) -> None:
    """Wait until the processes report that the disk is full."""
    site.wait(lambda record: NO_ROOM in site.forks.said())


@at_length
def test_a_full_disk_under_sqlite(tmp_path: Path, told: Telling) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk, rig(f"sqlite:///{disk / 'hotpapers.db'}", tmp_path) as site:
        site.start()
        until_it_is_full(site)
        with Record(site.given.store) as record, pytest.raises(FullStore):
            fill(record)
        grow(disk)
        site.tell(told, "the disk was full")


def fill(record: Record) -> None:
    """Write until the disk is full; the last write is rolled back."""
    for n in range(10_000):
        with record.database.write():
            record.database.run("INSERT INTO job_state VALUES (?, ?)", (f"filler {n}", "{}" + " " * 100_000))


@contextmanager
def full_server(server: str, disk: Path) -> Iterator[str]:
    """The address of a PostgreSQL database with its tables on a given disk; skips where that is impossible."""
    import psycopg

    name = f"hotpapers_torture_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection, ExitStack() as stack:
        inside = disk / "tables"
        inside.mkdir()
        try:
            shutil.chown(inside, "postgres", "postgres")
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{inside}'")
        except (LookupError, psycopg.Error) as problem:
            pytest.skip(f"the server's tables cannot be put on a disk of ours: {problem}")
        stack.callback(connection.execute, f"DROP TABLESPACE {name}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 TABLESPACE {name}")
        stack.callback(connection.execute, f"DROP DATABASE {name} WITH (FORCE)")
        yield with_database(server, name)


@at_length
def test_a_full_disk_under_postgres(postgres_server: str, tmp_path: Path, told: Telling) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # the server's user needs access to the disk
        disk = stack.enter_context(small_disk(folder / "disk", "10m"))
        site = stack.enter_context(rig(stack.enter_context(full_server(postgres_server, disk)), tmp_path))
        site.start()
        with Record(site.given.store) as record, pytest.raises(FullStore):
            fill(record)  # collecting alone would take too long to fill it
        until_it_is_full(site)
        grow(disk)
        site.tell(told, "the disk was full")
