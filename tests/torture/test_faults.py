"""Each source under each fault: reports it, claims no coverage that it lacks, recovers, and misses nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from hotpapers import announcement_days as days
from hotpapers.issues.coverage import reading_of
from hotpapers.model import DAY, HOUR
from hotpapers.sources import SOURCES
from tests.loopback.clock import moment
from tests.loopback.script import MINUTE
from tests.loopback.world import World
from tests.torture import agree
from tests.torture.agree import Bounds
from tests.torture.rounds import Bench, bench
from tests.torture.site import QUICK
from tests.torture.table import ALL, Telling

SCRIPT = World(3, "2026-02-23", talk=6)
LOUD = World(3, "2026-02-23", talk=60)
"""A stream is read for minutes only, so it needs much talk."""
DOWN = ("refused", "reset", "stall", "truncated", "oversized", "malformed", "html", "500", "502")
NO = ("401", "403", "404", "410", "redirect")
LATER = ("429", "503")
QUIET = ("slow:0.1", "skewed", "replayed", "reversed", "doubled", "empty", "blind")
"""Faults that a source cannot notice, or need not: it got an answer."""
FAULTS = (*DOWN, *NO, *LATER, *QUIET)
BRIEF = QUICK._replace(connect=0.3, read=0.2, tries=1)
"""Do not wait long where nothing comes."""
STATES = {**dict.fromkeys(DOWN, "down"), **dict.fromkeys(NO, "refused"), **dict.fromkeys(LATER, "waiting")}
OTHERWISE = {"bluesky": ("redirect", "down"), "feeds": ("", "partial"), "x": ("", "waiting")}
"""A redirected websocket is no websocket; an unchanged feed has nothing to break; where money may have been spent, the
next request comes much later."""
UNSEEN = {("feeds", "malformed")}
"""Another fault that a source cannot notice: feeds are repaired, whatever is wrong with them."""
DENYING = ("404", "410", "empty", "blind")
"""Under these faults a network reports every post as missing."""
LABEL = "2026-03-10"


class Course(NamedTuple):
    """The course of a case: its start, when the fault begins and ends, how long it continues afterwards."""

    start: int
    begins: int
    ends: int
    more: int


EVENING = moment(f"{LABEL}T02:00")
"""Two hours before the day's feeds appear."""
POLLED = Course(EVENING, EVENING + 90 * MINUTE, EVENING + 190 * MINUTE, 3 * HOUR)
NOON = moment(f"{LABEL}T15:00")
STREAM = Course(NOON, NOON + 6 * MINUTE, NOON + 26 * MINUTE, 6 * MINUTE)


BACK = {"feeds": 2 * DAY, "hackernews": 2 * DAY, "huggingface": DAY, "lobsters": 2 * DAY, "reddit": DAY, "x": 2 * DAY}
"""At least how far back a source starts reading."""


def course_of(source: str) -> Course:
    """The course of a source's cases."""
    return STREAM if source == "bluesky" else POLLED


def script_of(source: str) -> World:
    """What happens on its network."""
    return LOUD if source == "bluesky" else SCRIPT


BOTH = ("reset", "malformed", "403", "429", "doubled")
"""Faults tested with both databases: one of each sort."""
FEW = ("refused", "truncated", "html", "403", "redirect", "429", "doubled", "blind")


def cases() -> list[Any]:
    """Every source with every fault; in ordinary runs, every source with one fault and one source with several."""
    if not ALL:
        few = [*((source, "500") for source in SOURCES), *(("lobsters", fault) for fault in FEW)]
        return [pytest.param("sqlite", *case) for case in few]
    many = [("sqlite", source, fault) for source in SOURCES for fault in FAULTS]
    many += [("postgres", source, fault) for source in SOURCES for fault in BOTH]
    return [pytest.param(*case) for case in many]


@pytest.mark.long
@pytest.mark.parametrize(("store_url", "source", "fault"), cases(), indirect=["store_url"])
def test_a_source_under_a_fault(store_url: str, source: str, fault: str, told: Telling) -> None:
    course = course_of(source)
    limits = BRIEF if fault == "stall" else QUICK
    with bench(source, store_url, script_of(source), course.start, limits=limits) as one:
        one.until(course.begins)
        assert one.status(source).failing_since is None
        one.loopback.plan.add(f"{source}={fault}")
        began = one.clock.now()
        one.until(course.ends)
        if is_noticed(source, fault):
            says_so(one, source, fault, began)
        one.loopback.plan.clear()
        one.until_well(hours=7)
        one.after(course.more / 1e6)
        assert one.loopback.trap_requests == 0
        for job in one.jobs:
            status = one.status(job)
            assert (status.failing_since, status.reason) == (None, ""), status
        outcome = agree.whole(one.record, [source], bounds_of(one, source, fault), labels_of(source))
        told.row(f"{source} under each fault, {store_url.partition(':')[0]}", 1, outcome)
        assert outcome.good and outcome.posts, outcome


def is_noticed(source: str, fault: str) -> bool:
    """Whether a source can notice the fault."""
    if source == "bluesky" and fault in ("empty", "blind"):
        return True
    return fault not in QUIET and (source, fault) not in UNSEEN


def says_so(one: Bench, source: str, fault: str, began: int) -> None:
    """The source is marked as failing, with a reason, and claims no coverage of what it did not read."""
    status = one.status(source)
    assert status.failing_since is not None and began <= status.failing_since <= began + HOUR, status
    assert status.reason and status.state in states_of(source, fault), status
    assert "made-up" not in status.reason, "a secret"
    spans = one.coverage(source)
    assert not [span for span in spans if span.state == "complete" and span.until_at > began], spans
    if source == "arxiv":
        assert days.announced_at(LABEL) not in {span.from_at for span in spans}
    elif status.state == "waiting" and one.clock.now() - began < HOUR:  # a short wait leaves no gap
        assert not [span for span in spans if span.until_at > began], spans
    else:
        assert reading_of(source, spans, began - HOUR, one.clock.now()).state != "complete"


def states_of(source: str, fault: str) -> set[str]:
    """The states that a source may report under a fault."""
    only, state = OTHERWISE.get(source, ("", ""))
    usual = STATES.get(fault, "down")
    return {usual, state} if (only in ("", fault) and usual == "down") or only == fault else {usual}


def labels_of(source: str) -> list[str]:
    """The arXiv days that must have been read."""
    return [LABEL] if source == "arxiv" else []


def bounds_of(one: Bench, source: str, fault: str) -> Bounds:
    """What must be there: all but the last hours, which may not have been requested yet."""
    course = course_of(source)
    if source == "bluesky":
        since, until = course.start + 2 * MINUTE, one.clock.now() - 5 * MINUTE
    else:
        since, until = course.start - BACK.get(source, 0), one.clock.now() - 130 * MINUTE
    stale = 2 * HOUR if fault == "replayed" else 0
    denied = (course.begins, course.ends + 60 * MINUTE) if fault in DENYING else (0, 0)
    return Bounds(script_of(source), one.loopback.bases, since, until, stale, fault != "skewed", denied)
