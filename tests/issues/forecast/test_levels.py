"""Ranges from order statistics: they hold what they promise; and the check against the record's own weeks."""

from __future__ import annotations

from itertools import groupby
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.issues.forecasts import ENOUGH, LEVELS, Curve, choose_level, growth_bounds, size_classes
from tests.issues.forecast import samples


def missed_count(growths: list[int], level: int) -> int:
    """How many of the growths lie outside the range made from all the others."""
    ordered, count = sorted(growths), 0
    for value, equal_values in groupby(ordered):
        others = list(ordered)
        others.remove(value)
        low, high = growth_bounds(others, level)
        count += 0 if low <= value <= high else len(list(equal_values))
    return count


growths_of_papers = st.one_of(
    st.lists(st.integers(0, 10**6), min_size=61, max_size=150),
    st.lists(st.integers(1000, 1030), min_size=61, max_size=150),
    st.lists(st.sampled_from([1000, 1000, 1000, 1500, 2000, 9000]), min_size=61, max_size=150),
)


@given(growths_of_papers, st.sampled_from(LEVELS))
@example([1000] * 61, 10)
@example([*range(9), 9, 9, 9, *range(10, 89)], 10)
def test_of_exchangeable_papers_no_more_lie_outside_than_agreed(growths: list[int], level: int) -> None:
    """Each of n + 1 papers is equally likely to be the one forecast, so at most the level's share may be missed,
    however many are equal."""
    assert missed_count(growths, level) <= max(2, level * len(growths) / 100)


def test_where_papers_differ_both_ends_give_the_same() -> None:
    assert growth_bounds(range(99), 10) == (4, 94)
    assert growth_bounds(range(99), 2) == (0, 98)


def test_the_upper_end_is_cut_where_the_lower_cannot_be() -> None:
    assert growth_bounds([0] * 20 + list(range(1, 80)), 10) == (0, 71)
    assert sum(growth <= 71 for growth in [0] * 20 + list(range(1, 80))) == 91


def test_similar_weeks_need_no_wider_ranges_than_exchangeable_papers() -> None:
    assert choose_level(size_classes(samples.curves(1, 3000))) in (10, 9)


def curves_with_weekly_factors(spread: float) -> list[Curve]:
    """Curves with many voices, growing by a different factor each week."""
    chance = Random(2)
    factors = [chance.lognormvariate(0, spread) for _ in range(20)]
    larger_curves = [
        curve._replace(voices=50 * curve.voices, later=50 * curve.later) for curve in samples.curves(2, 3000)
    ]
    return [
        curve._replace(later=int(curve.later * factors[(curve.day - samples.FIRST_DAY) // 7]))
        for curve in larger_curves
    ]


def test_weeks_that_differ_need_wider_ranges() -> None:
    even_level, uneven_level = (choose_level(size_classes(curves_with_weekly_factors(spread))) for spread in (0, 0.3))
    assert even_level == 10 and uneven_level is not None and uneven_level < 9


def test_no_level_where_weeks_have_nothing_in_common() -> None:
    uneven_curves = [
        curve._replace(later=curve.later * 20 ** ((curve.day - samples.FIRST_DAY) // 7))
        for curve in samples.curves(2, 2000)
    ]
    assert choose_level(size_classes(uneven_curves)) is None


def test_no_level_without_weeks_to_try_it_on() -> None:
    assert choose_level([]) is None
    assert choose_level(size_classes(samples.curves(1, ENOUGH - 1))) is None
    assert choose_level(size_classes(samples.curves(1, 3000, days=14))) is None, "no week is apart from another"
