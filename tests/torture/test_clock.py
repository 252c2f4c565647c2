"""The machine's clock jumps ahead or back and returns: nothing is lost, and nothing waits for a time that never was."""

from __future__ import annotations

import pytest

from hotpapers.issues.coverage import reading_of
from hotpapers.jobs import queries as jobs_queries
from hotpapers.model import DAY, HOUR
from hotpapers.sources import SOURCES
from hotpapers.store import Record
from tests.torture import agree
from tests.torture.agree import Bounds
from tests.torture.rounds import bench
from tests.torture.table import ALL, Telling
from tests.torture.test_faults import BACK, course_of, labels_of, script_of

YEAR = 365 * DAY
MINUTES = 60_000_000


@pytest.mark.long
@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("source", SOURCES if ALL else ("hackernews",))
def test_a_clock_that_jumps_an_hour_and_back_loses_nothing(
    source: str, hours: int, sqlite_url: str, told: Telling
) -> None:  # fmt: skip
    course = course_of(source)
    with bench(source, sqlite_url, script_of(source), course.start) as one:
        one.until(course.begins)
        one.own.seconds = hours * 3600
        one.until(course.ends)
        one.own.seconds = 0
        one.until_well(hours=3)
        one.after(course.more / 1e6)
        for job in one.jobs:
            assert one.status(job).failing_since is None, one.status(job)
        until = one.clock.now() - (5 * MINUTES if source == "bluesky" else 130 * MINUTES)
        since = course.start + 2 * MINUTES - BACK.get(source, 0)
        bounds = Bounds(script_of(source), one.loopback.bases, since, until, moments=False)
        outcome = agree.whole(one.record, [source], bounds, labels_of(source))
        if hours < 0:  # repeats cannot be identified, since what was said later has an earlier time
            outcome = outcome._replace(doubled=())
        told.row("the clock jumps an hour and back", 1, outcome)
        assert outcome.good and outcome.posts, outcome


def test_what_was_covered_by_a_clock_that_was_ahead_is_not(sqlite_url: str, told: Telling) -> None:
    """The clock is a year ahead for a moment, as on a machine that boots without a network."""
    course = course_of("lobsters")
    with bench("lobsters", sqlite_url, script_of("lobsters"), course.start) as one:
        one.own.seconds = YEAR / 1e6
        one.after(60)
        one.own.seconds = 0
        one.after(2 * 3600)
        one.loopback.plan.add("lobsters=500")
        one.after(4 * 3600)
        spans = [span for span in one.coverage("lobsters") if span.observed_at <= one.clock.now()]
        assert reading_of("lobsters", spans, one.clock.now() - 3 * HOUR, one.clock.now()).state == "refused"
        told.row("the clock is a year ahead, and right again")


def test_a_lease_from_a_clock_that_was_ahead_holds_nobody_up(store_url: str) -> None:
    with Record(store_url) as record:
        now = record.database.clock()
        assert jobs_queries.take_lease(record, "lobsters", "dead", at=now + HOUR)
        assert jobs_queries.take_lease(record, "process:1:dead", "dead", at=now + HOUR)
        assert jobs_queries.count_holders(record, "process:1:") == 0
        assert jobs_queries.take_lease(record, "lobsters", "alive")
        assert not jobs_queries.take_lease(record, "lobsters", "dead"), "it is of this time now"


def test_leases_of_the_dead_are_swept_out(store_url: str) -> None:
    with Record(store_url) as record:
        for n in range(5):
            assert jobs_queries.take_lease(record, f"process:1:{n}", str(n), at=record.database.clock() - HOUR)
        assert jobs_queries.take_lease(record, "lobsters", "alive")
        assert record.database.rows("SELECT source FROM lease") == [("lobsters",)]


def test_a_moment_that_was_reserved_by_a_clock_that_was_ahead_is_not_waited_for(store_url: str) -> None:
    with Record(store_url) as record:
        now = record.database.clock()
        assert jobs_queries.reserve_moment(record, "arxiv.example", 3.0, at=now + HOUR) == 0
        assert jobs_queries.reserve_moment(record, "arxiv.example", 3.0, at=now) == 0
        assert jobs_queries.reserve_moment(record, "arxiv.example", 3.0, at=now) == 3
