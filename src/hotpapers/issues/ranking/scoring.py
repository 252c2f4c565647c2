"""Rules shared by all rankings: a score is the sum of its parts; ties are broken by one number of the ranking's own,
then by the earlier announcement, then by the id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from hotpapers.base.model import Candidate, RankingInput, ScoreComponent, ScoredCandidate, within_largest

Parts = tuple[ScoreComponent, ...]


def voices_of(candidate: Candidate) -> int:
    """A candidate's voices on all networks."""
    return within_largest(sum(attention.voices for attention in candidate.attention))


def ordered(
    inputs: RankingInput,
    parts_of: Callable[[Candidate], Parts],
    tie_break: Callable[[Candidate], int] = lambda candidate: -voices_of(candidate),
) -> tuple[ScoredCandidate, ...]:
    """Candidates by score, descending; ties by `tie_break`, ascending, usually by more voices, then earlier
    announcement, then id."""
    by_paper = {candidate.paper: candidate for candidate in inputs.candidates}

    def place(scored: ScoredCandidate) -> tuple[int, int, int, str]:
        candidate = by_paper[scored.paper]
        return sort_key(scored.score, tie_break(candidate), candidate.announced_at, candidate.paper)

    def scored(candidate: Candidate) -> ScoredCandidate:
        parts = parts_of(candidate)
        score = within_largest(sum(part.score for part in parts))
        return ScoredCandidate(paper=candidate.paper, score=score, voices=voices_of(candidate), parts=parts)

    return tuple(sorted(map(scored, inputs.candidates), key=place))


def sort_key(score: int, tie_break: int, announced_at: int, paper: str) -> tuple[int, int, int, str]:
    """The sort key for candidates, ascending."""
    return (-score, tie_break, announced_at, paper)


def with_ties(candidates: Sequence[ScoredCandidate]) -> tuple[ScoredCandidate, ...]:
    """The candidates, with `tied` set for exactly those whose neighbor has the same score."""
    tied_scores = {candidate.score for candidate, other in pairwise(candidates) if candidate.score == other.score}
    return tuple(
        candidate
        if candidate.tied == (candidate.score in tied_scores)
        else msgspec.structs.replace(candidate, tied=not candidate.tied)
        for candidate in candidates
    )
