"""Rank statistics against their definitions: by hand, by brute force, and with weights instead of copies."""

from __future__ import annotations

from itertools import chain, permutations
from math import log2
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.evaluation import statistics
from hotpapers.evaluation.statistics import Levels

values = st.lists(st.integers(0, 6), min_size=1, max_size=12)


@st.composite
def weighed(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Two columns of values for the same papers, and how often each paper is drawn; some are not."""
    size = draw(st.integers(1, 9))
    columns = [draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)) for _ in range(2)]
    weights = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return columns[0], columns[1], weights


def copied(column: list[int], weights: list[int]) -> list[int]:
    return list(chain.from_iterable([value] * weight for value, weight in zip(column, weights, strict=True)))


def pearson_of_ranks(first: list[int], second: list[int]) -> float | None:
    """Spearman's rho by definition: Pearson's correlation of mid-ranks."""

    def ranks(column: list[int]) -> list[float]:
        return [sum(v < value for v in column) + (sum(v == value for v in column) + 1) / 2 for value in column]

    one, other, mean = ranks(first), ranks(second), (len(first) + 1) / 2
    products = sum((x - mean) * (y - mean) for x, y in zip(one, other, strict=True))
    squares = sum((x - mean) ** 2 for x in one) * sum((y - mean) ** 2 for y in other)
    return products / squares**0.5 if squares else None


# ---- ranks -------------------------------------------------------------------------------------------------


@given(values)
def test_levels_hold_every_paper_once_best_first(column: list[int]) -> None:
    order = statistics.levels(column)
    assert sorted(chain.from_iterable(order)) == list(range(len(column)))
    assert [column[level[0]] for level in order] == sorted(set(column), reverse=True)
    assert all(len({column[paper] for paper in level}) == 1 for level in order)


@given(weighed())
def test_spearman_is_the_correlation_of_mid_ranks(columns: tuple[list[int], list[int], list[int]]) -> None:
    first, second, _ = columns
    assert statistics.spearman(first, second) == pytest.approx(pearson_of_ranks(first, second))


@given(weighed())
def test_a_weight_is_a_copy(columns: tuple[list[int], list[int], list[int]]) -> None:
    first, second, weights = columns
    one, other = (statistics.centred_ranks(statistics.levels(column), weights) for column in (first, second))
    rho = statistics.correlation(*statistics.rank_sums(one, other, weights))
    assert rho == pytest.approx(pearson_of_ranks(copied(first, weights), copied(second, weights)))


@given(weighed(), st.integers(2, 4))
def test_a_group_drawn_several_times_adds_up_as_several_groups(
    columns: tuple[list[int], list[int], list[int]], times: int
) -> None:
    first, second, weights = columns
    orders = [statistics.levels(column) for column in (first, second)]

    def sums(many: list[int]) -> statistics.RankSums:
        one, other = (statistics.centred_ranks(order, many) for order in orders)
        return statistics.rank_sums(one, other, many)

    assert sums([times * weight for weight in weights]) == pytest.approx([times * one for one in sums(weights)])


def test_spearman_by_hand() -> None:
    assert statistics.spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) == pytest.approx(0.8207826816681233)
    assert statistics.spearman([1, 2, 3], [1, 2, 3]) == 1.0
    assert statistics.spearman([1, 2, 3], [3, 2, 1]) == -1.0
    assert statistics.spearman([1, 1, 1], [3, 2, 1]) is None
    assert statistics.spearman([], []) is None


@given(values)
def test_percentiles_are_the_share_below_and_half_of_the_level_ones(column: list[int]) -> None:
    expected = [(sum(v < x for v in column) + sum(v == x for v in column) / 2) / len(column) for x in column]
    assert statistics.percentiles(column) == pytest.approx(expected)


# ---- the top -----------------------------------------------------------------------------------------------


def all_orders(order: Levels) -> list[list[int]]:
    """Every order of the papers that keeps better levels first."""
    orders: list[list[int]] = [[]]
    for level in order:
        orders = [[*begun, *some] for begun in orders for some in permutations(level)]
    return orders


short = st.lists(st.integers(0, 3), min_size=1, max_size=5)


@given(short, st.data(), st.integers(1, 6))
def test_the_top_is_the_mean_over_all_orders_of_level_papers(column: list[int], data: st.DataObject, k: int) -> None:
    gains = data.draw(st.lists(st.floats(0, 1), min_size=len(column), max_size=len(column)))
    hits = [gain > 0.5 for gain in gains]
    order, once = statistics.levels(column), [1] * len(column)
    every = all_orders(order)
    gained = [sum(gains[paper] / log2(place + 2) for place, paper in enumerate(one[:k])) for one in every]
    right = [sum(hits[paper] for paper in one[:k]) / k for one in every]
    assert statistics.discounted_gain(order, gains, once, k) == pytest.approx(sum(gained) / len(every))
    assert statistics.precision(order, hits, once, k) == pytest.approx(sum(right) / len(every))


@given(weighed(), st.integers(1, 8))
def test_the_top_of_weights_is_that_of_copies(columns: tuple[list[int], list[int], list[int]], k: int) -> None:
    column, gains, weights = columns
    order, once = statistics.levels(copied(column, weights)), [1] * sum(weights)
    whole = [float(gain) for gain in gains]
    parts = [float(gain) for gain in copied(gains, weights)]
    assert statistics.discounted_gain(statistics.levels(column), whole, weights, k) == pytest.approx(
        statistics.discounted_gain(order, parts, once, k)
    )
    assert statistics.precision(statistics.levels(column), [g > 2 for g in gains], weights, k) == pytest.approx(
        statistics.precision(order, [g > 2 for g in parts], once, k)
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms())
def test_no_order_gains_more_than_that_of_the_gains(gains: list[float], chance: Random) -> None:
    once, best = [1] * len(gains), statistics.levels(gains)
    other = statistics.levels([chance.randrange(4) for _ in gains])
    most = statistics.discounted_gain(best, gains, once, 10)
    assert statistics.discounted_gain(other, gains, once, 10) <= most + 1e-12


# ---- intervals -----------------------------------------------------------------------------------------------


def test_an_interval_leaves_out_one_in_forty_at_each_end() -> None:
    found = statistics.estimate(0.5, [one / 1000 for one in range(1000)])
    assert found == (0.5, 0.025, 0.974)
    assert statistics.estimate(0.5, [None, 0.25, None]) == (0.5, 0.25, 0.25)
    assert statistics.estimate(None, [0.25]) == (None, None, None)
    assert statistics.estimate(0.5, []) == (0.5, None, None)


@given(st.integers(0, 50), st.integers())
def test_as_many_are_drawn_as_there_are(size: int, seed: int) -> None:
    weights = statistics.draw(Random(seed), size)
    assert len(weights) == sum(weights) == size and min(weights, default=0) >= 0
    assert weights == statistics.draw(Random(seed), size)


def test_every_paper_is_drawn_alike() -> None:
    chance = Random("alike")
    sums = [sum(column) for column in zip(*(statistics.draw(chance, 10) for _ in range(5000)), strict=True)]
    assert all(4700 < one < 5300 for one in sums)  # 5,000 ± 4 standard deviations


@pytest.mark.long
def test_the_interval_of_a_mean_covers_what_it_should() -> None:
    """Of 300 samples of 40 fair coins, about 95% have an interval that contains one half."""
    chance, covered = Random("coins"), 0
    for _ in range(300):
        coins = [int(chance.random() < 0.5) for _ in range(40)]
        means = []
        for _ in range(200):
            weights = statistics.draw(chance, 40)
            means.append(sum(w * coin for w, coin in zip(weights, coins, strict=True)) / 40)
        _, low, high = statistics.estimate(sum(coins) / 40, means)
        covered += low is not None and high is not None and low <= 0.5 <= high
    assert 265 <= covered <= 297
