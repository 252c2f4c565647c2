"""What a job reports of its reading: coverage, from when to when a network was read, and what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base.errors import NetError, PartiallyRead, RetryLater, StreamGap
from hotpapers.base.ids.timestamps import SECOND
from hotpapers.base.model import BEGAN, HOUR, READ_BACK, Coverage, CoverageState
from hotpapers.collect.jobs.attempts import MAX_REASON_CHARS

SHORT = HOUR
"""Microseconds without a reading that leave no gap if the network asked us to wait: we just read it a little later."""


class TimeRange(NamedTuple):
    """A period for which we report how a network was read, and when we report it (`at`). µs UTC."""

    network: str
    start: int
    until: int
    at: int

    def read(self, state: CoverageState, reason: str = "") -> Coverage:
        """The coverage item for this period."""
        return Coverage(
            network=self.network,
            from_at=self.start,
            until_at=self.until,
            state=state,
            reason=reason[:MAX_REASON_CHARS],
            observed_at=self.at,
        )


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


def began_item(network: str, at: int) -> Coverage:
    """Coverage that marks the moment from which a network is read."""
    return TimeRange(network, at, at, at).read("complete", BEGAN)


def read_back_item(network: str, at: int) -> Coverage:
    """Coverage that marks that a network's earlier posts are in the record. It starts 1 µs after `at`, so that its key
    differs from `began_item`'s even if no time has passed."""
    return TimeRange(network, at + 1, at + 1, at).read("complete", READ_BACK)


def first_reading(time_range: TimeRange, since: int) -> Iterator[Coverage]:
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
