"""Curves made a table: how papers with so many voices grew, by network, age, field and size; and a paper's forecast,
read off it.

A class of its own for each field and size, so that a forecast holds in each of them and not only on the average
(Mondrian conformal prediction: Vovk, Lindsay, Nouretdinov, Gammerman 2003).

How wide a range must be: the record's own weeks are forecast from its other weeks, and 90 % must lie within. With
exchangeable papers, the range between two order statistics of n growths covers a further one with a chance of at
least the share of the n + 1 gaps between them, whatever the distribution: split conformal prediction (Papadopoulos et
al. 2002; Lei et al.: Distribution-Free Predictive Inference for Regression, 2018, Theorem 2; the two tails apart, as
in Romano, Patterson, Candès: Conformalized Quantile Regression, 2019). But papers of a week are alike, and a forecast
looks a week ahead. So it is measured too, as in cross-conformal prediction (Vovk: Cross-conformal predictors, 2015):
each week is forecast without itself and its neighbours, as in h-block cross-validation (Burman, Chow, Nolan: A
cross-validatory method for dependent data, 1994), and ranges are widened until they hold what they promise.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from hotpapers.categories import group_of
from hotpapers.forecast.curves import AGES, ENOUGH, Curve, SizeClass, doubling, growth, size_classes, week
from hotpapers.model import Forecast


class GrowthRange(NamedTuple):
    """How papers with `least` to `most` voices at an age grew until 168 h, in thousandths: nine in ten from `low` to
    `high`, half of them up to `median`. `papers`: how many there are; `among`: of an archive, its group, or all."""

    among: str
    least: int
    most: int
    papers: int
    low: int
    median: int
    high: int


RangeKey = tuple[str, int, str, int]
"""Network, age in hours, among which papers, and the doubling of their voices."""


class ForecastTable(NamedTuple):
    """All that forecasts are read off. `papers`: how many curves the record has of a network at an age."""

    ranges: Mapping[RangeKey, GrowthRange]
    papers: Mapping[tuple[str, int], int]


def calibrate(curves: Iterable[Curve]) -> ForecastTable:
    """The table of the curves, whatever their order. Curves without a voice at their age say nothing."""
    by: dict[tuple[str, int], list[Curve]] = defaultdict(list)
    for curve in curves:
        if curve.voices > 0:
            by[curve.network, curve.age].append(curve)
    ranges = {
        (network, age, ranges.among, step): ranges
        for (network, age), there in by.items()
        for ranges in _ranges(there)
        for step in range(doubling(ranges.least), doubling(ranges.most) + 1)
    }
    return ForecastTable(ranges, {key: len(there) for key, there in by.items()})


def _ranges(there: Sequence[Curve]) -> Iterator[GrowthRange]:
    """The ranges of one network at one age.

    Archives and groups have those of single doublings alone: papers of like size in other fields tell more than papers
    of the same field and another size.
    """
    classes = size_classes(there)
    level = choose_level(classes)
    if level is None:
        return
    for size in classes:
        yield _range("all", size.least, size.most, size.curves, level)
    for among, some in _fields(there).items():
        for size in size_classes(some):
            if doubling(size.least) == doubling(size.most):
                yield _range(among, size.least, size.most, size.curves, level)


def _fields(there: Iterable[Curve]) -> dict[str, list[Curve]]:
    """The curves of each known archive, and of each group of several."""
    fields: dict[str, list[Curve]] = defaultdict(list)
    for curve in there:
        if curve.archive:
            fields[curve.archive].append(curve)
            fields[group_name(curve.archive)].append(curve)
    return fields


def group_name(archive: str) -> str:
    """What an archive's group is called beside archives, as in the scores: `physics group`."""
    return f"{group_of(archive)} group"


def _range(among: str, least: int, most: int, curves: Iterable[Curve], level: int) -> GrowthRange:
    growths = sorted(map(growth, curves))
    low, high = bounds(growths, level)
    return GrowthRange(among, least, most, len(growths), low, growths[(len(growths) - 1) // 2], high)


def predict(table: ForecastTable, network: str, archive: str, voices: int, age: int = AGES[0]) -> Forecast | None:
    """The forecast for a paper with so many voices on a network at an age in hours.

    From the narrowest of archive, group and all papers of which there are enough of like size. None where even all are
    too few, where none of them had so many voices, and without a voice.
    """
    if voices < 1:
        return None
    fields = (archive, group_name(archive)) if archive else ()
    for among in (*fields, "all"):
        if (grown := table.ranges.get((network, age, among, doubling(voices)))) is not None:
            return _forecast(grown, voices)
    return None


def _forecast(grown: GrowthRange, voices: int) -> Forecast:
    """Exactly the numbers whose growth, rounded down to thousandths, lies in the range; where no whole number does, the
    next one above."""
    low = -(-grown.low * voices // 1000)
    high = max(low, -(-(grown.high + 1) * voices // 1000) - 1)
    median = min(max(low, (grown.median * voices + 500) // 1000), high)
    return Forecast(low, median, high, grown.papers, grown.among, grown.least, grown.most)


COVERED = 90
"""Per cent of papers that a range is to hold."""
LEVELS = range(10, 1, -1)
"""Per cent of gaps outside a range. The first is what exchangeable papers need, and no range is narrower."""
APART = 2
"""Weeks to either side that do not forecast a week: what comes of a paper is known a week later."""
LEAST = 30
"""Fewer growths give no range to try."""


class _HeldOutWeek(NamedTuple):
    """The growths of a week, and those of the weeks that may forecast it; both ascending."""

    own: list[int]
    others: list[int]


def bounds(growths: Sequence[int], level: int) -> tuple[int, int]:
    """The lowest and highest growth of a range with `level` per cent of the gaps outside. `growths` ascend.

    Half on either side; but where many have the lowest growth of the range, none being the usual one, so much fewer lie
    below it, and the other side gets what is left: as many gaps are inside.
    """
    outside = max(1, (len(growths) + 1) * level // 200)
    low = growths[outside - 1]
    first = bisect_left(growths, low) if growths[outside] == low else outside - 1
    return low, growths[first + len(growths) + 1 - 2 * outside]


def choose_level(classes: Iterable[SizeClass]) -> int | None:
    """The greatest level with which the record covers itself; None where no level does, or too little can be tried."""
    parts = list(chain.from_iterable(map(_held_out_weeks, classes)))
    tried = sum(len(part.own) for part in parts)
    if tried < ENOUGH:
        return None
    enough = (level for level in LEVELS if 100 * sum(_within(part, level) for part in parts) >= COVERED * tried)
    return next(enough, None)


def _held_out_weeks(size: SizeClass) -> Iterator[_HeldOutWeek]:
    growths = sorted((growth(curve), week(curve)) for curve in size.curves)
    for left in sorted({other for _, other in growths}):
        own = [grown for grown, other in growths if other == left]
        first, last = left - APART, left + APART
        others = [grown for grown, other in growths if not first <= other <= last]
        if len(others) >= LEAST:
            yield _HeldOutWeek(own, others)


def _within(part: _HeldOutWeek, level: int) -> int:
    """How many of the week's papers the other weeks' range holds."""
    low, high = bounds(part.others, level)
    return bisect_right(part.own, high) - bisect_left(part.own, low)
