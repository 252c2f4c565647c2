"""Curves made a table: how papers with so many voices grew, by network, age, field and size; and a paper's forecast,
read off it.

A class of its own for each field and size, so that a forecast holds in each of them and not only on the average
(Mondrian conformal prediction: Vovk, Lindsay, Nouretdinov, Gammerman 2003).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.categories import group_of
from hotpapers.forecast.curves import AGES, Curve, doubling, growth, size_classes
from hotpapers.forecast.levels import bounds, choose_level
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
