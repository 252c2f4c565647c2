"""When the next round starts, what coverage a round reports, and when a part that failed is tried again: decisions
without clock, network or store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from hotpapers.errors import NetError, PartiallyRead, RequestRefused, RetryLater, StoreError, StreamGap, WrongClock
from hotpapers.ids.timestamps import SECOND
from hotpapers.jobs.isolation import describe_error, is_defect, isolated
from hotpapers.jobs.job_state import JobState
from hotpapers.model import BEGAN, DAY, HOUR, READ_BACK, Coverage, CoverageState

MINUTE = 60
REFUSED_AGAIN = 60 * MINUTE
"""Seconds before asking again a network that refused."""
FAILED_AGAIN = (30, 15 * MINUTE)
"""Seconds before retrying something unreachable: the first delay and the longest."""
SHORT = HOUR
"""Microseconds without a reading that leave no gap if the network asked us to wait: we just read it a little later."""
LONGEST_REASON = 200


class NextAttempt(NamedTuple):
    """What follows a round: the job's new state, the reason, and the seconds until the next round."""

    state: str
    reason: str
    seconds: float


def wait_seconds(failures: int) -> float:
    """Seconds to wait before the next try. `failures`: how many preceded this one in a row."""
    first, most = FAILED_AGAIN
    return float(min(first * 2 ** min(failures, 10), most))


def next_attempt(problem: BaseException | None, failures: int, interval: float) -> NextAttempt:
    """What follows a round, given the problem it ended in, if any. `failures`: how many preceded this one in a row."""
    if problem is None:
        return NextAttempt("idle", "", interval)
    wait = wait_seconds(failures)
    if isinstance(problem, RetryLater):
        return NextAttempt("waiting", problem.reason, max(problem.seconds, wait) if failures else problem.seconds)
    if isinstance(problem, RequestRefused):
        return NextAttempt("refused", problem.reason, REFUSED_AGAIN)
    if isinstance(problem, PartiallyRead):
        return NextAttempt("partial", str(problem), problem.again or max(interval, wait))
    if isinstance(problem, StreamGap):  # the network is up, and what it has now it will soon drop: retry quickly
        return NextAttempt("down", str(problem), FAILED_AGAIN[0])
    state = "store" if isinstance(problem, StoreError) else "defect" if is_defect(problem) else "down"
    return NextAttempt(state, describe_error(problem)[:LONGEST_REASON], wait)


def requested_wait(status: JobState, at: int) -> NextAttempt | None:
    """What follows, without a round, if the network said not to ask before a later moment than `at`; None if it may be
    asked. It holds for every process, or a scheduled `collect --once` would ask all the time. No network can ask for
    more than a day: a later moment was computed by a wrong clock."""
    if status.not_before is None or not at < status.not_before <= at + DAY:
        return None
    return NextAttempt("waiting", status.reason, (status.not_before - at) / SECOND)


# ---- coverage ------------------------------------------------------------------------------------------


class TimeRange(NamedTuple):
    """A period for which we report how a network was read, and when we report it (`at`). µs UTC."""

    network: str
    start: int
    until: int
    at: int

    def read(self, state: CoverageState, reason: str = "") -> Coverage:
        """The coverage item for this period."""
        return Coverage(
            network=self.network, from_at=self.start, until_at=self.until, state=state,
            reason=reason[:LONGEST_REASON], observed_at=self.at,
        )  # fmt: skip


def complete_coverage(time_range: TimeRange, reach: int | None) -> Iterator[Coverage]:
    """Coverage after a successful reading: everything was read except what the network had already dropped.

    `reach`: how many microseconds back the network remembers; None for no limit.
    """
    reachable_from = (
        time_range.start if reach is None else min(max(time_range.start, time_range.at - reach), time_range.until)
    )
    if reachable_from > time_range.start:
        reason = "what was said while nothing was read is no longer to be had"
        yield time_range._replace(until=reachable_from).read("partial", reason)
    if reachable_from < time_range.until:
        yield time_range._replace(start=reachable_from).read("complete")


def began_at(network: str, at: int) -> Coverage:
    """Coverage that marks the moment from which a network is read."""
    return TimeRange(network, at, at, at).read("complete", BEGAN)


def read_back(network: str, at: int) -> Coverage:
    """Coverage that marks that a network's earlier posts are in the record. It starts 1 µs after `at`, so that its key
    differs from `began_at`'s even if no time has passed."""
    return TimeRange(network, at + 1, at + 1, at).read("complete", READ_BACK)


def first_read(time_range: TimeRange, since: int) -> Iterator[Coverage]:
    """Coverage after the first reading, which got everything from `since` on. If the period starts earlier, the part
    before `since` is missing."""
    if since > time_range.start:
        reason = "what was said before it could be read is no longer to be had"
        yield time_range._replace(until=since).read("partial", reason)


def incomplete_coverage(
    time_range: TimeRange, problem: NetError, failing_since: int | None = None
) -> Iterator[Coverage]:
    """Coverage after a reading that ended in a problem. `failing_since`: when the first failure in a row happened; None
    if this is the first.

    A short wait reports nothing, since the next reading makes up for it; several in a row that add up to a long one do.
    """
    if isinstance(problem, StreamGap) and problem.missing:
        start, until = problem.missing
        if start < until:
            yield time_range._replace(start=start, until=until).read("partial", str(problem))
        return
    waited = time_range.at - (failing_since or time_range.at)
    is_short_wait = isinstance(problem, RetryLater) and waited + problem.seconds * SECOND <= SHORT
    if time_range.start < time_range.until and not is_short_wait:
        yield time_range.read("partial" if isinstance(problem, PartiallyRead | StreamGap) else "refused", str(problem))


# ---- parts of a job --------------------------------------------------------------------------------------


class FailedPart(NamedTuple):
    """A part that failed: when (µs UTC), how often in a row, and why."""

    at: int
    failures: int
    reason: str

    def waits(self, at: int) -> bool:
        """Whether the part should still wait at a moment. It should not if the clock was set back since it failed."""
        return self.at <= at < self.at + wait_seconds(self.failures - 1) * SECOND


class PartRetries:
    """Retries of the parts of one job: each failing part waits on its own, without delaying the others. `job`: its
    name."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._failed: dict[str, FailedPart] = {}

    def attempt(self, part: str, at: int, do: Callable[[], None]) -> list[str]:
        """Runs a part, unless it failed a short while ago, and returns its problems. A wrong clock is checked again
        every round. Raises errors that end a round (see `isolation`)."""
        before = self._failed.pop(part, None)
        if before is not None and before.waits(at):
            self._failed[part] = before
            return [before.reason]
        problems: list[str] = []
        with isolated(problems, self._job, part):
            try:
                do()
            except WrongClock as problem:
                return [f"{part}: {problem}"]
        if problems:
            self._failed[part] = FailedPart(at, before.failures + 1 if before else 1, problems[0])
        return problems
