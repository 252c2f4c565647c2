"""What rankings share: a score is the sum of its parts, and ties are broken in the same way."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.model import Candidate, RankingInput, ScoreComponent, ScoredCandidate

Parts = tuple[ScoreComponent, ...]


def scored(candidate: Candidate, parts: Parts) -> ScoredCandidate:
    """A candidate with the parts of its score."""
    voices = sum(attention.voices for attention in candidate.attention)
    return ScoredCandidate(paper=candidate.paper, score=sum(part.score for part in parts), voices=voices, parts=parts)


def ordered(inputs: RankingInput, parts_of: Callable[[Candidate], Parts]) -> tuple[ScoredCandidate, ...]:
    """Candidates by score, descending; ties by more voices, then earlier announcement, then id."""
    announced = {candidate.paper: candidate.announced_at for candidate in inputs.candidates}

    def place(candidate: ScoredCandidate) -> tuple[int, int, int, str]:
        return order(candidate.score, candidate.voices, announced[candidate.paper], candidate.paper)

    return tuple(sorted((scored(candidate, parts_of(candidate)) for candidate in inputs.candidates), key=place))


def order(score: int, voices: int, announced_at: int, paper: str) -> tuple[int, int, int, str]:
    """The sort key for candidates, ascending."""
    return (-score, -voices, announced_at, paper)
