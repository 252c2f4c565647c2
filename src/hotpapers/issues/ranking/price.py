"""The price of a score: the fewest accounts that would give a paper nobody talks about as many points.

The accounts are spread over networks in the cheapest way, at the cheapest of the ages at which papers are compared;
each counts once. How many need standing follows from what known voices vouch for (`rarity_2.needed_voices`). The price
is a lower bound: where a network names its accounts, unknown ones count only next to known ones. Also, a score does not
quite decide a place: ties go by known voices, and the added paper changes what others are compared with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, takewhile

from hotpapers.base.model import Attention, Price, VoiceHistogram
from hotpapers.issues.ranking import rarity_2
from hotpapers.issues.ranking.rarity_1 import MIN_VOICES, ReferenceTable, VoiceReference, rarity_millipoints

NOTHING = Price(accounts=0, known=0)
MAX_PRICE = 4096
"""The highest price searched for, in accounts."""
BOUND_STEP = 64
"""The search bound is a multiple of this, as work grows with the square of the bound."""


class PriceList:
    """The prices of an issue's places, computed from its references and cached."""

    def __init__(self, peers: Iterable[VoiceHistogram], ages: Sequence[int], *, known: bool) -> None:
        """`known`: whether the record knows who has standing."""
        histograms = tuple(peers)
        self._references = ReferenceTable(histograms)
        self._networks = sorted({histogram.network for histogram in histograms})
        self._ages = ages
        self._known = known
        self._best: dict[str, tuple[int, ...]] = {}
        self._scores_by_age: dict[tuple[int, tuple[str, ...]], list[int]] = {}

    def price(self, score: int, archive: str, least: Price = NOTHING) -> Price:
        """The price of reaching a score, for a paper in an archive, but not less than `least`."""
        known = max(rarity_2.needed_voices(score) if self._known else 0, least.known)
        # A first bound: the fewest accounts that could reach a score, each adding the most, rounded up to BOUND_STEP
        accounts = max(-(-score // rarity_2.MAX_POINTS_PER_VOICE), 1)
        bound = min(-(-accounts // BOUND_STEP) * BOUND_STEP, MAX_PRICE)
        while (best := self._best_scores(archive, bound))[-1] < score and bound < MAX_PRICE:
            bound = min(bound + bound // 2, MAX_PRICE)
        accounts = bisect_left(best, score)
        if accounts == len(best):
            return Price(accounts=None, known=known)
        return Price(accounts=max(accounts, known, least.accounts or 0), known=known)

    def _best_scores(self, archive: str, bound: int) -> tuple[int, ...]:
        """The highest score that 0, 1, … accounts reach, at least up to a bound."""
        if len(self._best.get(archive, ())) <= bound:
            scores_by_age = [self._scores_at_age(archive, age, bound) for age in self._ages]
            self._best[archive] = tuple(map(max, zip(*scores_by_age, strict=False)))
        return self._best[archive]

    def _scores_at_age(self, archive: str, age: int, bound: int) -> list[int]:
        """The highest score that 0, 1, … accounts reach at one age. Archives compared with the same papers share the
        result."""
        silence = (
            Attention(network=network, until=0, age=age, voices=0, reposts=0, likes=0) for network in self._networks
        )
        references = [self._references.find(attention, archive) for attention in silence]
        key = (age, tuple(among for among, _ in references))
        if len(self._scores_by_age.get(key, ())) <= bound:
            self._scores_by_age[key] = best_scores(
                [list(takewhile(lambda step: step[0] <= bound, steps_of(reference))) for _, reference in references],
                bound,
            )
        return self._scores_by_age[key]


def steps_of(reference: VoiceReference) -> Iterator[tuple[int, int]]:
    """(voices, points) at each number of voices where a network's part grows, ascending."""
    last_points = 0
    for first, end in pairwise((MIN_VOICES, *(voices + 1 for voices in reference.voices), MAX_PRICE)):
        atleast = reference.atleast(first)
        most_points = rarity_millipoints(reference.papers, atleast)
        for voices in range(first, end):
            points = rarity_2.points_of(voices, reference.papers, atleast)
            if points > last_points:
                last_points = points
                yield voices, points
            if points == most_points:
                break


def best_scores(networks: Iterable[Sequence[tuple[int, int]]], bound: int) -> list[int]:
    """The highest sum that 0 … `bound` accounts reach with at most one step per network, by dynamic programming.

    Where every account already adds the most it could anywhere, further networks cannot improve the sum.
    """
    ordered = sorted(list(steps) for steps in networks if steps)  # below the lowest first step, the sum is 0
    best = [0] * (bound + 1)
    improvable_from = 0
    if ordered:
        best_rate = max(Fraction(points, voices) for steps in ordered for voices, points in steps)
        lowest, _ = ordered[0][0]
    for steps in ordered:
        best = _with_network(best, steps, improvable_from)
        numbers = range(max(improvable_from, lowest), bound + 1)
        improvable_from = next(
            (n for n in numbers if best[n] * best_rate.denominator < best_rate.numerator * n), bound + 1
        )
    return best


def _with_network(scores: list[int], steps: Sequence[tuple[int, int]], improvable_from: int) -> list[int]:
    """The best sums with one more network, which can only improve them from `improvable_from` accounts on."""
    if not scores[-1]:  # the first one, alone
        pairs = pairwise([(0, 0), *steps, (len(scores), 0)])
        return [points for (voices, points), (end, _) in pairs for _ in range(voices, end)][: len(scores)]
    best = scores
    for voices, points in steps:
        first = max(voices, improvable_from)
        if first < len(scores):
            raised_scores = map(points.__add__, scores[first - voices :])
            best = [*best[:first], *map(max, best[first:], raised_scores)]
    return best
