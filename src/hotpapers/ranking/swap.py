"""What would have to change for two neighbours to swap: the least growth, network by network."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.model import Entry, Part, Peers
from hotpapers.ranking.rarity import LEAST, Reference, millipoints, reference_among


class Growth(NamedTuple):
    """With `needed` instead of `now` (voices, or for the classic rule reposts and likes) on a network the lower one passes."""

    network: str
    now: int
    needed: int


def growths(lower: Entry, upper: Entry, peers: tuple[Peers, ...]) -> tuple[Growth, ...]:
    """For each network of the lower entry the least count with which it would stand above; networks that cannot do it
    alone are left out."""
    found = []
    for part in lower.parts:
        needed = _classic(lower, upper, part) if part.rule == "classic" else _rarity(lower, upper, part, peers)
        if needed is not None:
            found.append(Growth(part.network, part.score if part.rule == "classic" else part.voices, needed))
    return tuple(found)


def _classic(lower: Entry, upper: Entry, part: Part) -> int:
    return part.score + upper.score - lower.score + 1


def _rarity(lower: Entry, upper: Entry, part: Part, peers: tuple[Peers, ...]) -> int | None:
    """The least x with which score, then voices, are greater: found by halving, as a score only grows with x."""
    reference = reference_among(peers, part.network, part.age, part.among)

    def passes(x: int) -> bool:
        score = lower.score - part.score + score_with(x, part, reference)
        return (score, lower.voices - part.voices + x) > (upper.score, upper.voices)

    low, high = part.voices, max(reference.voices[-1] if reference.voices else 0, part.voices, upper.voices) + 1
    if not passes(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def score_with(x: int, part: Part, reference: Reference) -> int:
    """The part's score if the paper had x voices there, more than it has: it is itself not among those with x."""
    return millipoints(part.papers, reference.atleast(x)) if x >= LEAST else 0
