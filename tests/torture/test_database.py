"""The database becomes unavailable and comes back: the program continues on its own and loses nothing."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import pytest

from hotpapers.base.errors import NotAStore, UnreachableStore
from hotpapers.jobs import attempts, loop
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.loop import JobLoop
from hotpapers.record import Record
from tests.seeds import generator
from tests.torture.proxy import Proxy
from tests.torture.rig import rig
from tests.torture.table import ALL, Report, torture_only

CONNECTIONS_TO_END = 60 if ALL else 3
PROCESS_IDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hotpapers'"
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
