"""The table of how papers grew, by network, age, field and number of voices; and a paper's forecast from it.

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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from hotpapers.base.categories import group_of
from hotpapers.base.model import Forecast
from hotpapers.issues.forecast.curves import AGES, ENOUGH, Curve, SizeClass, doubling, growth, size_classes, week


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


def calibrate(curves: Iterable[Curve]) -> ForecastTable:
    """The table of the curves, in any order. Curves without a voice at their age are ignored."""
    curves_by_key: dict[tuple[str, int], list[Curve]] = defaultdict(list)
    for curve in curves:
        if curve.voices > 0:
            curves_by_key[curve.network, curve.age].append(curve)
    ranges = {
        (network, age, ranges.among, step): ranges
        for (network, age), network_curves in curves_by_key.items()
        for ranges in _ranges(network_curves)
        for step in range(doubling(ranges.least), doubling(ranges.most) + 1)
    }
    return ForecastTable(ranges, {key: len(network_curves) for key, network_curves in curves_by_key.items()})


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
    for among, field_curves in _fields(network_curves).items():
        for size in size_classes(field_curves):
            if doubling(size.least) == doubling(size.most):
                yield _range(among, size.least, size.most, size.curves, level)


def _fields(network_curves: Iterable[Curve]) -> dict[str, list[Curve]]:
    """The curves of each known archive, and of each group of several."""
    fields: dict[str, list[Curve]] = defaultdict(list)
    for curve in network_curves:
        if curve.archive:
            fields[curve.archive].append(curve)
            fields[group_name(curve.archive)].append(curve)
    return fields


def group_name(archive: str) -> str:
    """The name of an archive's group, distinct from archives, as in scores: `physics group`."""
    return f"{group_of(archive)} group"


def _range(among: str, least: int, most: int, curves: Iterable[Curve], level: int) -> GrowthRange:
    growths = sorted(map(growth, curves))
    low, high = bounds(growths, level)
    return GrowthRange(among, least, most, len(growths), low, growths[(len(growths) - 1) // 2], high)


def predict(table: ForecastTable, network: str, archive: str, voices: int, age: int = AGES[0]) -> Forecast | None:
    """The forecast for a paper with this number of voices on a network at an age in hours.

    It uses the narrowest of archive, group and all papers that has enough papers of similar size. None if there are too
    few in all, if none of them had so many voices, if none had as many and the next sizes are classes of their own, or
    if the paper has no voice. Forecasts are part of an issue's digest: a method that gives more must be a new one.
    """
    if voices < 1:
        return None
    fields = (archive, group_name(archive)) if archive else ()
    for among in (*fields, "all"):
        if (growth_range := table.ranges.get((network, age, among, doubling(voices)))) is not None:
            # Exactly the numbers whose growth, rounded down to thousandths, lies in the range; if there is no
            # such whole number, the next one above.
            low = -(-growth_range.low * voices // 1000)
            high = max(low, -(-(growth_range.high + 1) * voices // 1000) - 1)
            median = min(max(low, (growth_range.median * voices + 500) // 1000), high)
            return Forecast(
                low, median, high, growth_range.papers, growth_range.among, growth_range.least, growth_range.most
            )
    return None


COVERED = 90
"""Per cent of papers that a range must cover."""
LEVELS = range(10, 1, -1)
"""Per cent of gaps outside a range. The first is enough for exchangeable papers; no range is narrower."""
APART = 2
"""Weeks on either side that are not used to forecast a week: a paper's outcome is known a week later."""
MIN_GROWTHS = 30
"""The minimum number of growths for a range that can be tested."""


class _HeldOutWeek(NamedTuple):
    """The growths of a week, and those of the weeks that may be used to forecast it; both ascending."""

    own: list[int]
    others: list[int]


def bounds(growths: Sequence[int], level: int) -> tuple[int, int]:
    """The lowest and highest growth of a range with `level` per cent of the gaps outside. `growths` ascend.

    Half of those gaps are on either side. But if several papers share the lowest growth of the range (usually none),
    fewer gaps lie below it, and the difference is added above: the number of gaps inside stays the same.
    """
    gaps_below = max(1, (len(growths) + 1) * level // 200)
    low = growths[gaps_below - 1]
    first = bisect_left(growths, low) if growths[gaps_below] == low else gaps_below - 1
    return low, growths[first + len(growths) + 1 - 2 * gaps_below]


def choose_level(classes: Iterable[SizeClass]) -> int | None:
    """The highest level at which the record covers itself; None if there is none, or too little data to test."""
    held_out_weeks = list(chain.from_iterable(map(_held_out_weeks, classes)))
    tested = sum(len(held_out.own) for held_out in held_out_weeks)
    if tested < ENOUGH:
        return None
    covering_levels = (
        level
        for level in LEVELS
        if 100 * sum(_within(held_out, level) for held_out in held_out_weeks) >= COVERED * tested
    )
    return next(covering_levels, None)


def _held_out_weeks(size: SizeClass) -> Iterator[_HeldOutWeek]:
    growths = sorted((growth(curve), week(curve)) for curve in size.curves)
    for held_out_week in sorted({week_number for _, week_number in growths}):
        own = [growth_value for growth_value, week_number in growths if week_number == held_out_week]
        first, last = held_out_week - APART, held_out_week + APART
        others = [growth_value for growth_value, week_number in growths if not first <= week_number <= last]
        if len(others) >= MIN_GROWTHS:
            yield _HeldOutWeek(own, others)


def _within(held_out: _HeldOutWeek, level: int) -> int:
    """How many of the week's papers lie in the range from the other weeks."""
    low, high = bounds(held_out.others, level)
    return bisect_right(held_out.own, high) - bisect_left(held_out.own, low)
