"""Rank statistics against their definitions: by hand, by brute force, and with weights instead of copies."""

from __future__ import annotations

from itertools import chain, permutations
from math import log2
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import statistics
from lab.statistics import Levels

values = st.lists(st.integers(0, 6), min_size=1, max_size=12)


@st.composite
def weighted_columns(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Two columns of values for the same papers, and how often each paper is drawn; some are not."""
    size = draw(st.integers(1, 9))
    columns = [draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)) for _ in range(2)]
    weights = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return columns[0], columns[1], weights


def copies(column: list[int], weights: list[int]) -> list[int]:
    return list(chain.from_iterable([value] * weight for value, weight in zip(column, weights, strict=True)))


def pearson_of_ranks(xs: list[int], ys: list[int]) -> float | None:
    """Spearman's rho by definition: Pearson's correlation of mid-ranks."""

    def ranks(column: list[int]) -> list[float]:
        return [sum(v < value for v in column) + (sum(v == value for v in column) + 1) / 2 for value in column]

    x_ranks, y_ranks, mean = ranks(xs), ranks(ys), (len(xs) + 1) / 2
    products = sum((x - mean) * (y - mean) for x, y in zip(x_ranks, y_ranks, strict=True))
    squares = sum((x - mean) ** 2 for x in x_ranks) * sum((y - mean) ** 2 for y in y_ranks)
    return products / squares**0.5 if squares else None


# ---- ranks -------------------------------------------------------------------------------------------------


@given(values)
def test_levels_hold_every_paper_once_best_first(column: list[int]) -> None:
    order = statistics.levels(column)
    assert sorted(chain.from_iterable(order)) == list(range(len(column)))
    assert [column[level[0]] for level in order] == sorted(set(column), reverse=True)
    assert all(len({column[paper] for paper in level}) == 1 for level in order)


@given(weighted_columns())
def test_spearman_is_the_correlation_of_mid_ranks(columns: tuple[list[int], list[int], list[int]]) -> None:
    xs, ys, _ = columns
    assert statistics.spearman(xs, ys) == pytest.approx(pearson_of_ranks(xs, ys))


@given(weighted_columns())
def test_a_weight_is_a_copy(columns: tuple[list[int], list[int], list[int]]) -> None:
    xs, ys, weights = columns
    x_ranks, y_ranks = (statistics.centred_ranks(statistics.levels(column), weights) for column in (xs, ys))
    rho = statistics.correlation(*statistics.rank_sums(x_ranks, y_ranks, weights))
    assert rho == pytest.approx(pearson_of_ranks(copies(xs, weights), copies(ys, weights)))


@given(weighted_columns(), st.integers(2, 4))
def test_a_group_drawn_several_times_adds_up_as_several_groups(
    columns: tuple[list[int], list[int], list[int]], times: int
) -> None:
    xs, ys, weights = columns
    orders = [statistics.levels(column) for column in (xs, ys)]

    def sums(paper_weights: list[int]) -> statistics.RankSums:
        x_ranks, y_ranks = (statistics.centred_ranks(order, paper_weights) for order in orders)
        return statistics.rank_sums(x_ranks, y_ranks, paper_weights)

    assert sums([times * weight for weight in weights]) == pytest.approx([times * total for total in sums(weights)])


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
    """Every order of the papers in which better levels come first."""
    orders: list[list[int]] = [[]]
    for level in order:
        orders = [[*start, *rest] for start in orders for rest in permutations(level)]
    return orders


short = st.lists(st.integers(0, 3), min_size=1, max_size=5)


@given(short, st.data(), st.integers(1, 6))
def test_the_top_is_the_mean_over_all_orders_of_level_papers(column: list[int], data: st.DataObject, k: int) -> None:
    gains = data.draw(st.lists(st.floats(0, 1), min_size=len(column), max_size=len(column)))
    hits = [gain > 0.5 for gain in gains]
    order, unit_weights = statistics.levels(column), [1] * len(column)
    possible_orders = all_orders(order)
    gains_by_order = [
        sum(gains[paper] / log2(place + 2) for place, paper in enumerate(papers[:k])) for papers in possible_orders
    ]
    precisions = [sum(hits[paper] for paper in papers[:k]) / k for papers in possible_orders]
    assert statistics.discounted_gain(order, gains, unit_weights, k) == pytest.approx(
        sum(gains_by_order) / len(possible_orders)
    )
    assert statistics.precision(order, hits, unit_weights, k) == pytest.approx(sum(precisions) / len(possible_orders))


@given(weighted_columns(), st.integers(1, 8))
def test_the_top_of_weights_is_that_of_copies(columns: tuple[list[int], list[int], list[int]], k: int) -> None:
    column, gains, weights = columns
    order, unit_weights = statistics.levels(copies(column, weights)), [1] * sum(weights)
    float_gains = [float(gain) for gain in gains]
    copied_gains = [float(gain) for gain in copies(gains, weights)]
    assert statistics.discounted_gain(statistics.levels(column), float_gains, weights, k) == pytest.approx(
        statistics.discounted_gain(order, copied_gains, unit_weights, k)
    )
    assert statistics.precision(statistics.levels(column), [g > 2 for g in gains], weights, k) == pytest.approx(
        statistics.precision(order, [g > 2 for g in copied_gains], unit_weights, k)
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms())
def test_no_order_gains_more_than_that_of_the_gains(gains: list[float], chance: Random) -> None:
    unit_weights, best = [1] * len(gains), statistics.levels(gains)
    shuffled_levels = statistics.levels([chance.randrange(4) for _ in gains])
    maximum = statistics.discounted_gain(best, gains, unit_weights, 10)
    assert statistics.discounted_gain(shuffled_levels, gains, unit_weights, 10) <= maximum + 1e-12


# ---- intervals -----------------------------------------------------------------------------------------------


def test_an_interval_leaves_out_one_in_forty_at_each_end() -> None:
    interval = statistics.estimate(0.5, [n / 1000 for n in range(1000)])
    assert interval == (0.5, 0.025, 0.974)
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
    assert all(4700 < total < 5300 for total in sums)  # 5,000 ± 4 standard deviations


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
