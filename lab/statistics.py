"""Rank statistics in plain Python: how far two orders agree, how good the top of one is, and how certain that is.

Papers are numbers 0 … n - 1. An order is `Levels`: tuples of papers, best first, tied ones together. Weights say how
often each paper is drawn; a paper of weight 2 counts as two tied ones, so a resample is weighted, not copied. Ranks are
doubled integers and their sums are exact: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, groupby
from math import log2, sqrt
from operator import mul
from random import Random
from typing import Any, NamedTuple

Levels = tuple[tuple[int, ...], ...]
Weights = Sequence[int]


def levels(values: Sequence[Any]) -> Levels:
    """The order of comparable values, greatest first."""
    ordered = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    return tuple(tuple(sorted(group)) for _, group in groupby(ordered, key=values.__getitem__))


# ---- agreement of two orders -------------------------------------------------------------------------------


class CentredRanks(NamedTuple):
    """Each paper's doubled mid-rank minus the doubled mean rank, best first, and the sum of their squares over all
    drawn papers."""

    ranks: list[int]
    squares: int


def centred_ranks(order: Levels, weights: Weights) -> CentredRanks:
    """Mid-ranks of the drawn papers: tied papers share the mean of their ranks (Kendall, 1945)."""
    ranks = [0] * len(weights)
    total, before, squares = sum(weights), 0, 0
    for level in order:
        size = weights[level[0]] if len(level) == 1 else sum([weights[paper] for paper in level])
        if size:
            rank = 2 * before + size - total
            for paper in level:
                ranks[paper] = rank
            before += size
            squares += size * rank * rank
    return CentredRanks(ranks, squares)


class RankSums(NamedTuple):
    """The terms of a rank correlation: sums of products and of both squares, with ranks divided by the number of
    papers, so the sums of several groups add up to one correlation within groups (cf. van Elteren, 1960)."""

    products: float
    first: float
    second: float


def rank_sums(first: CentredRanks, second: CentredRanks, weights: Weights) -> RankSums:
    """The sums of two orders of the same papers."""
    unit = max(sum(weights), 1) ** 2
    products = sum(map(mul, map(mul, first.ranks, second.ranks), weights))
    return RankSums(products / unit, first.squares / unit, second.squares / unit)


def correlation(products: float, first: float, second: float) -> float | None:
    """Spearman's rho (1904) of summed ranks, -1 to 1; None if all are tied in one of the orders."""
    return products / sqrt(first * second) if first > 0 and second > 0 else None


def spearman(first: Sequence[Any], second: Sequence[Any]) -> float | None:
    """Spearman's rho of two sequences of values, ties with mid-ranks; None if all are tied."""
    weights = [1] * len(first)
    first_ranks, other = (centred_ranks(levels(values), weights) for values in (first, second))
    return correlation(*rank_sums(first_ranks, other, weights))


def percentiles(values: Sequence[float]) -> list[float]:
    """For each value, the share of values below it plus half of those tied with it, 0 to 1."""
    shares = [0.0] * len(values)
    above, doubled_size = 0, 2 * len(values)
    for level in levels(values):
        for paper in level:
            shares[paper] = (doubled_size - 2 * above - len(level)) / doubled_size
        above += len(level)
    return shares


# ---- the top of an order -----------------------------------------------------------------------------------


@lru_cache
def discounts(k: int) -> tuple[float, ...]:
    """The sums of the discounts 1 / log2(place + 1) of the first 0, 1, … k places."""
    return tuple(accumulate((1 / log2(place + 1) for place in range(1, k + 1)), initial=0.0))


def discounted_gain(order: Levels, gains: Sequence[float], weights: Weights, k: int) -> float:
    """DCG of the first k places (Järvelin and Kekäläinen, 2002), averaged over all orders of tied papers (McSherry and
    Najork, 2008)."""
    sums, filled, gained = discounts(k), 0, 0.0
    for level in order:
        size = sum([weights[paper] for paper in level])
        if size:
            end = min(filled + size, k)
            mean = sum([weights[paper] * gains[paper] for paper in level]) / size
            gained += mean * (sums[end] - sums[filled])
            filled = end
            if filled == k:
                break
    return gained


def precision(order: Levels, relevant: Sequence[bool], weights: Weights, k: int) -> float:
    """The share of relevant papers among the first k, averaged over all orders of tied papers."""
    filled, hits = 0, 0.0
    for level in order:
        size = sum([weights[paper] for paper in level])
        if size:
            new_places = min(size, k - filled)
            hits += new_places * sum([weights[paper] for paper in level if relevant[paper]]) / size
            filled += new_places
            if filled == k:
                break
    return hits / k


# ---- how certain a figure is ---------------------------------------------------------------------------------


class Estimate(NamedTuple):
    """A figure with the bounds of its 95 % interval; None if undefined."""

    value: float | None
    low: float | None
    high: float | None


COVERED = 0.95


def estimate(value: float | None, resampled: Iterable[float | None]) -> Estimate:
    """A figure with its percentile interval (Efron, 1979) over the resamples in which it is defined."""
    ordered = sorted(sample for sample in resampled if sample is not None)
    if value is None or not ordered:
        return Estimate(value, None, None)
    cut = int(len(ordered) * (1 - COVERED) / 2)
    return Estimate(value, ordered[cut], ordered[-1 - cut])


def draw(chance: Random, size: int) -> list[int]:
    """How often each of `size` items is drawn in `size` draws."""
    weights = [0] * size
    for _ in range(size):  # `random` alone keeps its sequence in every version of Python
        weights[int(chance.random() * size)] += 1
    return weights
