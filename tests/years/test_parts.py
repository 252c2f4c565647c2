"""The parts of the simulation: time shared by threads, spans, and which faults affect a network."""

from __future__ import annotations

import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.model import DAY, HOUR
from tests.loopback.faults import fault
from tests.years.story import seventeen_days, two_years
from tests.years.timeline import Timeline
from tests.years.weather import NETWORKS, Calm, Span, Weather, broken, joined, unreadable
from tests.years.years import next_at


def test_threads_share_time_and_wake_in_order() -> None:
    timeline, told = Timeline(0), list[tuple[int, str]]()
    timeline.expect(3, 100_000_000)

    def sleeper(rank: int, name: str, seconds: float) -> None:
        timeline.enter(rank)
        while timeline.now() < 10_000_000:
            timeline.advance(seconds)
            told.append((timeline.now() // 1_000_000, name))
        timeline.leave()

    some = [("a", 5.0), ("b", 3.0), ("c", 4.0)]
    threads = [threading.Thread(target=sleeper, args=(n, *one)) for n, one in reversed(list(enumerate(some)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert told == [
        (3, "b"), (4, "c"), (5, "a"), (6, "b"), (8, "c"), (9, "b"), (10, "a"), (12, "c"), (12, "b"),
    ]  # fmt: skip


def test_nobody_sleeps_beyond_the_end() -> None:
    timeline = Timeline(0)
    timeline.expect(1, 7_000_000)
    timeline.enter(0)
    assert timeline.advance(100) == 7_000_000
    timeline.leave()
    timeline.to_start(9_000_000)
    assert timeline.now() == 9_000_000


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda one: Span(one[0], one[0] + one[1])))


@given(spans)
def test_joined_spans_cover_the_same_and_keep_apart(some: list[Span]) -> None:
    found = joined(some)
    covered = {moment for one in some for moment in range(one.start, one.end)}
    assert {moment for one in found for moment in range(one.start, one.end)} == covered
    assert all(one.end < other.start for one, other in pairwise(found))


@given(spans, st.integers(0, 60), st.integers(1, 20))
def test_calm_lingers(some: list[Span], start: int, length: int) -> None:
    calm = Calm(Span(one.start * HOUR, one.end * HOUR) for one in some)
    wrong = {moment for one in some for moment in range(one.start, one.end + 3)}
    hours = range(start, start + length)
    assert calm.whole(start * HOUR, (start + length) * HOUR) == wrong.isdisjoint(hours)
    assert calm.at(start * HOUR) == (start not in wrong)
    assert calm.some(start * HOUR, (start + length) * HOUR) == any(wrong.isdisjoint({n, n + 1}) for n in hours[:-1])


def test_which_faults_keep_a_network_from_being_read() -> None:
    faults = [
        fault("bluesky.stream1", "reset", 0, 10), fault("bluesky.stream2", "500", 5, 20),
        fault("bluesky.view", "403", 30, 40),
        fault("feeds", "slow", 0, 9), fault("arxiv/list", "empty", 1, 2), fault("mastodon.one/api", "429", 3, 4),
        fault("mastodon", "refused", 4, 6),
    ]  # fmt: skip
    assert [broken(faults, one) for one in ("bluesky", "feeds", "arxiv", "mastodon")] == [
        [Span(5, 10)], [], [Span(1, 2)], [Span(3, 6)],
    ]  # fmt: skip
    assert unreadable(faults, "bluesky") == [Span(5, 10), Span(30, 40)]
    weather = Weather([fault("feeds", "500", DAY - 5, DAY + 5)])
    assert [bool(weather.at("feeds", "/", moment)) for moment in (DAY - 6, DAY - 1, DAY + 4, DAY + 5)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_stories_hold_together() -> None:
    for story in (two_years(), seventeen_days()):
        assert all(one.end < other.start for one, other in pairwise(story.lives))
        assert {"upgraded", "restored"} <= {life.then for life in story.lives}
        assert any(life.start < story.backup < life.end for life in story.lives)
        assert story.days * DAY - 2 * DAY < story.end - story.start < (story.days + 1) * DAY
    assert {one.target.partition(".")[0].partition("/")[0] for one in two_years().faults} == set(NETWORKS)
    assert two_years() == two_years() and two_years(2).faults != two_years().faults


def test_the_next_time_of_day() -> None:
    assert next_at(5 * DAY + HOUR, 3 * HOUR) == 5 * DAY + 3 * HOUR
    assert next_at(5 * DAY + 3 * HOUR, 3 * HOUR) == 6 * DAY + 3 * HOUR
