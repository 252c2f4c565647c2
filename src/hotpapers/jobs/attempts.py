"""When the next round starts, and when a part that failed is tried again: decisions without clock, network or store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from hotpapers.base.errors import PartiallyRead, RequestRefused, RetryLater, StoreError, StreamGap, WrongClock
from hotpapers.base.model import DAY
from hotpapers.base.text.timestamps import SECOND
from hotpapers.jobs.isolation import describe_error, is_defect, isolate_failures
from hotpapers.jobs.job_state import UNREACHABLE, JobState

MINUTE = 60
REFUSED_AGAIN = 60 * MINUTE
"""Seconds before asking again a network that refused."""
FAILED_AGAIN = (30, 15 * MINUTE)
"""Seconds before retrying something unreachable: the first delay and the longest."""
MAX_REASON_CHARS = 200


class NextAttempt(NamedTuple):
    """The consequence of a round: the job's new state, the reason, and the seconds until the next round."""

    state: str
    reason: str
    seconds: float


def wait_seconds(failures: int) -> float:
    """Seconds to wait before the next try. `failures`: how many preceded this one in a row."""
    first, most = FAILED_AGAIN
    return float(min(first * 2 ** min(failures, 10), most))


def next_attempt(problem: BaseException | None, failures: int, interval: float) -> NextAttempt:
    """Returns the job's state and wait after a round, given the problem it ended in, if any. `failures`: how many
    preceded this one in a row."""
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
        return NextAttempt(UNREACHABLE, str(problem), FAILED_AGAIN[0])
    state = "store" if isinstance(problem, StoreError) else "defect" if is_defect(problem) else UNREACHABLE
    return NextAttempt(state, describe_error(problem)[:MAX_REASON_CHARS], wait)


def requested_wait(status: JobState, at: int) -> NextAttempt | None:
    """Returns a waiting state, without a round, if the network forbade requests until some moment after `at`. Returns
    None if requests are allowed. The wait holds for every process, or a scheduled `collect --once` would ask all the
    time. No network can ask for more than a day: a later moment was computed by a wrong clock."""
    if status.not_before is None or not at < status.not_before <= at + DAY:
        return None
    return NextAttempt("waiting", status.reason, (status.not_before - at) / SECOND)


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

    def drop_others(self, endings: Collection[str]) -> list[tuple[str, str]]:
        """Forgets the failed parts whose names end with no such word. Returns them and why they failed."""
        dropped = [part for part in self._failed if part.rpartition(" ")[2] not in endings]
        return [(part, self._failed.pop(part).reason) for part in dropped]

    def attempt(self, part: str, now: Callable[[], int], do: Callable[[], None], not_before: int = 0) -> list[str]:
        """Runs a part, unless it failed a short while ago, and returns its problems. A wrong clock is checked again
        every round. `not_before`: until when it must wait in any case; an earlier failure is not forgotten meanwhile.
        Raises errors that end a round (see `isolation`)."""
        at = now()
        before = self._failed.get(part)
        if before is not None and before.waits(at):
            return [before.reason]
        if not_before and at < not_before <= at + DAY:  # a later moment is from before the clock was set back
            return []
        self._failed.pop(part, None)
        problems: list[str] = []
        with isolate_failures(problems, self._job, part):
            try:
                do()
            except WrongClock as problem:
                return [f"{part}: {problem}"]
        if problems:
            self._failed[part] = FailedPart(now(), before.failures + 1 if before else 1, problems[0])
        return problems
