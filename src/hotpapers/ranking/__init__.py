"""Rankings: pure, versioned functions from candidates to scored, explained entries.

classic   reposts and likes; rarity: how rare attention is; vouched: the same, by voices with standing
scoring   parts, scores and ties            swap    what would make two neighbors change places
price     the accounts that a place costs   words   parts and prices as sentences

The input is a `RankingInput`, the output `ScoredCandidate`s. A ranking knows no store, clock or network, and its scores
are integers. A version stays in the code forever; a changed ranking gets a new version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from hotpapers.errors import UsageError
from hotpapers.model import RankingInput, ScoredCandidate
from hotpapers.ranking import classic, rarity, vouched

RANKINGS: dict[str, Callable[[RankingInput], tuple[ScoredCandidate, ...]]] = {
    classic.NAME: classic.rank,
    rarity.NAME: rarity.rank,
    vouched.NAME: vouched.rank,
}


DEFAULT = vouched.NAME
"""The ranking of a new publication."""


class RankingNeeds(NamedTuple):
    """What a ranking needs from the record. `ages`: the hours after announcement at which papers are compared; a paper
    younger than the first is compared with others at that age. `with_standing`: whether it needs accounts' standing."""

    ages: tuple[int, ...]
    with_standing: bool = False


def needs_of(ranking: str) -> RankingNeeds:
    """What the ranking with this name needs."""
    return RankingNeeds(rarity.AGES[1:], with_standing=True) if ranking == vouched.NAME else RankingNeeds(rarity.AGES)


def rank(inputs: RankingInput, ranking: str) -> tuple[ScoredCandidate, ...]:
    """The candidates in order, each with its score and parts; ties are marked. Raises UsageError."""
    if ranking not in RANKINGS:
        raise UsageError(f"{ranking}: no such ranking; choose from {', '.join(RANKINGS)}")
    return with_ties(RANKINGS[ranking](inputs))


def with_ties(ordered: Sequence[ScoredCandidate]) -> tuple[ScoredCandidate, ...]:
    """The candidates, with `tied` set for exactly those whose neighbor has the same score."""
    tied_scores = {candidate.score for candidate, other in pairwise(ordered) if candidate.score == other.score}
    return tuple(
        candidate if candidate.tied == (candidate.score in tied_scores)
        else msgspec.structs.replace(candidate, tied=not candidate.tied)
        for candidate in ordered
    )  # fmt: skip
