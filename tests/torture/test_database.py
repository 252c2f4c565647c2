"""The database goes away and comes back: the program continues on its own and loses nothing."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from hotpapers.errors import NotAStore, UnreachableStore
from hotpapers.jobs import attempts, runner
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.loop import JobLoop
from hotpapers.store import Record
from tests.torture.proxy import Proxy
from tests.torture.rig import rig
from tests.torture.table import ALL, Telling, at_length

TIMES = 60 if ALL else 3
OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hotpapers'"
PATIENCE = 300
"""Real seconds: a slow machine needs time to connect."""
AWAY = 3.0 if ALL else 0.5
"""Real seconds for which the server refuses connections; over a quarter of an hour at this speed."""


@pytest.mark.long
def test_connections_that_are_ended_at_any_moment(postgres_url: str, tmp_path: Path, told: Telling) -> None:
    import psycopg

    dice, ended = random.Random(4), 0
    with rig(postgres_url, tmp_path) as site, psycopg.connect(postgres_url, autocommit=True) as server:
        deadline = time.monotonic() + PATIENCE
        with Record(postgres_url) as record:
            site.start()
            while not jobs_queries.all_states(record) and time.monotonic() < deadline:
                time.sleep(0.05)  # without a store at startup the program reports it and exits
        while ended <= TIMES and time.monotonic() < deadline:
            time.sleep(dice.uniform(0, 0.4))
            for (pid,) in server.execute(OTHERS).fetchall():
                if dice.random() < 0.5:
                    ended += bool(server.execute("SELECT pg_terminate_backend(%s)", (pid,)).rowcount)
        assert ended > TIMES
        site.tell(told, "connections ended by the server", ended)


def test_a_job_that_cannot_be_made_yet_is_made_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FAILED_AGAIN", (0.01, 0.01))
    stop, tries = threading.Event(), list[int]()

    def away(until: int) -> JobLoop:
        tries.append(1)
        if len(tries) < until:
            raise UnreachableStore("no server")
        stop.set()
        raise UnreachableStore("and none comes")

    runner.JobRunner({"job": partial(away, 3)}, stop).run()
    assert len(tries) == 3, "tried again until it was told to stop"
    away_once = UnreachableStore("no server")
    assert runner.JobRunner({"job": partial(_raise, away_once)}, threading.Event()).run(once=True) == [away_once]
    for once in (True, False):
        with pytest.raises(NotAStore):
            runner.JobRunner({"job": partial(_raise, NotAStore("no waiting"))}, threading.Event()).run(once=once)


def _raise(problem: Exception) -> JobLoop:
    raise problem


@at_length
def test_a_server_that_is_away_for_a_while(postgres_url: str, tmp_path: Path, told: Telling) -> None:
    times = 6 if ALL else 1
    with Record(postgres_url):
        pass
    with Proxy(postgres_url) as proxy, rig(postgres_url, tmp_path, seen_as=proxy.url) as site:
        site.start()
        for _ in range(times):
            site.wait_until_read(site.clock.now())
            proxy.shut()
            time.sleep(AWAY)
            proxy.open()
        site.tell(told, "the server was away", times)
        assert "store failing" in site.forks.said(10**6)
