"""Each source under each fault reports it, claims no coverage that it lacks, recovers, and misses nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.issues.coverage import reading_of
from tests.loopback.clock import moment
from tests.loopback.script import MINUTE
from tests.loopback.world import World
from tests.torture import comparison
from tests.torture.comparison import Bounds
from tests.torture.site import QUICK_LIMITS, READ
from tests.torture.source_jobs import SourceJobs, source_jobs
from tests.torture.table import ALL, Report

SCRIPT = World(3, "2026-02-23", post_rate=6)
BUSY_SCRIPT = World(3, "2026-02-23", post_rate=60)
"""A stream is read for minutes only, so it needs many posts."""
DOWN_FAULTS = ("refused", "reset", "stall", "truncated", "oversized", "malformed", "html", "500", "502")
REFUSALS = ("401", "403", "404", "410", "redirect")
DELAYS = ("429", "503")
UNNOTICEABLE = ("slow:0.1", "skewed", "replayed", "reversed", "doubled", "empty", "blind")
"""Faults that a source cannot notice, or need not, since it gets an answer."""
FAULTS = (*DOWN_FAULTS, *REFUSALS, *DELAYS, *UNNOTICEABLE)
BRIEF_LIMITS = QUICK_LIMITS._replace(connect=0.3, read=0.2, tries=1)
"""Short waits where no answer comes."""
STATES = {
    **dict.fromkeys(DOWN_FAULTS, "down"),
    **dict.fromkeys(REFUSALS, "refused"),
    **dict.fromkeys(DELAYS, "waiting"),
}
EXCEPTIONS = {"bluesky": ("redirect", "down"), "feeds": ("", "partial"), "x": ("", "waiting")}
"""A redirected websocket cannot be opened; an unchanged feed has no content to damage; where money may have been spent,
the next request comes much later."""
UNNOTICED_PAIRS = {("feeds", "malformed")}
"""Another fault that a source does not notice: damaged feeds are repaired."""
DENIALS = ("404", "410", "empty", "blind")
"""Under these faults a network reports every post as missing."""
LABEL = "2026-03-10"


class Course(NamedTuple):
    """The course of a case: its start, when the fault starts and ends, how long the jobs run afterwards."""

    start: int
    fault_start: int
    fault_end: int
    run_after: int


EVENING = moment(f"{LABEL}T02:00")
"""Two hours before the day's feeds appear."""
POLLED = Course(EVENING, EVENING + 90 * MINUTE, EVENING + 190 * MINUTE, 3 * HOUR)
NOON = moment(f"{LABEL}T15:00")
STREAM = Course(NOON, NOON + 6 * MINUTE, NOON + 26 * MINUTE, 6 * MINUTE)


LOOKBACK = {
    "feeds": 2 * DAY,
    "hackernews": 2 * DAY,
    "huggingface": DAY,
    "lobsters": 2 * DAY,
    "reddit": DAY,
    "x": 2 * DAY,
}
"""At least how far back a source starts reading."""


def course_of(source: str) -> Course:
    """The course of a source's cases."""
    return STREAM if source == "bluesky" else POLLED


def script_of(source: str) -> World:
    """What happens on a source's network."""
    return BUSY_SCRIPT if source == "bluesky" else SCRIPT


FAULTS_FOR_BOTH = ("reset", "malformed", "403", "429", "doubled")
"""Faults tested with both databases: one of each sort."""
FEW_FAULTS = ("refused", "truncated", "html", "403", "redirect", "429", "doubled", "blind")


def cases() -> list[Any]:
    """Every source with every fault; in ordinary runs, every source with one fault and one source with several."""
    if not ALL:
        cases_of_few = [*((source, "500") for source in READ), *(("lobsters", fault) for fault in FEW_FAULTS)]
        return [pytest.param("sqlite", *case) for case in cases_of_few]
    cases_of_all = [("sqlite", source, fault) for source in READ for fault in FAULTS]
    cases_of_all += [("postgres", source, fault) for source in READ for fault in FAULTS_FOR_BOTH]
    return [pytest.param(*case) for case in cases_of_all]


@pytest.mark.long
@pytest.mark.parametrize(("store_url", "source", "fault"), cases(), indirect=["store_url"])
def test_a_source_under_a_fault(store_url: str, source: str, fault: str, report: Report) -> None:
    course = course_of(source)
    limits = BRIEF_LIMITS if fault == "stall" else QUICK_LIMITS
    with source_jobs(source, store_url, script_of(source), course.start, limits=limits) as site:
        site.run_until(course.fault_start)
        assert site.status(source).failing_since is None
        site.loopback.plan.add(f"{source}={fault}")
        fault_time = site.clock.now()
        site.run_until(course.fault_end)
        if is_noticed(source, fault):
            check_report(site, source, fault, fault_time)
        site.loopback.plan.clear()
        site.run_until_recovered(hours=7)
        site.run_for(course.run_after / 1e6)
        assert site.loopback.trap_requests == 0
        for job in site.jobs:
            status = site.status(job)
            assert (status.failing_since, status.reason) == (None, ""), status
        outcome = comparison.compare_all(site.record, [source], bounds_of(site, source, fault), labels_of(source))
        report.add_row(f"{source} under each fault, {store_url.partition(':')[0]}", 1, outcome)
        assert outcome.is_clean and outcome.posts, outcome


def is_noticed(source: str, fault: str) -> bool:
    """Whether a source can notice the fault."""
    if source == "bluesky" and fault in ("empty", "blind"):
        return True
    return fault not in UNNOTICEABLE and (source, fault) not in UNNOTICED_PAIRS


def check_report(site: SourceJobs, source: str, fault: str, fault_time: int) -> None:
    """Check that the source is marked as failing, with a reason, and claims no coverage of what it did not read."""
    status = site.status(source)
    assert status.failing_since is not None and fault_time <= status.failing_since <= fault_time + HOUR, status
    assert status.reason and status.state in states_of(source, fault), status
    assert "made-up" not in status.reason, "a secret"
    spans = site.coverage(source)
    assert not [span for span in spans if span.state == "complete" and span.until_at > fault_time], spans
    if source == "arxiv":
        assert days.announced_at(LABEL) not in {span.from_at for span in spans}
    elif status.state == "waiting" and site.clock.now() - fault_time < HOUR:  # a short wait leaves no gap
        assert not [span for span in spans if span.until_at > fault_time], spans
    else:
        assert reading_of(source, spans, fault_time - HOUR, site.clock.now()).state != "complete"


def states_of(source: str, fault: str) -> set[str]:
    """The states that a source may report under a fault."""
    exceptional_fault, exceptional_state = EXCEPTIONS.get(source, ("", ""))
    usual_state = STATES.get(fault, "down")
    return (
        {usual_state, exceptional_state}
        if (exceptional_fault in ("", fault) and usual_state == "down") or exceptional_fault == fault
        else {usual_state}
    )


def labels_of(source: str) -> list[str]:
    """The arXiv days that must have been read."""
    return [LABEL] if source == "arxiv" else []


def bounds_of(site: SourceJobs, source: str, fault: str) -> Bounds:
    """What the record must contain: all but the last hours, which may not have been requested yet."""
    course = course_of(source)
    if source == "bluesky":
        since, until = course.start + 2 * MINUTE, site.clock.now() - 5 * MINUTE
    else:
        since, until = course.start - LOOKBACK.get(source, 0), site.clock.now() - 130 * MINUTE
    staleness = 2 * HOUR if fault == "replayed" else 0
    denial = (course.fault_start, course.fault_end + 60 * MINUTE) if fault in DENIALS else (0, 0)
    return Bounds(script_of(source), site.loopback.bases, since, until, staleness, fault != "skewed", denial)
