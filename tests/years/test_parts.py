"""The parts of the simulation: time shared by threads, spans, and which faults affect a network."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import hotpapers
from hotpapers.base.model import DAY, HOUR
from tests.loopback.faults import fault
from tests.years.fault_plan import (
    NETWORKS,
    DailyFaultPlan,
    ReadablePeriods,
    Span,
    merge_spans,
    outage_spans,
    outage_spans_with_counts,
)
from tests.years.program import CONNECTING
from tests.years.scenario import seventeen_days, two_years
from tests.years.simulation import next_at
from tests.years.timeline import Timeline


def test_threads_share_time_and_wake_in_order() -> None:
    timeline, wakings = Timeline(0), list[tuple[int, str]]()
    timeline.expect(3, 100_000_000)

    def sleeper(rank: int, name: str, seconds: float) -> None:
        timeline.enter(rank)
        while timeline.now() < 10_000_000:
            timeline.advance(seconds)
            wakings.append((timeline.now() // 1_000_000, name))
        timeline.leave()

    sleepers = [("a", 5.0), ("b", 3.0), ("c", 4.0)]
    threads = [
        threading.Thread(target=sleeper, args=(n, *arguments)) for n, arguments in reversed(list(enumerate(sleepers)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert wakings == [
        (3, "b"), (4, "c"), (5, "a"), (6, "b"), (8, "c"), (9, "b"), (10, "a"), (12, "c"), (12, "b"),
    ]  # fmt: skip


def test_no_thread_sleeps_beyond_the_end() -> None:
    timeline = Timeline(0)
    timeline.expect(1, 7_000_000)
    timeline.enter(0)
    assert timeline.advance(100) == 7_000_000
    timeline.leave()
    timeline.to_start(9_000_000)
    assert timeline.now() == 9_000_000


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda pair: Span(pair[0], sum(pair))))


@given(spans)
def test_merged_spans_cover_the_same_and_do_not_touch(spans: list[Span]) -> None:
    merged = merge_spans(spans)
    moments = {moment for span in spans for moment in range(span.start, span.end)}
    assert {moment for span in merged for moment in range(span.start, span.end)} == moments
    assert all(span.end < next_span.start for span, next_span in pairwise(merged))


@given(spans, st.integers(0, 60), st.integers(1, 20))
def test_outages_have_an_aftermath(spans: list[Span], start: int, length: int) -> None:
    readable = ReadablePeriods(Span(span.start * HOUR, span.end * HOUR) for span in spans)
    unreadable_hours = {moment for span in spans for moment in range(span.start, span.end + 3)}
    hours = range(start, start + length)
    assert readable.is_clear(start * HOUR, (start + length) * HOUR) == unreadable_hours.isdisjoint(hours)
    assert readable.is_clear_at(start * HOUR) == (start not in unreadable_hours)
    assert readable.has_round(start * HOUR, (start + length) * HOUR) == any(
        unreadable_hours.isdisjoint({n, n + 1}) for n in hours[:-1]
    )


def test_which_faults_keep_a_network_from_being_read() -> None:
    faults = [
        fault("bluesky.stream1", "reset", 0, 10), fault("bluesky.stream2", "500", 5, 20),
        fault("bluesky.view", "403", 30, 40),
        fault("feeds", "slow", 0, 9), fault("arxiv/list", "empty", 1, 2), fault("mastodon.one/api", "429", 3, 4),
        fault("mastodon", "refused", 4, 6),
    ]  # fmt: skip
    assert [outage_spans(faults, network) for network in ("bluesky", "feeds", "arxiv", "mastodon")] == [
        [Span(5, 10)], [], [Span(1, 2)], [Span(3, 6)],
    ]  # fmt: skip
    assert outage_spans_with_counts(faults, "bluesky") == [Span(5, 10), Span(30, 40)]
    plan = DailyFaultPlan([fault("feeds", "500", DAY - 5, DAY + 5)])
    assert [bool(plan.at("feeds", "/", moment)) for moment in (DAY - 6, DAY - 1, DAY + 4, DAY + 5)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_scenarios_are_consistent() -> None:
    for scenario in (two_years(), seventeen_days()):
        assert all(run.end < next_run.start for run, next_run in pairwise(scenario.runs))
        assert {"upgrade", "restore"} <= {run.store_event for run in scenario.runs}
        assert any(run.start < scenario.backup < run.end for run in scenario.runs)
        assert scenario.days * DAY - 2 * DAY < scenario.end - scenario.start < (scenario.days + 1) * DAY
    assert {fault.target.partition(".")[0].partition("/")[0] for fault in two_years().faults} == set(NETWORKS)
    assert two_years() == two_years() and two_years(2).faults != two_years().faults


def test_the_next_time_of_day() -> None:
    assert next_at(5 * DAY + HOUR, 3 * HOUR) == 5 * DAY + 3 * HOUR
    assert next_at(5 * DAY + 3 * HOUR, 3 * HOUR) == 6 * DAY + 3 * HOUR


def test_every_module_that_opens_connections_is_on_the_simulated_internet() -> None:
    source = Path(hotpapers.__file__).parent
    calling = {file for file in source.rglob("*.py") if "make_connection(" in file.read_text("utf-8")}
    assert {Path(str(module.__file__)) for module in CONNECTING} == calling
