"""How well related papers fit: the share of the ten nearest in a paper's primary category, beside those that TF-IDF of
scikit-learn finds among the same papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.wings.personal.blocks import DatedPaper, block_of, nearest_in
from hotpapers.wings.personal.neighbors import RECENT_DAYS
from hotpapers.wings.personal.vectors import MAX_RELATED, broad_vector_of, weigh_vector
from lab.reader_trials import PaperText

BELOW = 0.01
"""How far below TF-IDF our share may be."""

Nearest = Callable[[Sequence[int]], Iterator[Sequence[int]]]
"""The places of the papers nearest to each of some, without itself, by its place."""


class RelatedShares(NamedTuple):
    """How many papers' ten nearest were looked for, among how many, and the shares."""

    queries: int
    papers: int
    share: float
    peer_share: float

    @property
    def is_met(self) -> bool:
        return self.share >= self.peer_share - BELOW


def recent(papers: Sequence[PaperText]) -> list[PaperText]:
    """Those of the last 180 days, as they are listed."""
    since = (date.fromisoformat(papers[-1].listed) - timedelta(RECENT_DAYS)).isoformat()
    return [paper for paper in papers if paper.listed > since]


def measure_related(papers: Sequence[PaperText], count: int, seed: int) -> RelatedShares:
    """The shares for papers that are chosen at random. Raises UsageError without scikit-learn."""
    places = Random(seed).sample(range(len(papers)), min(count, len(papers)))
    share, peer_share = (_share(papers, places, nearest) for nearest in (_broad(papers), _tf_idf(papers)))
    return RelatedShares(len(places), len(papers), share, peer_share)


def _share(papers: Sequence[PaperText], places: Sequence[int], nearest: Nearest) -> float:
    pairs = [(place, other) for place, near in zip(places, nearest(places), strict=True) for other in near]
    return round(sum(papers[place].primary == papers[other].primary for place, other in pairs) / max(len(pairs), 1), 4)


def _broad(papers: Sequence[PaperText]) -> Nearest:
    vectors = [broad_vector_of(paper.title, paper.abstract) for paper in papers]
    block = block_of((DatedPaper(str(place), "", ""), vector) for place, vector in enumerate(vectors))

    def nearest(places: Sequence[int]) -> Iterator[Sequence[int]]:
        for place in places:
            near = nearest_in(block, weigh_vector(vectors[place]), MAX_RELATED + 1, least=1)
            others = [int(paper.paper) for _, paper in near]
            yield [other for other in others if other != place][:MAX_RELATED]

    return nearest


def _tf_idf(papers: Sequence[PaperText]) -> Nearest:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise UsageError("needs scikit-learn: pip install --require-hashes -r requirements/lab.txt") from None
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    matrix = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)

    def nearest(places: Sequence[int]) -> Iterator[Sequence[int]]:
        for place in places:
            cosines = (matrix @ matrix[place].T).toarray().ravel()
            order = (-cosines).argsort(kind="stable")[: MAX_RELATED + 1]
            yield [int(other) for other in order if other != place][:MAX_RELATED]

    return nearest
