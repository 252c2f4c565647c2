"""What follows a round, and when failed parts are tried again: pure functions."""

from __future__ import annotations

from functools import partial

from hotpapers.base.errors import (
    BusyStore,
    LogError,
    NetError,
    PartiallyRead,
    RequestRefused,
    RetryLater,
    StreamGap,
    WrongClock,
)
from hotpapers.base.model import DAY, HOUR
from hotpapers.jobs.attempts import FAILED_AGAIN, REFUSED_AGAIN, NextAttempt, PartRetries, next_attempt, requested_wait
from hotpapers.jobs.job_state import JobState
from tests.collect.sources.net import START


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


def test_a_part_waits_until_a_moment_unless_the_clock_was_set_back_since() -> None:
    retries, done = PartRetries("issues"), list[int]()
    for at in (START, START + HOUR, START - 2 * DAY):
        retries.attempt("mail", lambda: at, lambda: done.append(at), START + HOUR)  # noqa: B023 — called at once
    assert done == [START + HOUR, START - 2 * DAY]


def test_a_part_that_fails_is_left_alone_for_longer_each_time_and_the_others_are_not() -> None:
    retries, times = PartRetries("issues"), list[int]()

    def fail(problem: Exception) -> None:
        times.append(at)
        raise problem

    for second in range(0, 1000, 10):
        at = second * 1_000_000
        assert retries.attempt("log", partial(int, at), lambda: fail(LogError("no key"))) == ["log: no key"]
        assert retries.attempt("site", partial(int, at), lambda: None) == []
    assert [moment // 1_000_000 for moment in times] == [0, 30, 90, 210, 450, 930]
    at = -1  # the clock was set back
    retries.attempt("log", lambda: at, lambda: fail(LogError("no key")))
    assert times[-1] == -1 and retries.attempt("log", lambda: HOUR, lambda: None) == []
    for at in (2 * HOUR, 2 * HOUR + 1):  # a wrong clock costs nothing to check, so it is checked every time
        assert retries.attempt("daily", partial(int, at), lambda: fail(WrongClock("an hour ahead"))) == [
            "daily: an hour ahead"
        ]
    assert times[-1] == 2 * HOUR + 1


def test_a_part_waits_from_the_end_of_its_attempt() -> None:
    retries, seconds = PartRetries("issues"), iter([0, 60, 70, 100])
    clock = lambda: next(seconds) * 1_000_000  # noqa: E731

    def fail() -> None:
        raise NetError("no route")

    assert retries.attempt("site", clock, fail) == ["site: no route"]
    assert retries.attempt("site", clock, fail) == ["site: no route"], "at 70 s it still waits, though it began at 0"
    assert retries.attempt("site", clock, lambda: None) == []
