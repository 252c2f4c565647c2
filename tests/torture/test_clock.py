"""The machine's clock jumps ahead or back and returns: nothing is lost, and nothing waits too long."""

from __future__ import annotations

import pytest

from hotpapers.base.model import DAY, HOUR
from hotpapers.issues.coverage import reading_of
from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from tests.torture import comparison
from tests.torture.comparison import Bounds
from tests.torture.site import READ
from tests.torture.source_jobs import source_jobs
from tests.torture.table import ALL, Report
from tests.torture.test_faults import LOOKBACK, course_of, labels_of, script_of

YEAR = 365 * DAY
MINUTES = 60_000_000


@pytest.mark.long
@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("source", READ if ALL else ("hackernews",))
def test_a_clock_that_jumps_an_hour_and_back_loses_nothing(
    source: str, hours: int, sqlite_url: str, report: Report
) -> None:  # fmt: skip
    course = course_of(source)
    with source_jobs(source, sqlite_url, script_of(source), course.start) as site:
        site.run_until(course.fault_start)
        site.job_clock.offset = hours * 3600
        site.run_until(course.fault_end)
        site.job_clock.offset = 0
        site.run_until_recovered(hours=3)
        site.run_for(course.run_after / 1e6)
        for job in site.jobs:
            assert site.status(job).failing_since is None, site.status(job)
        until = site.clock.now() - (5 * MINUTES if source == "bluesky" else 130 * MINUTES)
        since = course.start + 2 * MINUTES - LOOKBACK.get(source, 0)
        bounds = Bounds(script_of(source), site.loopback.bases, since, until, clocks_are_right=False)
        outcome = comparison.compare_all(site.record, [source], bounds, labels_of(source))
        if hours < 0:  # repeats cannot be identified, since later posts have earlier times
            outcome = outcome._replace(duplicates=())
        report.add_row("the clock jumps an hour and back", 1, outcome)
        assert outcome.is_clean and outcome.posts, outcome


def test_coverage_from_a_clock_that_was_ahead_does_not_count(sqlite_url: str, report: Report) -> None:
    """The clock is a year ahead for a moment, as on a machine that boots without a network."""
    course = course_of("lobsters")
    with source_jobs("lobsters", sqlite_url, script_of("lobsters"), course.start) as site:
        site.job_clock.offset = YEAR / 1e6
        site.run_for(60)
        site.job_clock.offset = 0
        site.run_for(2 * 3600)
        site.loopback.plan.add("lobsters=500")
        site.run_for(4 * 3600)
        spans = [span for span in site.coverage("lobsters") if span.observed_at <= site.clock.now()]
        assert reading_of("lobsters", spans, site.clock.now() - 3 * HOUR, site.clock.now()).state == "refused"
        report.add_row("the clock is a year ahead, and right again")


def test_a_lease_from_a_clock_that_was_ahead_blocks_no_process(store_url: str) -> None:
    with Record(store_url) as record:
        now = record.database.clock()
        assert jobs_queries.take_lease(record, "lobsters", "dead", at=now + HOUR)
        assert jobs_queries.take_lease(record, "process:dead", "dead", at=now + HOUR)
        assert jobs_queries.announced_holders(record, "process:") == []
        assert jobs_queries.take_lease(record, "lobsters", "alive")
        assert not jobs_queries.take_lease(record, "lobsters", "dead"), "the lease is of the present now"


def test_leases_of_dead_processes_are_removed(store_url: str) -> None:
    with Record(store_url) as record:
        for n in range(5):
            assert jobs_queries.take_lease(record, f"process:1:{n}", str(n), at=record.database.clock() - HOUR)
        assert jobs_queries.take_lease(record, "lobsters", "alive")
        assert record.database.rows("SELECT source FROM lease") == [("lobsters",)]
