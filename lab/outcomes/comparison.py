"""How well orders of the same papers agree with what came later, how certain that is, and which of two does better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from operator import mul
from random import Random
from typing import Any, NamedTuple

from lab import statistics
from lab.outcomes.targets import LaterOutcome
from lab.statistics import Estimate, Levels, Weights

GAIN_PLACES = 10
"""The number of places that count in nDCG."""


class ComparisonScope(NamedTuple):
    """The papers among which orders are compared. `k`: places for precision; `least`: the papers a group needs for nDCG
    and precision; `whole`: resamples draw whole groups, not papers inside each group."""

    name: str
    k: int
    least: int
    whole: bool


ALL = ComparisonScope("all papers", k=10, least=20, whole=False)
VENUE = ComparisonScope("venue and year", k=10, least=20, whole=False)
DAY = ComparisonScope("day", k=1, least=2, whole=True)


class ComparedGroup(NamedTuple):
    """Papers that are compared with each other: their gains and hits, their order by gain, and the orders to judge."""

    gains: tuple[float, ...]
    hits: tuple[bool, ...]
    best: Levels
    orders: tuple[Levels, ...]


class Agreement(NamedTuple):
    """Spearman's rho, nDCG@10 and precision@k; None if undefined."""

    spearman: float | None
    ndcg: float | None
    precision: float | None


class ComparedOrder(NamedTuple):
    """An order's agreement with the outcome, and how far it is above that of the ranking it is compared with."""

    name: str
    papers: int
    spearman: Estimate
    ndcg: Estimate
    precision: Estimate
    spearman_above: Estimate
    ndcg_above: Estimate
    precision_above: Estimate


# ---- groups ------------------------------------------------------------------------------------------------


def grouped(
    outcomes: Mapping[str, LaterOutcome], keys: Mapping[str, str], orders: Sequence[Mapping[str, Any]]
) -> list[ComparedGroup]:
    """The papers in all orders, grouped by their keys; groups of one paper are left out."""
    papers: dict[str, list[str]] = defaultdict(list)
    for paper in sorted(outcomes):
        if paper in keys and all(paper in order for order in orders):
            papers[keys[paper]].append(paper)
    return [_group(some, outcomes, orders) for _, some in sorted(papers.items()) if len(some) > 1]


def _group(
    papers: Sequence[str], outcomes: Mapping[str, LaterOutcome], orders: Sequence[Mapping[str, Any]]
) -> ComparedGroup:
    gains = tuple(outcomes[paper].gain for paper in papers)
    return ComparedGroup(
        gains=gains,
        hits=tuple(outcomes[paper].hit for paper in papers),
        best=statistics.levels(gains),
        orders=tuple(statistics.levels([order[paper] for paper in papers]) for order in orders),
    )


# ---- agreement ---------------------------------------------------------------------------------------------


class GroupSums(NamedTuple):
    """What a group adds to the agreement of an order: sums of ranks; nDCG and precision, and whether they are
    defined."""

    products: float
    first: float
    second: float
    ndcg: float
    gained: int
    precision: float
    topped: int


def _sums(group: ComparedGroup, weights: Weights, scope: ComparisonScope) -> list[GroupSums]:
    """The sums for each order, with papers weighted by `weights`."""
    best = statistics.centred_ranks(group.best, weights)
    is_large = len(group.gains) >= scope.least
    ideal = statistics.discounted_gain(group.best, group.gains, weights, GAIN_PLACES) if is_large else 0.0

    def sums(order: Levels) -> GroupSums:
        ranks = statistics.rank_sums(statistics.centred_ranks(order, weights), best, weights)
        gain = statistics.discounted_gain(order, group.gains, weights, GAIN_PLACES) / ideal if ideal else 0.0
        precision = statistics.precision(order, group.hits, weights, scope.k) if is_large else 0.0
        return GroupSums(*ranks, gain, int(ideal > 0), precision, int(is_large))

    return [sums(order) for order in group.orders]


def _agreement(sums: Iterable[GroupSums], weights: Weights) -> Agreement:
    """The agreement over all groups: one correlation inside groups, and the means of nDCG and precision."""
    products, first, second, ndcg, gained, precision, topped = (
        fsum(map(mul, column, weights)) for column in zip(*sums, strict=True)
    )
    return Agreement(
        statistics.correlation(products, first, second),
        ndcg / gained if gained else None,
        precision / topped if topped else None,
    )


def _measured(groups: Sequence[ComparedGroup], scope: ComparisonScope) -> list[list[GroupSums]]:
    """The sums by order, for all groups, with every paper once."""
    by_group = [_sums(group, [1] * len(group.gains), scope) for group in groups]
    return [list(sums) for sums in zip(*by_group, strict=True)]


def _resampled(
    groups: Sequence[ComparedGroup], measured: list[list[GroupSums]], scope: ComparisonScope, chance: Random
) -> list[Agreement]:
    """The agreement by order in one resample, which is the same for all orders."""
    if scope.whole:
        weights = statistics.draw(chance, len(groups))
        return [_agreement(sums, weights) for sums in measured]
    by_group = [_sums(group, statistics.draw(chance, len(group.gains)), scope) for group in groups]
    return [_agreement(sums, [1] * len(groups)) for sums in zip(*by_group, strict=True)]


# ---- orders compared ---------------------------------------------------------------------------------------


class ComparisonRequest(NamedTuple):
    """How to compare orders. `keys`: the group of each paper; `resamples`: how many; `seed`: for drawing them."""

    outcomes: Mapping[str, LaterOutcome]
    keys: Mapping[str, str]
    scope: ComparisonScope
    resamples: int
    seed: str


def compare(orders: Mapping[str, Mapping[str, Any]], request: ComparisonRequest) -> list[ComparedOrder]:
    """Every order with its agreement and intervals, over the papers that all orders have, each compared with the first.

    `orders`: by name, a comparable value for each paper. Orders that are the same, including ties, are computed once.
    """
    groups = grouped(request.outcomes, request.keys, list(orders.values()))
    if not groups:
        return []
    papers = sum(len(group.gains) for group in groups)
    groups, numbers = _distinct(groups)
    measured = _measured(groups, request.scope)
    chance = Random(request.seed)
    resampled = [_resampled(groups, measured, request.scope, chance) for _ in range(request.resamples)]
    agreements = [_agreement(sums, [1] * len(groups)) for sums in measured]
    rows = [_row(agreements, resampled, number, numbers[0]) for number in range(len(agreements))]
    return [ComparedOrder(name, papers, *rows[number]) for name, number in zip(orders, numbers, strict=True)]


def _distinct(groups: list[ComparedGroup]) -> tuple[list[ComparedGroup], list[int]]:
    """The groups with each distinct order once, and for each order its new number."""
    new_numbers: dict[tuple[Levels, ...], int] = {}
    numbers = [
        new_numbers.setdefault(order, len(new_numbers))
        for order in zip(*(group.orders for group in groups), strict=True)
    ]
    first_places = [numbers.index(number) for number in range(len(new_numbers))]
    return [group._replace(orders=tuple(group.orders[place] for place in first_places)) for group in groups], numbers


def _row(agreements: list[Agreement], resampled: list[list[Agreement]], number: int, reference: int) -> list[Estimate]:
    """An order's three figures, then the three differences."""
    figures = [
        statistics.estimate(agreements[number][figure], (sample[number][figure] for sample in resampled))
        for figure in range(3)
    ]
    above = [
        statistics.estimate(
            _difference(agreements[number][figure], agreements[reference][figure]),
            (_difference(sample[number][figure], sample[reference][figure]) for sample in resampled),
        )
        for figure in range(3)
    ]
    return [*figures, *above]


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
