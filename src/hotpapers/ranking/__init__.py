"""Rankings: pure, versioned functions from a talk to scored, explained entries.

A version stays in the code for ever; a changed ranking is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from hotpapers.errors import UsageError
from hotpapers.model import RankingInput, ScoredCandidate
from hotpapers.ranking import classic, rarity

RANKINGS: dict[str, Callable[[RankingInput], tuple[ScoredCandidate, ...]]] = {
    classic.NAME: classic.rank,
    rarity.NAME: rarity.rank,
}


def rank(talk: RankingInput, ranking: str) -> tuple[ScoredCandidate, ...]:
    """The candidates in order, each with its score and parts; level scores are marked. Raises UsageError."""
    if ranking not in RANKINGS:
        raise UsageError(f"{ranking}: no such ranking; there are {', '.join(RANKINGS)}")
    return marked(RANKINGS[ranking](talk))


def marked(ordered: Sequence[ScoredCandidate]) -> tuple[ScoredCandidate, ...]:
    """The same, those with a neighbour of the same score marked as level and no others."""
    level = {one.score for one, other in pairwise(ordered) if one.score == other.score}
    return tuple(msgspec.structs.replace(candidate, tied=candidate.score in level) for candidate in ordered)
