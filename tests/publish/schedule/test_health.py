"""The site's health: problems for the operator, metrics for machines, and the addresses that serve them."""

from __future__ import annotations

import json
import re
import socket
import urllib.error
import urllib.request
from functools import partial

import msgspec
import pytest

from hotpapers.base import network_terms
from hotpapers.base.errors import SettingsError, UnreachableStore
from hotpapers.base.http.address_guard import address_of
from hotpapers.base.model import DAY, HOUR, Publication
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.job_state import JobState
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.publish.schedule.health import SILENT, SiteHealth, assess_health, dead_jobs, format_metrics
from hotpapers.publish.schedule.housekeeping import HousekeepingJob
from hotpapers.record import Record
from hotpapers.record.statistics import store_totals
from hotpapers.serve.monitoring import serve_monitoring
from hotpapers.serve.server import background_server
from tests.collect.sources.net import ScriptedClient
from tests.conftest import data
from tests.issues.made import moment

NOW = moment("2024-05-08T09:00")
"""A Wednesday."""
GOOD = JobState(
    source="lobsters", started_at=NOW - HOUR, success_at=NOW, covered_to=NOW, items=7, requests=3, bytes_in=900
)
BAD = JobState(source="reddit", started_at=NOW, failing_since=NOW - HOUR, state="refused", reason="answered 403")


def test_a_silent_job_is_dead_and_a_waiting_one_is_not() -> None:
    assert not list(dead_jobs([GOOD, BAD], NOW + SILENT, silent=SILENT))
    [problem] = dead_jobs([GOOD], NOW + SILENT + 60_000_000, silent=SILENT)
    assert problem.startswith("lobsters: nothing heard for 16 min")
    waiting = JobState(source="x", started_at=NOW - DAY, next_at=NOW + DAY)
    assert not list(dead_jobs([waiting], NOW + DAY, silent=SILENT))


def test_moments_of_a_clock_that_was_ahead_do_not_hide_a_dead_job() -> None:
    ahead = msgspec.structs.replace(GOOD, started_at=NOW + 365 * DAY, next_at=NOW + 365 * DAY)
    assert not list(dead_jobs([ahead], NOW + SILENT, silent=SILENT))
    assert not list(dead_jobs([msgspec.structs.replace(GOOD, success_at=NOW + 1)], NOW, silent=SILENT)), (
        "another machine's clock"
    )
    [problem] = dead_jobs([ahead], NOW + 3 * DAY, silent=SILENT)
    assert problem.startswith("lobsters: nothing heard for 3 days")


def test_jobs_of_a_single_round_are_not_dead_while_others_take_long(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        jobs_queries.save_state(record, GOOD)
        later = NOW + SILENT + 60_000_000
        assert not assess_health(record, [], later).ok and assess_health(record, [], later, once=True).ok
        assert not assess_health(record, [], NOW + 2 * DAY, once=True).ok, "it was not part of this round"


def test_an_issue_that_is_overdue_is_a_problem_and_a_network_that_refuses_is_none(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        daily = Publication(publication="daily", title="D", observed_at=NOW - 2 * DAY)
        record.append([daily], source="settings", at=NOW - 2 * DAY)
        for status in (GOOD, BAD):
            jobs_queries.save_state(record, status)
        site_health = assess_health(record, ["daily"], moment("2024-05-07T09:00"))
        assert site_health == SiteHealth(True, (), ("reddit: refused: answered 403",))
        later_health = assess_health(record, [], NOW + 9 * DAY, jobs={"issues"})
        assert later_health == SiteHealth(True, (), ()), "both were switched off in the settings"
        overdue_health = assess_health(record, ["daily"], NOW)
        assert not overdue_health.ok and "daily: the issue of 2024-05-07 is overdue" in overdue_health.problems


def test_a_weekly_issue_waits_for_no_announcement_and_is_overdue_an_hour_after_its_own(sqlite_url: str) -> None:
    start = moment("2024-05-01")
    with Record(sqlite_url) as record:
        weekly = Publication(publication="weekly", title="W", window="weekly", hour=8, observed_at=start)
        daily = Publication(publication="daily", title="D", observed_at=start)
        record.append([weekly, daily], source="settings", at=start)
        assert assess_health(record, ["weekly"], moment("2024-05-06T09:00")).ok
        overdue_health = assess_health(record, ["weekly"], moment("2024-05-06T09:01"))
        assert overdue_health.problems == ("weekly: the issue of 2024-05-06 is overdue",)
        for reason, ending in (
            ("daily: no network was read", ""),
            ("waits for what was posted: a, b", ": it waits for what was posted: a, b"),
            ("weekly: it broke; daily: it stopped; it ended", ": it broke"),
            ("daily: it stopped; weekly, site: /srv: is full; pages: no", ""),
            ("hotpapers.db: the disk is full", ": hotpapers.db: the disk is full"),
        ):
            state = JobState(source="issues", reason=reason, next_at=moment("2024-05-06T09:01"))
            jobs_queries.save_state(record, state)
            overdue_health = assess_health(record, ["weekly"], moment("2024-05-06T09:01"))
            assert overdue_health.problems[-1] == f"weekly: the issue of 2024-05-06 is overdue{ending}"
        jobs_queries.save_state(record, msgspec.structs.replace(state, next_at=moment("2024-05-06T07:00")))
        overdue_health = assess_health(record, ["weekly"], moment("2024-05-06T09:01"))
        assert overdue_health.problems[-1].endswith("is overdue"), "what was said two hours ago holds up nothing now"


def test_the_figures_are_as_prometheus_reads_them(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append([Publication(publication="daily", title="D", observed_at=NOW)], source="settings", at=NOW)
        counts = store_totals(record)._replace(size=4096)
    text = format_metrics(counts, [BAD, GOOD], SiteHealth(True, (), ()))
    assert text == data("running", "metrics.txt").read_text("utf-8")


def test_machines_ask_at_an_address() -> None:
    states = [SiteHealth(True, (), ()), SiteHealth(False, ("the issue is overdue",), ())]

    def ask() -> SiteHealth:
        if not states:
            raise UnreachableStore("the server does not answer")
        return states.pop(0)

    with serve_monitoring("127.0.0.1:0", ask, lambda: "hotpapers_up 1\n") as port:
        base = f"http://127.0.0.1:{port}"
        assert fetch(f"{base}/metrics") == (200, "hotpapers_up 1\n")
        assert fetch(f"{base}/health") == (200, '{"ok": true, "problems": [], "failing": [], "without_issue": []}')
        assert fetch(f"{base}/health")[0] == 503
        status_, body = fetch(f"{base}/health")
        assert status_ == 503 and json.loads(body)["problems"] == ["store: the server does not answer"]
        assert fetch(f"{base}/else")[0] == 404
        assert fetch(f"{base}/metrics", "HEAD") == (200, "") and fetch(f"{base}/health", "HEAD") == (503, "")
        with pytest.raises(SettingsError, match="choose another"), serve_monitoring(f"127.0.0.1:{port}", ask, str):
            pass


@pytest.mark.parametrize("target, status", [
    ("http://monitor.example/metrics", 200), ("HTTPS://monitor.example:9464/metrics?at=7", 200), ("/metrics?at=7", 200),
    ("http://monitor.example", 404), ("*", 404), ("//monitor.example/metrics", 404),
])  # fmt: skip
def test_a_target_may_be_a_whole_address(target: str, status: int) -> None:
    with (
        serve_monitoring("127.0.0.1:0", lambda: SiteHealth(True, (), ()), lambda: "hotpapers_up 1\n") as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: monitor.example\r\n\r\n".encode())
        assert client.makefile("rb").readline().split()[1] == str(status).encode()


def fetch(url: str, method: str = "GET") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()


@pytest.mark.parametrize(
    "listen", ["", "9464", "localhost", "localhost:port", ":1", "h:99999", "a\0b:1", "é:1", "a b:1"]
)
def test_an_invalid_address_is_named(listen: str) -> None:
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:9464"):
        address_of(listen)


def test_addresses_of_both_kinds() -> None:
    assert address_of("[::1]:9464") == ("::1", 9464) and address_of("host.example:1") == ("host.example", 1)
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    with background_server("[::1]:0", [], "nothing here", "--listen") as port:
        socket.create_connection(("::1", port), 10).close()


def test_counters_and_only_they_are_named_as_totals() -> None:
    """https://prometheus.io/docs/practices/naming/"""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", data("running", "metrics.txt").read_text(), re.M))
    assert {name for name, type in types.items() if type == "counter"} == {n for n in types if n.endswith("_total")}
    assert set(types.values()) == {"counter", "gauge"}
    assert all(re.fullmatch(r"hotpapers(_[a-z]+)+", name) for name in types)


def test_a_monitor_is_pinged_once_an_hour_while_all_is_well(sqlite_url: str) -> None:
    http = ScriptedClient({"https://ping.example/7": b"OK"})
    state = [SiteHealth(True, (), ())]
    job = HousekeepingJob(
        Connection(http),
        "https://ping.example/7",
        lambda work, once: state[0],
        allowed=network_terms.TERMS,
        witnesses=None,
    )
    open_record = partial(Record, sqlite_url)
    rounds = JobLoop(job.name, lambda: job, open_record, Leases(open_record, "one"), Clock(http.now, http.sleep))
    for _ in range(24):
        rounds.attempt()
        http.sleep(300)
    assert len(http.requests) == 2
    state[0] = SiteHealth(False, ("overdue",), ())
    http.sleep(7200)
    rounds.attempt()
    assert len(http.requests) == 2
    rounds._close_store()
