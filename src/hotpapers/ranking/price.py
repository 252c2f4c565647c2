"""What a score would have cost: the fewest accounts with which a paper that nobody spoke of would have had as many
points.

The accounts are spread over networks and over the ages at which papers are compared as it is cheapest, each of them
counted once, and nobody else speaks of the paper. How many of them need standing follows from what known voices vouch
for (see `vouched`). It is a lower bound: where a network names its accounts, unknown ones count only beside known ones.
Nor is the place quite the score: level scores go by known voices, and others are compared with one paper more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, takewhile

from hotpapers.model import Attention, Price, VoiceHistogram
from hotpapers.ranking import vouched
from hotpapers.ranking.rarity import LEAST, ReferenceTable, VoiceReference, millipoints

MOST = 4096
"""Accounts beyond which no price is looked for."""
BOUND_STEP = 64
"""Accounts are tried in multiples of these: the work grows with the square of how many are tried."""


class PriceList:
    """The prices of an issue's places: made of its references, once."""

    def __init__(self, peers: Iterable[VoiceHistogram], ages: Sequence[int], *, known: bool) -> None:
        """`known`: whether standing is told."""
        some = tuple(peers)
        self._references = ReferenceTable(some)
        self._networks = sorted({peer.network for peer in some})
        self._ages = ages
        self._known = known
        self._best: dict[str, tuple[int, ...]] = {}
        self._of_ages: dict[tuple[int, tuple[str, ...]], list[int]] = {}

    def price(self, score: int, archive: str) -> Price:
        """The price of standing no lower than a score, for a paper of an archive."""
        known = vouched.needed(score) if self._known else 0
        bound = _least_bound(score)
        while (best := self._best_scores(archive, bound))[-1] < score and bound < MOST:
            bound = min(bound + bound // 2, MOST)
        accounts = bisect_left(best, score)
        return Price(accounts=max(accounts, known) if accounts < len(best) else None, known=known)

    def _best_scores(self, archive: str, bound: int) -> tuple[int, ...]:
        """The highest score that 0, 1 … accounts reach, up to a bound at least."""
        if len(self._best.get(archive, ())) <= bound:
            of_ages = [self._of_age(archive, age, bound) for age in self._ages]
            self._best[archive] = tuple(map(max, zip(*of_ages, strict=False)))
        return self._best[archive]

    def _of_age(self, archive: str, age: int, bound: int) -> list[int]:
        """The same at one age. Archives that are compared with the same papers have it in common."""
        keys = (
            Attention(network=network, until=0, age=age, voices=0, reposts=0, likes=0) for network in self._networks
        )
        references = [self._references.find(peer, archive) for peer in keys]
        key = (age, tuple(among for among, _ in references))
        if len(self._of_ages.get(key, ())) <= bound:
            self._of_ages[key] = best_scores([_steps_to(bound, reference) for _, reference in references], bound)
        return self._of_ages[key]


def _least_bound(score: int) -> int:
    """Fewer accounts than these cannot reach a score, if each brings the most that one can."""
    accounts = max(-(-score // vouched.MOST_PER_VOICE), 1)
    return min(-(-accounts // BOUND_STEP) * BOUND_STEP, MOST)


def _steps_to(bound: int, reference: VoiceReference) -> list[tuple[int, int]]:
    return list(takewhile(lambda step: step[0] <= bound, steps_of(reference)))


def steps_of(reference: VoiceReference) -> Iterator[tuple[int, int]]:
    """(voices, points): the numbers of voices at which a network's part grows, ascending."""
    last = 0
    for first, end in pairwise((LEAST, *(voices + 1 for voices in reference.voices), MOST)):
        atleast = reference.atleast(first)
        most = millipoints(reference.papers, atleast)
        for voices in range(first, end):
            points = vouched.points_of(voices, reference.papers, atleast)
            if points > last:
                last = points
                yield voices, points
            if points == most:
                break


def best_scores(networks: Iterable[Sequence[tuple[int, int]]], bound: int) -> list[int]:
    """The highest sum of one step a network, or none, that 0 … `bound` accounts reach: dynamic programming.

    Where each account already brings the most that one brings anywhere, no further network can add to it.
    """
    ordered = sorted(list(steps) for steps in networks if steps)  # below the first step of all nothing is reached
    best, open_from = [0] * (bound + 1), 0
    if ordered:
        best_rate = max(Fraction(points, voices) for steps in ordered for voices, points in steps)
        lowest, _ = ordered[0][0]
    for steps in ordered:
        best = _with_network(best, steps, open_from)
        numbers = range(max(open_from, lowest), bound + 1)
        open_from = next((n for n in numbers if best[n] * best_rate.denominator < best_rate.numerator * n), bound + 1)
    return best


def _with_network(before: list[int], steps: Sequence[tuple[int, int]], open_from: int) -> list[int]:
    """With one network more, where so many accounts or more may reach more by it."""
    if not before[-1]:  # the first one, alone
        pairs = pairwise([(0, 0), *steps, (len(before), 0)])
        return [points for (voices, points), (end, _) in pairs for _ in range(voices, end)][: len(before)]
    best = before
    for voices, points in steps:
        first = max(voices, open_from)
        if first < len(before):
            raised = map(points.__add__, before[first - voices :])
            best = [*best[:first], *map(max, best[first:], raised)]
    return best
