"""`classic/1`: the sum of reposts and likes. For reproduction and comparison."""

from __future__ import annotations

from hotpapers.model import Attention, RankingInput, ScoreComponent, ScoredCandidate
from hotpapers.ranking.scoring import scored

NAME = "classic/1"


def rank(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Candidates by reposts + likes over all networks, descending; ties keep their order in the listing, then id."""
    candidates = [scored(candidate, tuple(map(_part, candidate.attention))) for candidate in inputs.candidates]
    by_paper = {candidate.paper: candidate for candidate in inputs.candidates}

    def by_score(scored_candidate: ScoredCandidate) -> tuple[int, int, int, str]:
        candidate = by_paper[scored_candidate.paper]
        return order(scored_candidate.score, candidate.order, candidate.announced_at, scored_candidate.paper)

    return tuple(sorted(candidates, key=by_score))


def order(score: int, listed_place: int, announced_at: int, paper: str) -> tuple[int, int, int, str]:
    """The sort key for candidates, ascending."""
    return (-score, listed_place, announced_at, paper)


def _part(attention: Attention) -> ScoreComponent:
    return ScoreComponent(
        network=attention.network, rule="classic", score=attention.reposts + attention.likes, voices=attention.voices,
        papers=0, atleast=0, among="", age=attention.age, until=attention.until,
    )  # fmt: skip
