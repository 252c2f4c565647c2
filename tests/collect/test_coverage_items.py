"""What a reading reports: what was read, and what is missing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater, StreamGap
from hotpapers.base.model import DAY, HOUR
from hotpapers.collect.collect_job import TimeRange, complete_coverage, incomplete_coverage
from tests.collect.sources.net import START


@given(st.integers(0, 40 * DAY), st.integers(0, HOUR), st.one_of(st.none(), st.integers(0, 30 * DAY)))
def test_a_gap_is_complete_only_within_the_networks_memory(gap: int, delay: int, reach: int | None) -> None:
    at = START + gap + delay
    rows = list(complete_coverage(TimeRange("x", START, START + gap, at), reach))
    if gap == 0:
        assert not rows
        return
    assert (rows[0].from_at, rows[-1].until_at) == (START, START + gap)
    assert all(row.until_at == following.from_at for row, following in pairwise(rows))
    complete = sum(row.until_at - row.from_at for row in rows if row.state == "complete")
    assert complete == (gap if reach is None else min(gap, max(reach - delay, 0)))
    assert {row.state for row in rows} <= {"complete", "partial"}


def test_a_failure_is_never_complete_and_says_why() -> None:
    time_range = TimeRange("x", START, START + HOUR, START + HOUR)
    for problem, state in (
        (RequestRefused("no key"), "refused"),
        (NetError("no route"), "refused"),
        (PartiallyRead("one"), "partial"),
    ):
        [row] = incomplete_coverage(time_range, problem)
        assert (row.state, row.reason, row.until_at) == (state, str(problem), START + HOUR)


def test_short_waits_say_nothing_until_they_have_become_a_long_one() -> None:
    """No matter how long ago the network was last read: it may be read only once an hour."""
    now = START + 2 * HOUR
    time_range = TimeRange("x", START, now, now)
    assert not list(incomplete_coverage(time_range, RetryLater(3600, "busy")))
    assert not list(incomplete_coverage(time_range, RetryLater(1800, "busy"), now - HOUR // 2))
    for seconds, failing_since in ((3601, None), (1801, now - HOUR // 2), (1, now - HOUR)):
        [row] = incomplete_coverage(time_range, RetryLater(seconds, "busy"), failing_since)
        assert (row.state, row.from_at, row.until_at) == ("refused", START, now)


def test_what_a_stream_no_longer_has_is_missing_exactly_there() -> None:
    time_range = TimeRange("x", START, START + HOUR, START + HOUR)
    [row] = incomplete_coverage(time_range, StreamGap("gone", "1", (START + 5, START + 9)))
    assert (row.from_at, row.until_at, row.state) == (START + 5, START + 9, "partial")
    assert not list(incomplete_coverage(time_range, StreamGap("gone", "1", (START, START))))
    [row] = incomplete_coverage(time_range, StreamGap("gone", "1"))
    assert (row.from_at, row.until_at, row.state) == (START, START + HOUR, "partial")
