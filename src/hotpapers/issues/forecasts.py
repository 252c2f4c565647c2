"""Forecasts of how many voices papers will have after a week, from the curves of older papers in the record.

Forecasts are shown next to the score and are never part of it: no ranking uses them. They use only integer arithmetic,
so they are the same on every machine.

Each field and size is a class of its own, so that forecasts are valid in each class and not only on average (Mondrian
conformal prediction: Vovk, Lindsay, Nouretdinov, Gammerman 2003).

The width of ranges: the record's own weeks are forecast from its other weeks, and 90 % must lie within the ranges. For
exchangeable papers, the range between two order statistics of n growths covers another one with a probability of at
least the share of the n + 1 gaps between them, whatever the distribution: split conformal prediction (Papadopoulos et
al. 2002; Lei et al.: Distribution-Free Predictive Inference for Regression, 2018, Theorem 2; with separate tails, as in
Romano, Patterson, Candès: Conformalized Quantile Regression, 2019). But papers of the same week are alike, and a
forecast looks a week ahead. So coverage is also measured, as in cross-conformal prediction (Vovk: Cross-conformal
predictors, 2015): each week is forecast without itself and its neighbors, as in h-block cross-validation (Burman, Chow,
Nolan: A cross-validatory method for dependent data, 1994), and ranges are widened until they cover what they promise.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from hotpapers.base.grouping import group_by, lists_by_key
from hotpapers.base.model import DAY, HOUR, Entry, Forecast, NetworkForecast
from hotpapers.base.networks import network_title
from hotpapers.base.papers.categories import group_of
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.discussion.engagement.attention import Engagement


class PaperCurves(NamedTuple):
    """A paper's data for forecasts: the `curves` it contributes, and the `early` rows for its own forecasts."""

    curves: tuple[Curve, ...]
    early: tuple[Engagement, ...]


def curves_of(rows: Iterable[Engagement]) -> PaperCurves:
    """The curves from one paper's rows by age. Only rows measured exactly at an age count, as among peers."""
    peer_rows = [row for row in rows if row.peer]
    early = tuple(row for row in peer_rows if row.age in AGES)
    curves = tuple(
        Curve(row.network, row.archive, row.age, row.announced_at // DAY, row.voices, final.voices)
        for final in peer_rows
        for row in early
        if final.age == FINAL and row.network == final.network
    )
    return PaperCurves(curves, early)


def forecasts_of(
    curves: Iterable[Curve], early: Mapping[str, Sequence[Engagement]], as_of: int
) -> dict[str, tuple[NetworkForecast, ...]]:
    """For each paper with early rows that is six hours to a week old, its forecasts, ordered by network."""
    table = calibrate_table(curves)
    result = {}
    for paper, rows in early.items():
        if young := [row for row in rows if _reached(row, as_of) == row.age]:
            result[paper] = tuple(
                NetworkForecast(
                    network=row.network,
                    age=row.age,
                    voices=row.voices,
                    papers=table.papers.get((row.network, row.age), 0),
                    forecast=predict_voices(table, row.network, row.archive, row.voices, row.age),
                )
                for row in sorted(young, key=lambda row: row.network)
            )
    return result


class CurveCollector:
    """Collects the data for forecasts from the engagement of all papers. Each paper's rows must come together."""

    def __init__(self, as_of: int) -> None:
        self._as_of = as_of
        self._curves: list[Curve] = []
        self._early: dict[str, tuple[Engagement, ...]] = {}

    def add(self, rows: Sequence[Engagement]) -> None:
        curves, early = curves_of(rows)
        self._curves += curves
        if early := tuple(row for row in early if _reached(row, self._as_of) == row.age):
            self._early[early[0].paper] = early

    def forecasts(self, papers: Iterable[str]) -> dict[str, tuple[NetworkForecast, ...]]:
        """For each of the papers that is six hours to a week old, its forecasts, ordered by network."""
        early = {paper: self._early.get(paper, ()) for paper in papers}
        return forecasts_of(self._curves, early, self._as_of)


def _reached(row: Engagement, as_of: int) -> int:
    """The latest age that the paper has reached, in hours; 0 before the first."""
    return max((age for age in (*AGES, FINAL) if row.announced_at + age * HOUR <= as_of), default=0)


# ---- in words ------------------------------------------------------------------------------------------


def forecast_sentence(network_forecast: NetworkForecast) -> str:
    """A forecast as a plain sentence, or why there is none."""
    name = network_title(network_forecast.network)
    age = network_forecast.age
    if network_forecast.forecast is None:
        papers = count_noun(network_forecast.papers, "paper")
        return f"No forecast for {name}: of {papers} followed there from {age} h to a week, too few match."
    forecast = network_forecast.forecast
    counted_papers = count_noun(forecast.papers, "paper")
    papers = counted_papers + ("" if forecast.among == "all" else f" of {forecast.among}")
    if forecast.least == forecast.most:
        least = ""
    else:
        least = f"{format_number(forecast.least)} to "
    class_size = f"{least}{format_number(forecast.most)}"
    if forecast.low < forecast.high:
        low = f"{format_number(forecast.low)} to "
    else:
        low = ""
    voices = f"{low}{count_noun(forecast.high, 'person', 'people')}"
    return (
        f"On {name}, {voices} after a week in nine of ten cases, "
        f"median {format_number(forecast.median)}: based on {papers} that had {class_size} at {age} h."
    )


def known_forecasts(entry: Entry) -> tuple[NetworkForecast, ...]:
    """An entry's forecasts for the networks that have one."""
    items = entry.forecasts or ()
    return tuple(item for item in items if item.forecast is not None)


def forecast_sentences(entry: Entry) -> tuple[str, ...]:
    """An entry's forecasts as sentences, or one sentence that there are none."""
    if known_forecasts(entry) or not entry.forecasts:
        return tuple(map(forecast_sentence, known_forecasts(entry)))
    names = ", ".join(network_title(network_forecast.network) for network_forecast in entry.forecasts)
    return (f"No forecast for {names}: too few papers like this one were followed for a week.",)


# ---- the table of growths ----------------------------------------------------------------------------


AGES = (6, 24, 72)
"""Ages, in hours after the announcement, at which forecasts are made."""
FINAL = 168
"""The age, in hours after the announcement, that forecasts are for."""
ENOUGH = 60
"""The minimum number of curves of similar size."""


class Curve(NamedTuple):
    """One paper on one network: `voices` at an `age` in hours, `later` voices at 168 h.

    `archive`: its primary archive, empty if unknown. `day`: the day of its announcement, counted from 1970-01-01.
    """

    network: str
    archive: str
    age: int
    day: int
    voices: int
    later: int


class SizeClass(NamedTuple):
    """Curves of similar size: those with `least` to `most` voices at their age."""

    least: int
    most: int
    curves: tuple[Curve, ...]


def curve_growth(curve: Curve) -> int:
    """Later voices per voice at the age, in thousandths, rounded down. There must be at least one voice."""
    return 1000 * curve.later // curve.voices


def announcement_week(curve: Curve) -> int:
    """The week of the announcement, from Monday, counted from 1970."""
    return (curve.day + 3) // 7


def doubling_of(voices: int) -> int:
    """The doubling that a number of voices belongs to: 1 → 1, 2 to 3 → 2, 4 to 7 → 3, 8 to 15 → 4."""
    return voices.bit_length()


def size_classes(curves: Iterable[Curve]) -> list[SizeClass]:
    """The curves in classes of one or more whole doublings of their voices, the largest first.

    From the top down, doublings are joined until there are ENOUGH curves; the remainder joins the last class. Empty if
    there are too few in all. The borders depend only on the voices at the age, as a Mondrian taxonomy requires (Vovk,
    Gammerman, Shafer: Algorithmic Learning in a Random World, 2005, §4.5).
    """
    by_doubling = group_by(curves, lambda curve: doubling_of(curve.voices))
    groups: list[list[int]] = [[]]
    for step in sorted(by_doubling, reverse=True):
        groups[-1].append(step)
        if sum(len(by_doubling[step]) for step in groups[-1]) >= ENOUGH:
            groups.append([])
    remainder = groups.pop()
    if groups:
        groups[-1] += remainder
    return [
        SizeClass(
            1 << (steps[-1] - 1), (1 << steps[0]) - 1, tuple(curve for step in steps for curve in by_doubling[step])
        )
        for steps in groups
    ]


class GrowthRange(NamedTuple):
    """How papers with `least` to `most` voices at an age grew until 168 h, in thousandths: nine in ten by `low` to
    `high`, half of them up to `median`. `papers`: the number of papers; `among`: an archive, its group, or all."""

    among: str
    least: int
    most: int
    papers: int
    low: int
    median: int
    high: int


RangeKey = tuple[str, int, str, int]
"""Network, age in hours, the papers compared with, and the doubling of their voices."""


class ForecastTable(NamedTuple):
    """The table that forecasts are read from. `papers`: the number of curves for a network at an age."""

    ranges: Mapping[RangeKey, GrowthRange]
    papers: Mapping[tuple[str, int], int]


def calibrate_table(curves: Iterable[Curve]) -> ForecastTable:
    """The table of the curves, in any order. Curves without a voice at their age are ignored."""
    curves_by_key = lists_by_key(((curve.network, curve.age), curve) for curve in curves if curve.voices > 0)
    ranges = {
        (network, age, ranges.among, step): ranges
        for (network, age), network_curves in curves_by_key.items()
        for ranges in _ranges(network_curves)
        for step in range(doubling_of(ranges.least), doubling_of(ranges.most) + 1)
    }
    papers = {key: len(network_curves) for key, network_curves in curves_by_key.items()}
    return ForecastTable(ranges, papers)


def _ranges(network_curves: Sequence[Curve]) -> Iterator[GrowthRange]:
    """The ranges of one network at one age.

    Archives and groups have ranges only for single doublings: papers of similar size in other fields are more
    informative than papers of the same field but another size.
    """
    classes = size_classes(network_curves)
    level = choose_level(classes)
    if level is None:
        return
    for size in classes:
        yield _range("all", size.least, size.most, size.curves, level)
    fields = lists_by_key(
        (field, curve)
        for curve in network_curves
        if curve.archive
        for field in (curve.archive, group_name(curve.archive))
    )
    for among, field_curves in fields.items():
        for size in size_classes(field_curves):
            if doubling_of(size.least) == doubling_of(size.most):
                yield _range(among, size.least, size.most, size.curves, level)


def group_name(archive: str) -> str:
    """The name of an archive's group, distinct from archives, as in scores: `physics group`."""
    return f"{group_of(archive)} group"


def _range(among: str, least: int, most: int, curves: Iterable[Curve], level: int) -> GrowthRange:
    growths = sorted(map(curve_growth, curves))
    low, high = growth_bounds(growths, level)
    median = growths[(len(growths) - 1) // 2]
    return GrowthRange(among, least, most, len(growths), low, median, high)


def predict_voices(
    table: ForecastTable, network: str, archive: str, voices: int, age: int = AGES[0]
) -> Forecast | None:
    """The forecast for a paper with this number of voices on a network at an age in hours.

    It uses the narrowest of archive, group and all papers that has enough papers of similar size. None if there are too
    few in all, if none of them had so many voices, if none had as many and the next sizes are classes of their own, or
    if the paper has no voice. Forecasts are part of an issue's digest: a method that gives more must be a new one.
    """
    if voices < 1:
        return None
    fields = (archive, group_name(archive)) if archive else ()
    for among in (*fields, "all"):
        if (growth_range := table.ranges.get((network, age, among, doubling_of(voices)))) is not None:
            # Exactly the numbers whose growth, rounded down to thousandths, lies in the range; if there is no
            # such whole number, the next one above.
            low = -(-growth_range.low * voices // 1000)
            high = max(low, -(-(growth_range.high + 1) * voices // 1000) - 1)
            middle = max(low, (growth_range.median * voices + 500) // 1000)
            median = min(middle, high)
            return Forecast(low, median, high, growth_range.papers, among, growth_range.least, growth_range.most)
    return None


COVERED = 90
"""Per cent of papers that a range must cover."""
LEVELS = range(10, 1, -1)
"""Per cent of gaps outside a range. The first is enough for exchangeable papers; no range is narrower."""
APART = 2
"""Weeks on either side that are not used to forecast a week: a paper's outcome is known a week later."""
MIN_GROWTHS = 30
"""The minimum number of growths for a range that can be tested."""


def growth_bounds(growths: Sequence[int], level: int) -> tuple[int, int]:
    """The lowest and highest growth of a range with `level` per cent of the gaps outside. `growths` ascend.

    Half of those gaps are on either side. But if several papers share the lowest growth of the range (usually none),
    fewer gaps lie below it, and the difference is added above: the number of gaps inside stays the same.
    """
    gaps_below = max(1, (len(growths) + 1) * level // 200)
    low = growths[gaps_below - 1]
    if growths[gaps_below] == low:
        first = bisect_left(growths, low)
    else:
        first = gaps_below - 1
    return low, growths[first + len(growths) + 1 - 2 * gaps_below]


def choose_level(classes: Iterable[SizeClass]) -> int | None:
    """The highest level at which the record covers itself; None if there is none, or too little data to test."""
    held_out_weeks = list(chain.from_iterable(map(_held_out_weeks, classes)))
    tested = sum(len(own) for own, _ in held_out_weeks)
    for level in LEVELS if tested >= ENOUGH else ():
        covered = 0
        for own, others in held_out_weeks:
            low, high = growth_bounds(others, level)
            covered += bisect_right(own, high) - bisect_left(own, low)
        if 100 * covered >= COVERED * tested:
            return level
    return None


def _held_out_weeks(size: SizeClass) -> Iterator[tuple[list[int], list[int]]]:
    """The growths of each week, and those of the weeks that may be used to forecast it; both ascending."""
    pairs = ((curve_growth(curve), announcement_week(curve)) for curve in size.curves)
    growths = sorted(pairs)
    for held_out_week in sorted({week_number for _, week_number in growths}):
        own = [growth_value for growth_value, week_number in growths if week_number == held_out_week]
        first = held_out_week - APART
        last = held_out_week + APART
        others = [growth_value for growth_value, week_number in growths if not first <= week_number <= last]
        if len(others) >= MIN_GROWTHS:
            yield own, others
