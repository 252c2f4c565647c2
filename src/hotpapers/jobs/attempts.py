"""What follows what, and what a round says of coverage: plain decisions, without clock, network or store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.errors import NetError, PartiallyRead, RequestRefused, RetryLater, StoreError, StreamGap
from hotpapers.ids.timestamps import SECOND
from hotpapers.jobs.isolation import describe_error, is_defect
from hotpapers.model import BEGAN, HOUR, READ_BACK, Coverage, CoverageState

MINUTE = 60
REFUSED_AGAIN = 60 * MINUTE
"""Seconds until a network that refused is asked again."""
FAILED_AGAIN = (30, 15 * MINUTE)
"""Seconds until what could not be reached is asked again: at first, and at most."""
SHORT = HOUR
"""Microseconds without a reading that leave no gap where a wait was asked for: the network is read a little later."""
LONGEST_REASON = 200


class NextAttempt(NamedTuple):
    """What follows a round: the job's state, why, and after how many seconds its next round begins."""

    state: str
    reason: str
    seconds: float


def wait_seconds(failures: int) -> float:
    """Seconds until what failed is tried again. `failures`: how many there were in a row before."""
    first, most = FAILED_AGAIN
    return float(min(first * 2 ** min(failures, 10), most))


def next_attempt(problem: BaseException | None, failures: int, interval: float) -> NextAttempt:
    """What follows a round that ended in a problem, or in none. `failures`: how many there were in a row before."""
    if problem is None:
        return NextAttempt("idle", "", interval)
    wait = wait_seconds(failures)
    if isinstance(problem, RetryLater):
        return NextAttempt("waiting", problem.reason, max(problem.seconds, wait) if failures else problem.seconds)
    if isinstance(problem, RequestRefused):
        return NextAttempt("refused", problem.reason, REFUSED_AGAIN)
    if isinstance(problem, PartiallyRead):
        return NextAttempt("partial", str(problem), problem.again or max(interval, wait))
    if isinstance(problem, StreamGap):  # it answers; and what it has from now on, it will not have for long
        return NextAttempt("down", str(problem), FAILED_AGAIN[0])
    state = "store" if isinstance(problem, StoreError) else "defect" if is_defect(problem) else "down"
    return NextAttempt(state, describe_error(problem)[:LONGEST_REASON], wait)


# ---- coverage ------------------------------------------------------------------------------------------


class TimeRange(NamedTuple):
    """From when until when it is said how a network was read, and when that is said: µs UTC."""

    network: str
    start: int
    until: int
    at: int

    def read(self, state: CoverageState, reason: str = "") -> Coverage:
        """How it was read."""
        return Coverage(
            network=self.network, from_at=self.start, until_at=self.until, state=state,
            reason=reason[:LONGEST_REASON], observed_at=self.at,
        )  # fmt: skip


def complete_coverage(time_range: TimeRange, reach: int | None) -> Iterator[Coverage]:
    """What a reading without a problem says: all was read but what the network no longer remembered.

    `reach`: microseconds that the network's own memory goes back, None for ever.
    """
    forgotten = (
        time_range.start if reach is None else min(max(time_range.start, time_range.at - reach), time_range.until)
    )
    if forgotten > time_range.start:
        reason = "what was said while nothing was read is no longer to be had"
        yield time_range._replace(until=forgotten).read("partial", reason)
    if forgotten < time_range.until:
        yield time_range._replace(start=forgotten).read("complete")


def began_at(network: str, at: int) -> Coverage:
    """That a network is read from a moment on."""
    return TimeRange(network, at, at, at).read("complete", BEGAN)


def read_back(network: str, at: int) -> Coverage:
    """That what a network told of the time before is in the record. Also where no time passed since it was begun, that
    is another word."""
    return TimeRange(network, at + 1, at + 1, at).read("complete", READ_BACK)


def first_read(time_range: TimeRange, since: int) -> Iterator[Coverage]:
    """What it says that a network told all `since` a moment when it was first read, from the stretch's start on: where
    that is later, what was said in between is missing."""
    if since > time_range.start:
        reason = "what was said before it could be read is no longer to be had"
        yield time_range._replace(until=since).read("partial", reason)


def incomplete_coverage(
    time_range: TimeRange, problem: NetError, failing_since: int | None = None
) -> Iterator[Coverage]:
    """What a reading that ended in a problem says. `failing_since`: when the first in a row did, None if this is it.

    A short wait says nothing, until several of them have become a long one: what it delays is read after it.
    """
    if isinstance(problem, StreamGap) and problem.missing:
        start, until = problem.missing
        if start < until:
            yield time_range._replace(start=start, until=until).read("partial", str(problem))
    elif time_range.start < time_range.until and not _is_short_wait(
        problem, time_range.at - (failing_since or time_range.at)
    ):
        yield time_range.read("partial" if isinstance(problem, PartiallyRead | StreamGap) else "refused", str(problem))


def _is_short_wait(problem: NetError, waited: int) -> bool:
    return isinstance(problem, RetryLater) and waited + problem.seconds * SECOND <= SHORT
