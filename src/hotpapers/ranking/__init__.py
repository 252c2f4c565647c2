"""Rankings: pure, versioned functions from candidates to scored, explained entries.

A version stays in the code for ever; a changed ranking is a new one.
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
"""By which a new publication is ranked."""


class RankingNeeds(NamedTuple):
    """What a ranking asks of the record: at which `ages` papers are compared, in hours after their announcement, one
    younger than the first with others at that age; `with_standing`: whose voices have standing."""

    ages: tuple[int, ...]
    with_standing: bool = False


def needs_of(ranking: str) -> RankingNeeds:
    """What a ranking of this name asks for."""
    return RankingNeeds(rarity.AGES[1:], with_standing=True) if ranking == vouched.NAME else RankingNeeds(rarity.AGES)


def rank(inputs: RankingInput, ranking: str) -> tuple[ScoredCandidate, ...]:
    """The candidates in order, each with its score and parts; level scores are marked. Raises UsageError."""
    if ranking not in RANKINGS:
        raise UsageError(f"{ranking}: no such ranking; there are {', '.join(RANKINGS)}")
    return with_ties(RANKINGS[ranking](inputs))


def with_ties(ordered: Sequence[ScoredCandidate]) -> tuple[ScoredCandidate, ...]:
    """The same, those with a neighbour of the same score marked as level and no others."""
    tied_scores = {candidate.score for candidate, other in pairwise(ordered) if candidate.score == other.score}
    return tuple(
        candidate if candidate.tied == (candidate.score in tied_scores)
        else msgspec.structs.replace(candidate, tied=not candidate.tied)
        for candidate in ordered
    )  # fmt: skip
