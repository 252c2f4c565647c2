"""Which papers a publication with default settings has as entries on a day: those that reach the threshold, and while
its reference is young, those that fill it up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UnsetType

from hotpapers.base.model import Publication, RankingInput, ScoredCandidate
from hotpapers.base.settings import PublicationSettings, publication_item
from hotpapers.issues import selection

DEFAULT = publication_item(PublicationSettings(name="daily"), 0)


class Listing(NamedTuple):
    """How entries are chosen on a day: by a rule of `selection`, without the papers of `earlier` issues."""

    rule: str
    earlier: frozenset[str]

    def entries(self, ordered: Sequence[ScoredCandidate], inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
        """The entries of a publication with default settings. `ordered`: all papers that are ranked, best first."""
        new = [candidate for candidate in ordered if candidate.paper not in self.earlier]
        least = selection.least_papers(DEFAULT, selection.reference_size(DEFAULT, inputs.peers))
        return entries(new, DEFAULT, least, inputs, self.rule)


def entries(
    new: Sequence[ScoredCandidate], publication: Publication, least: int, inputs: RankingInput, rule: str | UnsetType
) -> tuple[ScoredCandidate, ...]:
    """The entries among new papers, best first; at least `least` if as many papers qualify by the rule."""
    passing = tuple(candidate for candidate in new if candidate.score >= publication.least_score)
    next_best = (candidate for candidate in new[len(passing) :] if candidate.voices >= selection.MIN_VOICES)
    unvouched = selection.unvouched_papers(rule, inputs)
    return passing + selection.fill_up(next_best, least - len(passing), unvouched, lambda paper: True).entries
