"""Rankings: pure, versioned functions from candidates to scored, explained entries.

classic_1   reposts and likes (classic/1)
rarity_1    how rare attention is (rarity/1)      rarity_2   the same, by voices with standing (rarity/2)
scoring   parts, scores and ties            swap    what would make two neighbors change places
price     the accounts that a place costs   words   parts and prices as sentences

The input is a `RankingInput`, the output `ScoredCandidate`s. A ranking knows no store, clock or network, and its scores
are integers. A version stays in the code forever; a changed ranking gets a new version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import RankingInput, ScoredCandidate
from hotpapers.base.suggestions import list_choices
from hotpapers.base.wings import load_lazily
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.issues.hooks import RankingRule
from hotpapers.issues.ranking import classic_1, rarity_1, rarity_2
from hotpapers.issues.ranking.scoring import with_ties

Rank = Callable[[RankingInput], tuple[ScoredCandidate, ...]]


RANKINGS: dict[str, Rank] = {
    **{ranking.NAME: ranking.rank for ranking in (classic_1, rarity_1, rarity_2)},
    **{rule.name: load_lazily(rule.place) for rule in hooks_of(RankingRule)},
}


DEFAULT = rarity_2.NAME
"""The ranking of a new publication."""


class RankingNeeds(NamedTuple):
    """A ranking's requirements of the record. `ages`: the hours after announcement at which papers are compared; a
    paper younger than the first is compared with others at that age. `with_standing`: whether it needs accounts'
    standing."""

    ages: tuple[int, ...]
    with_standing: bool


def needs_of(ranking: str) -> RankingNeeds:
    """The requirements of the ranking with this name."""
    is_second = ranking == rarity_2.NAME
    return RankingNeeds(AGES[1:] if is_second else AGES, with_standing=is_second)


def rank(inputs: RankingInput, ranking: str) -> tuple[ScoredCandidate, ...]:
    """The candidates in order, each with its score and parts; ties are marked. Raises UsageError."""
    if ranking not in RANKINGS:
        raise UsageError(f"{ranking}: no such ranking; choose from {list_choices(ranking, RANKINGS)}")
    return with_ties(RANKINGS[ranking](inputs))
