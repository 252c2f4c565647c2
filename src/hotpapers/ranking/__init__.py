"""Rankings: pure, versioned functions from a talk to scored, explained entries.

A version stays in the code for ever; a changed ranking is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from hotpapers.errors import UsageError
from hotpapers.model import Scored, Talk
from hotpapers.ranking import classic, rarity

RANKINGS: dict[str, Callable[[Talk], tuple[Scored, ...]]] = {classic.NAME: classic.rank, rarity.NAME: rarity.rank}


def rank(talk: Talk, ranking: str) -> tuple[Scored, ...]:
    """The candidates in order, each with its score and parts; level scores are marked. Raises UsageError."""
    if ranking not in RANKINGS:
        raise UsageError(f"{ranking}: no such ranking; there are {', '.join(RANKINGS)}")
    return marked(RANKINGS[ranking](talk))


def marked(ordered: Sequence[Scored]) -> tuple[Scored, ...]:
    """The same, those with a neighbour of the same score marked as level and no others."""
    level = {one.score for one, other in pairwise(ordered) if one.score == other.score}
    return tuple(msgspec.structs.replace(one, level=one.score in level) for one in ordered)
