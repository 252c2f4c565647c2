"""The database becomes unavailable and comes back: the program continues on its own and loses nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from hotpapers.base.errors import NotAStore, UnreachableStore
from hotpapers.jobs import attempts, loop
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.loop import JobLoop
from hotpapers.record import Record
from tests import database_servers
from tests.seeds import generator
from tests.torture.proxy import Proxy
from tests.torture.rig import rig
from tests.torture.table import ALL, Report, torture_only

CONNECTIONS_TO_END = 60 if ALL else 3
CRASHES = 20 if ALL else 2
PROCESS_IDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hotpapers'"
WRITERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'hotpapers' AND backend_xid IS NOT NULL"
PATIENCE = 300
"""Real seconds: a slow machine needs time to connect."""
OUTAGE = 3.0 if ALL else 0.5
"""Real seconds for which the server refuses connections; over a quarter of an hour at this speed."""


@pytest.mark.long
def test_connections_that_are_ended_at_any_moment(postgres_url: str, tmp_path: Path, report: Report) -> None:
    import psycopg

    rng, ended_count = generator(4), 0
    with rig(postgres_url, tmp_path) as site, psycopg.connect(postgres_url, autocommit=True) as server:
        deadline = time.monotonic() + PATIENCE
        with Record(postgres_url) as record:
            site.start()
            while not jobs_queries.all_states(record) and time.monotonic() < deadline:
                time.sleep(0.05)  # the program exits with an error if there is no store at startup
        while ended_count <= CONNECTIONS_TO_END and time.monotonic() < deadline:
            time.sleep(rng.uniform(0, 0.4))
            for (pid,) in server.execute(PROCESS_IDS).fetchall():
                if rng.random() < 0.5:
                    ended_count += bool(server.execute("SELECT pg_terminate_backend(%s)", (pid,)).rowcount)
        assert ended_count > CONNECTIONS_TO_END
        site.finish(report, "connections ended by the server", ended_count)


@pytest.mark.long
def test_a_server_that_crashes_in_mid_batch(tmp_path: Path, report: Report) -> None:
    """It ends all connections, forgets what was not committed, and starts again."""
    try:
        programs = database_servers.postgres_programs()
    except database_servers.Missing as problem:
        pytest.skip(str(problem))
    with database_servers.scratch_folder() as folder, database_servers.running_postgres(programs, folder) as port:
        url, crashes = database_servers.postgres_url(port), 0
        with Record(url):
            pass
        with rig(url, tmp_path) as site:
            site.start()
            deadline = time.monotonic() + PATIENCE
            while crashes < CRASHES and time.monotonic() < deadline:
                crashes += crash_in_mid_batch(url, deadline)
                time.sleep(OUTAGE)
            assert crashes == CRASHES
            site.finish(report, "the server crashed in mid-batch", crashes)
            assert "store failing" in site.forks.output(10**6)


@pytest.mark.long
def test_a_standby_takes_over_in_mid_batch(tmp_path: Path, report: Report) -> None:
    """The program finds the new server by the store's address, which names both, and continues there."""
    import psycopg

    try:
        programs = database_servers.postgres_programs()
    except database_servers.Missing as problem:
        pytest.skip(str(problem))
    with ExitStack() as servers:
        folder = servers.enter_context(database_servers.scratch_folder())
        first = servers.enter_context(database_servers.running_postgres(programs, folder))
        second = servers.enter_context(database_servers.running_standby(programs, folder, first))
        url = f"postgresql://network@127.0.0.1:{first},127.0.0.1:{second}/postgres?target_session_attrs=read-write"
        with Record(url):
            pass
        site = servers.enter_context(rig(url, tmp_path))
        site.start()
        site.wait(jobs_queries.all_states)
        assert any(writers(database_servers.postgres_url(first), time.monotonic() + PATIENCE))
        database_servers.crash_server(folder)
        time.sleep(OUTAGE)
        with psycopg.connect(database_servers.postgres_url(second), autocommit=True) as server:
            assert server.execute("SELECT pg_promote()").fetchone() == (True,)
        site.finish(report, "a standby took over in mid-batch")
        assert "store failing" in site.forks.output(10**6)


def crash_in_mid_batch(url: str, deadline: float) -> bool:
    """Kill the server's process that writes a batch, which makes the server restart all; False if there is none."""
    for pid in writers(url, deadline):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def writers(url: str, deadline: float) -> Iterator[int]:
    """The server's processes that write a batch, as soon as there are any."""
    import psycopg

    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as server:
        while time.monotonic() < deadline:
            yield from (pid for (pid,) in server.execute(WRITERS).fetchall())


def test_a_job_that_cannot_be_created_yet_is_created_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FAILED_AGAIN", (0.01, 0.01))
    stop, tries = threading.Event(), list[int]()

    def fail(tries_needed: int) -> JobLoop:
        tries.append(1)
        if len(tries) < tries_needed:
            raise UnreachableStore("no server")
        stop.set()
        raise UnreachableStore("still no server")

    loop.JobRunner({"job": partial(fail, 3)}, stop).run()
    assert len(tries) == 3, "tried again until it was told to stop"
    unreachable = UnreachableStore("no server")
    assert loop.JobRunner({"job": partial(_raise, unreachable)}, threading.Event()).run(once=True) == [unreachable]
    for once in (True, False):
        with pytest.raises(NotAStore):
            loop.JobRunner({"job": partial(_raise, NotAStore("no waiting"))}, threading.Event()).run(once=once)


def _raise(problem: Exception) -> JobLoop:
    raise problem


@torture_only
def test_a_server_that_is_unavailable_for_a_while(postgres_url: str, tmp_path: Path, report: Report) -> None:
    times = 6 if ALL else 1
    with Record(postgres_url):
        pass
    with Proxy(postgres_url) as proxy, rig(postgres_url, tmp_path, process_url=proxy.url) as site:
        site.start()
        for _ in range(times):
            site.wait_until_read(site.clock.now())
            proxy.close()
            time.sleep(OUTAGE)
            proxy.open()
        site.finish(report, "the server was unavailable", times)
        assert "store failing" in site.forks.output(10**6)
