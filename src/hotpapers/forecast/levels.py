"""How wide a range must be: the record's own weeks are forecast from its other weeks, and 90 % must lie within.

With exchangeable papers, the range between two order statistics of n growths covers a further one with a chance of at
least the share of the n + 1 gaps between them, whatever the distribution: split conformal prediction (Papadopoulos et
al. 2002; Lei et al.: Distribution-Free Predictive Inference for Regression, 2018, Theorem 2; the two tails apart, as
in Romano, Patterson, Candès: Conformalized Quantile Regression, 2019). But papers of a week are alike, and a forecast
looks a week ahead. So it is measured too, as in cross-conformal prediction (Vovk: Cross-conformal predictors, 2015):
each week is forecast without itself and its neighbours, as in h-block cross-validation (Burman, Chow, Nolan: A
cross-validatory method for dependent data, 1994), and ranges are widened until they hold what they promise.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from hotpapers.forecast.curves import ENOUGH, SizeClass, growth, week

COVERED = 90
"""Per cent of papers that a range is to hold."""
LEVELS = range(10, 1, -1)
"""Per cent of gaps outside a range. The first is what exchangeable papers need, and no range is narrower."""
APART = 2
"""Weeks to either side that do not forecast a week: what comes of a paper is known a week later."""
LEAST = 30
"""Fewer growths give no range to try."""


class _LeftOut(NamedTuple):
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
    parts = list(chain.from_iterable(map(_left_out, classes)))
    tried = sum(len(part.own) for part in parts)
    if tried < ENOUGH:
        return None
    enough = (level for level in LEVELS if 100 * sum(_within(part, level) for part in parts) >= COVERED * tried)
    return next(enough, None)


def _left_out(size: SizeClass) -> Iterator[_LeftOut]:
    growths = sorted((growth(curve), week(curve)) for curve in size.curves)
    for left in sorted({other for _, other in growths}):
        own = [grown for grown, other in growths if other == left]
        first, last = left - APART, left + APART
        others = [grown for grown, other in growths if not first <= other <= last]
        if len(others) >= LEAST:
            yield _LeftOut(own, others)


def _within(part: _LeftOut, level: int) -> int:
    """How many of the week's papers the other weeks' range holds."""
    low, high = bounds(part.others, level)
    return bisect_right(part.own, high) - bisect_left(part.own, low)
