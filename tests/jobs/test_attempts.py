"""What follows a round, and the coverage that is recorded: pure functions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.errors import (
    BusyStore,
    LogError,
    NetError,
    PartiallyRead,
    RequestRefused,
    RetryLater,
    StreamGap,
    WrongClock,
)
from hotpapers.jobs.attempts import (
    FAILED_AGAIN,
    REFUSED_AGAIN,
    NextAttempt,
    PartRetries,
    TimeRange,
    complete_coverage,
    incomplete_coverage,
    next_attempt,
    requested_wait,
)
from hotpapers.jobs.job_state import JobState
from hotpapers.model import DAY, HOUR
from tests.sources.net import START


def test_what_follows_a_round() -> None:
    assert next_attempt(None, 0, 600) == NextAttempt("idle", "", 600)
    assert next_attempt(RequestRefused("no"), 0, 600) == NextAttempt("refused", "no", REFUSED_AGAIN)
    assert next_attempt(PartiallyRead("two servers"), 0, 600) == NextAttempt("partial", "two servers", 600)
    assert next_attempt(PartiallyRead("a part that waits"), 5, 0) == NextAttempt("partial", "a part that waits", 900)
    assert next_attempt(PartiallyRead("a part that waits", again=20), 5, 0).seconds == 20
    assert [next_attempt(NetError("x"), n, 600).seconds for n in (0, 1, 2, 50)] == [30, 60, 120, FAILED_AGAIN[1]]
    assert next_attempt(BusyStore("held"), 0, 600) == NextAttempt("store", "held", 30)


def test_a_stream_that_has_forgotten_is_heard_at_once_however_long_it_was_away() -> None:
    """The server keeps forgetting: in another quarter of an hour, another quarter of an hour would be lost."""
    gap = StreamGap("a day is missing", "7")
    assert [next_attempt(gap, n, 600) for n in (0, 50)] == [NextAttempt("down", "a day is missing", 30)] * 2


def test_who_asks_to_wait_again_and_again_is_asked_less_and_less() -> None:
    assert next_attempt(RetryLater(2, "busy"), 0, 600) == NextAttempt("waiting", "busy", 2)
    assert [next_attempt(RetryLater(2, "busy"), n, 600).seconds for n in (1, 2, 9)] == [60, 120, FAILED_AGAIN[1]]
    assert next_attempt(RetryLater(86_400, "budget"), 5, 600).seconds == 86_400


def test_a_wait_that_a_network_asked_for_holds_until_it_is_over() -> None:
    status = JobState(source="x", reason="busy", not_before=START + HOUR)
    assert requested_wait(status, START) == NextAttempt("waiting", "busy", 3600)
    assert requested_wait(status, START + HOUR - 500_000) == NextAttempt("waiting", "busy", 0.5)
    assert requested_wait(status, START + HOUR) is requested_wait(JobState(source="x"), START) is None
    assert requested_wait(status, START - DAY) is None, "the clock was ahead when it was recorded"


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


def test_a_part_that_fails_is_left_alone_for_longer_each_time_and_the_others_are_not() -> None:
    retries, times = PartRetries("issues"), list[int]()

    def fail(problem: Exception) -> None:
        times.append(at)
        raise problem

    for second in range(0, 1000, 10):
        at = second * 1_000_000
        assert retries.attempt("log", at, lambda: fail(LogError("no key"))) == ["log: no key"]
        assert retries.attempt("site", at, lambda: None) == []
    assert [moment // 1_000_000 for moment in times] == [0, 30, 90, 210, 450, 930]
    at = -1  # the clock was set back
    retries.attempt("log", at, lambda: fail(LogError("no key")))
    assert times[-1] == -1 and retries.attempt("log", HOUR, lambda: None) == []
    for at in (2 * HOUR, 2 * HOUR + 1):  # a wrong clock costs nothing to check, so it is checked every time
        assert retries.attempt("daily", at, lambda: fail(WrongClock("an hour ahead"))) == ["daily: an hour ahead"]
    assert times[-1] == 2 * HOUR + 1
