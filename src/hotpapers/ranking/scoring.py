"""What rankings share: a score is the sum of its parts, and what decides between candidates of the same score."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.model import Candidate, RankingInput, ScoreComponent, ScoredCandidate

Parts = tuple[ScoreComponent, ...]


def scored(candidate: Candidate, parts: Parts) -> ScoredCandidate:
    """A candidate with the parts of its score."""
    voices = sum(attention.voices for attention in candidate.attention)
    return ScoredCandidate(paper=candidate.paper, score=sum(part.score for part in parts), voices=voices, parts=parts)


def ordered(inputs: RankingInput, parts_of: Callable[[Candidate], Parts]) -> tuple[ScoredCandidate, ...]:
    """Candidates by score, descending; level ones by more voices, then earlier announcement, then id."""
    announced = {candidate.paper: candidate.announced_at for candidate in inputs.candidates}

    def place(candidate: ScoredCandidate) -> tuple[int, int, int, str]:
        return order(candidate.score, candidate.voices, announced[candidate.paper], candidate.paper)

    return tuple(sorted((scored(candidate, parts_of(candidate)) for candidate in inputs.candidates), key=place))


def order(score: int, voices: int, announced_at: int, paper: str) -> tuple[int, int, int, str]:
    """What candidates are sorted by, the first one least."""
    return (-score, -voices, announced_at, paper)
