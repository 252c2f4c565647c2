"""Rankings: pure, versioned functions from a talk to scored, explained entries.

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


class Measured(NamedTuple):
    """What a ranking asks of the record: at which `ages` papers are compared, in hours after their announcement, one
    younger than the first with others at that age; `with_standing`: whose voices have standing."""

    ages: tuple[int, ...]
    with_standing: bool = False


def measured_by(ranking: str) -> Measured:
    """What is measured for a ranking."""
    return Measured(rarity.AGES[1:], with_standing=True) if ranking == vouched.NAME else Measured(rarity.AGES)


def rank(talk: RankingInput, ranking: str) -> tuple[ScoredCandidate, ...]:
    """The candidates in order, each with its score and parts; level scores are marked. Raises UsageError."""
    if ranking not in RANKINGS:
        raise UsageError(f"{ranking}: no such ranking; there are {', '.join(RANKINGS)}")
    return marked(RANKINGS[ranking](talk))


def marked(ordered: Sequence[ScoredCandidate]) -> tuple[ScoredCandidate, ...]:
    """The same, those with a neighbour of the same score marked as level and no others."""
    level = {candidate.score for candidate, other in pairwise(ordered) if candidate.score == other.score}
    return tuple(
        candidate if candidate.tied == (candidate.score in level)
        else msgspec.structs.replace(candidate, tied=not candidate.tied)
        for candidate in ordered
    )  # fmt: skip
