"""Forecasts from engagement: which rows become curves, which papers get a forecast, and what is said without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import pytest

from hotpapers.base.model import DAY, HOUR, Forecast, NetworkForecast
from hotpapers.discussion.engagement.attention import Engagement, read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.issues.forecasts import CurveCollector, forecast_sentence
from hotpapers.record.record import Record
from tests.issues.made import key, more_talk, paper, posts_about, write

NOW = 20_500 * DAY + 9 * HOUR
GROWN = {6: 10, 24: 20, 72: 30, 168: 40}
"""Voices at each age; all papers here grow like this."""


def rows(paper: str, old: int, network: str = "bluesky", archive: str = "cs", times: int = 1) -> Iterator[Engagement]:
    """The measurements of a paper `old` hours old: one row for each age it has reached, in order."""
    at = NOW - old * HOUR
    for age, voices in GROWN.items():
        if age <= old:
            yield row(paper, at, age, times * voices, network, archive)


def row(
    paper: str, at: int, age: int, voices: int, network: str = "bluesky", archive: str = "cs", peer: int = 1
) -> Engagement:
    return Engagement(
        paper=paper, announced_at=at, age=age, until=at + age * HOUR, peer=peer, network=network, archive=archive,
        voices=voices, reposts=0, likes=0, bots=0,
    )  # fmt: skip


def record(papers: int = 150) -> list[Engagement]:
    """The engagement of many papers older than a week, one every twelve hours."""
    return [engagement for n in range(papers) for engagement in rows(f"arxiv:2401.{n:05}", 170 + 12 * n)]


def forecasts(
    engagements: Iterable[Engagement], papers: Sequence[str], as_of: int
) -> dict[str, tuple[NetworkForecast, ...]]:
    """The papers' forecasts at a moment, from all engagement of the 90 days before it."""
    collector = CurveCollector(as_of)
    for _, group in groupby(engagements, key=lambda row: row.paper):
        collector.add(list(group))
    return collector.forecasts(papers)


def forecasts_of(engagements: list[Engagement], paper: str) -> tuple[NetworkForecast, ...] | None:
    """The forecasts of one paper."""
    return forecasts(engagements, [paper], NOW).get(paper)


def test_from_the_latest_age_that_was_reached() -> None:
    for old, age, times in ((6, 6, 4), (23, 6, 4), (24, 24, 2), (71, 24, 2), (100, 72, 40 / 30)):
        young = list(rows("arxiv:2402.00001", old))
        [result] = forecasts_of(record() + young, "arxiv:2402.00001") or ()
        assert (result.network, result.age, result.voices, result.papers) == ("bluesky", age, GROWN[age], 150)
        assert result.forecast is not None and result.forecast.median == round(times * GROWN[age]) == 40
        assert (result.forecast.among, result.forecast.papers) == ("cs", 150)


def test_none_before_six_hours_and_none_after_a_week() -> None:
    early = [row("arxiv:2402.00001", NOW - HOUR, 6, 9, peer=0)]
    assert forecasts_of(record() + early, "arxiv:2402.00001") is None
    assert forecasts_of(record(), "arxiv:2401.00000") is None
    assert forecasts_of(record(), "arxiv:2402.00009") is None
    assert forecasts([], [], NOW) == {}


def test_each_network_by_its_own_curves() -> None:
    young = [*rows("arxiv:2402.00001", 7, "mastodon"), *rows("arxiv:2402.00001", 7)]
    bluesky, mastodon = forecasts_of(record() + young, "arxiv:2402.00001") or ()
    assert bluesky.forecast is not None and bluesky.network == "bluesky"
    assert mastodon == NetworkForecast("mastodon", 6, 10, 0, None)


def test_what_was_not_measured_among_peers_does_not_count() -> None:
    late = [result._replace(peer=0) for result in record()]
    [result] = forecasts_of([*late, *rows("arxiv:2402.00001", 7)], "arxiv:2402.00001") or ()
    assert (result.papers, result.forecast) == (0, None)
    of_a_window = [result._replace(announced_at=0, age=168, peer=0) for result in rows("arxiv:2402.00001", 7)]
    assert forecasts_of([*record(), *of_a_window], "arxiv:2402.00001") is None


def test_a_curve_needs_both_ends_of_the_same_paper_and_network() -> None:
    halves = []
    for n in range(150):
        early, *_, final = rows(f"arxiv:2401.{n:05}", 170 + 12 * n)
        halves += [early._replace(network="mastodon"), final] if n % 2 else [early]
    [result] = forecasts_of([*halves, *rows("arxiv:2402.00001", 7, "mastodon")], "arxiv:2402.00001") or ()
    assert (result.papers, result.forecast) == (0, None)


def test_paper_by_paper_is_the_same() -> None:
    engagements = [*record(), *rows("arxiv:2402.00001", 7), *rows("arxiv:2402.00002", 30, archive="math")]
    collector = CurveCollector(NOW)
    for _, group in groupby(engagements, key=lambda row: row.paper):
        collector.add(list(group))
    papers = ["arxiv:2402.00002", "arxiv:2402.00001"]
    result = collector.forecasts(papers)
    assert list(result) == papers and result == forecasts(iter(engagements), papers, NOW)


@pytest.mark.long
def test_from_a_record(store_url: str) -> None:
    """Papers of ten weeks that go from 4 voices at 6 hours to 12 after a week, and one seven hours old."""
    with Record(store_url) as record:
        for number in range(1, 121):
            at = NOW - 8 * DAY - number * 12 * HOUR
            later = [] if number % 10 == 0 else more_talk(number, 12, at + 100 * HOUR)
            write(record, paper(number, at=at), posts_about(number, 4, at + 2 * HOUR), later)
        write(record, paper(999, at=NOW - 7 * HOUR), posts_about(999, 5, NOW - 3 * HOUR))
        result = forecasts(read_engagement(record.view(NOW), MeasurementWindow()), [key(1), key(999)], NOW)
    expected = Forecast(low=5, median=15, high=15, papers=120, among="cs", least=4, most=7)
    assert result == {key(999): (NetworkForecast("bluesky", 6, 5, 120, expected),)}


# ---- in words ------------------------------------------------------------------------------------------


def test_a_forecast_in_words() -> None:
    usual = NetworkForecast("bluesky", 6, 1100, 5000, Forecast(1200, 1500, 2000, 412, "cs", 1024, 2047))
    assert forecast_sentence(usual) == (
        "On Bluesky, 1,200 to 2,000 people after a week in nine of ten cases, median 1,500: based on 412 papers of cs "
        "that had 1,024 to 2,047 at 6 h."
    )
    single = NetworkForecast("x", 24, 1, 5000, Forecast(1, 1, 2, 80, "all", 1, 1))
    assert forecast_sentence(single).endswith("based on 80 papers that had 1 at 24 h.")
    exact = NetworkForecast("x", 24, 1, 5000, Forecast(1, 1, 1, 80, "all", 1, 1))
    assert forecast_sentence(exact).startswith("On X (Twitter), 1 person after a week in nine of ten cases, median 1: ")


def test_no_forecast_in_words() -> None:
    assert forecast_sentence(NetworkForecast("lobsters", 6, 5, 43, None)) == (
        "No forecast for Lobsters: of 43 papers followed there from 6 h to a week, too few match."
    )
    assert "of 1 paper followed there" in forecast_sentence(NetworkForecast("x", 6, 5, 1, None))
