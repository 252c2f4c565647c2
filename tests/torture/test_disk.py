"""The disk is full: the program says so, loses nothing, and continues once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import apsw
import msgspec
import pytest

from hotpapers.base.errors import FullStore
from hotpapers.base.model import HOUR
from hotpapers.jobs.job_state import JobState
from hotpapers.record import Record, sqlite
from tests.disks import small_disk
from tests.postgres import with_database
from tests.torture import comparison
from tests.torture.comparison import Bounds
from tests.torture.rig import PATIENCE, Rig, rig
from tests.torture.source_jobs import source_jobs
from tests.torture.table import Report, torture_only
from tests.torture.test_faults import EVENING, SCRIPT

NO_ROOM = "no room left on the"
LARGE = "300m"


# ---- by a limit of SQLite's own, without privileges -------------------------------------------------------


@pytest.mark.long
def test_a_store_that_cannot_grow_continues_when_it_can(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:  # fmt: skip
    page_limit = [2**31]
    original_open = sqlite.SqliteDatabase._open

    def open_limited(database: sqlite.SqliteDatabase, name: str, flags: int) -> apsw.Connection:
        connection = original_open(database, name, flags)
        connection.execute(f"PRAGMA max_page_count = {page_limit[0]}")
        return connection

    monkeypatch.setattr(sqlite.SqliteDatabase, "_open", open_limited)
    with source_jobs("hackernews", sqlite_url, SCRIPT, EVENING) as site:
        site.run_for(3600)
        [(page_count,)] = site.record.database.rows("PRAGMA page_count")
        page_limit[0] = page_count
        for job_loop in site.jobs.values():
            job_loop._close_store()
        site.run_for(4 * 3600)
        states = {state for job, _, (state, reason, _) in site.attempts if NO_ROOM in reason}
        assert states == {"store"}
        page_limit[0] = 2**31
        site.run_for(4 * 3600)
        assert site.status("hackernews").failing_since is None
        bounds = Bounds(SCRIPT, site.loopback.bases, EVENING, site.clock.now() - HOUR)
        outcome = comparison.compare_all(site.record, ["hackernews"], bounds)
    report.add_row("no room for SQLite, and room again", 1, outcome)
    assert outcome.is_clean and outcome.posts, outcome


# ---- on a full disk ----------------------------------------------------------------------------------------


def enlarge(folder: Path) -> None:
    """Make room on a disk."""
    subprocess.run(["mount", "-o", f"remount,size={LARGE}", folder], check=True)


def wait_until_full(site: Rig) -> None:
    """Wait until the processes report that the disk is full. A new connection to the store may be impossible then."""
    deadline = time.monotonic() + PATIENCE
    while NO_ROOM not in site.forks.output():
        assert time.monotonic() < deadline, site.forks.output()
        time.sleep(0.05)


@torture_only
def test_a_full_disk_under_sqlite(tmp_path: Path, report: Report) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk, rig(f"sqlite:///{disk / 'hotpapers.db'}", tmp_path) as site:
        site.start()
        wait_until_full(site)
        with Record(site.parameters.store) as record, pytest.raises(FullStore):
            fill(record)
        enlarge(disk)
        site.finish(report, "the disk was full")


def fill(record: Record) -> None:
    """Write until the disk is full; the last write is rolled back. All jobs read these rows, so they must be valid."""
    for n in range(10_000):
        state = msgspec.json.encode(JobState(source=f"filler {n}")).decode()
        with record.database.write():
            record.database.run("INSERT INTO job_state VALUES (?, ?)", (f"filler {n}", state + " " * 100_000))


@contextmanager
def full_server(server: str, disk: Path) -> Iterator[str]:
    """The address of a PostgreSQL database with its tables on a given disk; skips where that is impossible."""
    import psycopg

    name = f"hotpapers_torture_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection, ExitStack() as stack:
        table_folder = disk / "tables"
        table_folder.mkdir()
        try:
            shutil.chown(table_folder, "postgres", "postgres")
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{table_folder}'")
        except (LookupError, psycopg.Error) as problem:
            pytest.skip(f"the server's tables cannot be put on a disk of ours: {problem}")
        stack.callback(connection.execute, f"DROP TABLESPACE {name}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 TABLESPACE {name}")
        stack.callback(connection.execute, f"DROP DATABASE {name} WITH (FORCE)")
        yield with_database(server, name)


@torture_only
def test_a_full_disk_under_postgres(postgres_server: str, tmp_path: Path, report: Report) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # the server's user needs access to the disk
        disk = stack.enter_context(small_disk(folder / "disk", "10m"))
        site = stack.enter_context(rig(stack.enter_context(full_server(postgres_server, disk)), tmp_path))
        site.start()
        with Record(site.parameters.store) as record, pytest.raises(FullStore):
            fill(record)  # collecting alone would take too long to fill it
        wait_until_full(site)
        enlarge(disk)
        site.finish(report, "the disk was full")
