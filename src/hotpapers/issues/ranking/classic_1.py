"""`classic/1`: the sum of reposts and likes. For reproduction and comparison."""

from __future__ import annotations

from hotpapers.base.model import Attention, RankingInput, ScoreComponent, ScoredCandidate, within_largest
from hotpapers.issues.ranking.scoring import ordered

NAME = "classic/1"


def rank(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Candidates by reposts + likes over all networks, descending; ties keep their order in the listing, then id."""
    return ordered(inputs, lambda candidate: tuple(map(_part, candidate.attention)), lambda candidate: candidate.order)


def _part(attention: Attention) -> ScoreComponent:
    score = within_largest(attention.reposts + attention.likes)
    return ScoreComponent(
        network=attention.network,
        rule="classic",
        score=score,
        voices=attention.voices,
        papers=0,
        atleast=0,
        among="",
        age=attention.age,
        until=attention.until,
    )
