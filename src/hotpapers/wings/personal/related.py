"""Papers near to a paper: the search index finds papers that share its rarest words; their vectors decide, or those of
an embeddings server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hotpapers.keep import search as index
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.papers import known_paper
from hotpapers.wings.personal.embeddings.closeness import MAX_CANDIDATES, by_vectors
from hotpapers.wings.personal.embeddings.saved_vectors import saved_vectors
from hotpapers.wings.personal.for_me import text_of
from hotpapers.wings.personal.order import SHOWN_WORDS, RankedText
from hotpapers.wings.personal.queries import papers_of
from hotpapers.wings.personal.vectors import (
    MAX_RELATED,
    broad_vector_of,
    closeness,
    common_words,
    topic_vector_of,
    weighed,
)

ASKED_WORDS, CANDIDATES = 12, 200
"""The words by which papers are looked for, and how many of them are compared."""


class RelatedPaper(NamedTuple):
    """A paper, its closeness to another in ten-thousandths, and the words that bring them closest."""

    paper: RankedText
    closeness: int
    words: tuple[str, ...]


def related(session: QuerySession, text: str) -> list[RelatedPaper]:
    """The ten papers of the record that are nearest to a paper, given by identifier or address; fewer if fewer share a
    word with it. Raises NotAnArxivId, NotFound."""
    key = known_paper(session, text)
    view = session.record.view()
    own = {paper.paper: text_of(paper) for paper in papers_of(view, [key])}.get(key)
    words = topic_vector_of(own.title, own.abstract) if own else {}
    if not (own and words):
        return []
    vector = broad_vector_of(own.title, own.abstract)
    matches = index.search(session.record, " OR ".join(list(words)[:ASKED_WORDS]), limit=CANDIDATES).papers
    weighed_own, places = weighed(vector), []
    for paper in map(text_of, papers_of(view, [match.paper for match in matches if match.paper != key])):
        other = weighed(broad_vector_of(paper.title, paper.abstract))
        common = tuple(common_words(vector, other.weights, SHOWN_WORDS))
        places.append(RelatedPaper(paper, closeness(weighed_own, other), common))
    nearest = _nearest((place for place in places if place.closeness), MAX_CANDIDATES)
    saved = saved_vectors(session.issue_reader())
    values = by_vectors(saved, key, {place.paper.paper: place.closeness for place in nearest})
    return _nearest([place._replace(closeness=values[place.paper.paper]) for place in nearest], MAX_RELATED)


def _nearest(places: Iterable[RelatedPaper], count: int) -> list[RelatedPaper]:
    return sorted(places, key=lambda place: (-place.closeness, place.paper.paper))[:count]
