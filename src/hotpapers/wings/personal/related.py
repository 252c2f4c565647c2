"""Papers near to a paper: the search index finds papers that share its rarest words; their vectors decide, or those of
an embeddings server."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.keep import search as index
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.papers import known_paper
from hotpapers.wings.personal.embeddings.closeness import nearest
from hotpapers.wings.personal.embeddings.queries import saved_vectors
from hotpapers.wings.personal.for_me import text_of
from hotpapers.wings.personal.order import SHOWN_WORDS, RankedText
from hotpapers.wings.personal.queries import papers_of
from hotpapers.wings.personal.vectors import (
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
    weighed_own, places = weighed(vector), dict[str, RelatedPaper]()
    for paper in map(text_of, papers_of(view, [match.paper for match in matches if match.paper != key])):
        other = weighed(broad_vector_of(paper.title, paper.abstract))
        if value := closeness(weighed_own, other):
            common = tuple(common_words(vector, other.weights, SHOWN_WORDS))
            places[paper.paper] = RelatedPaper(paper, value, common)
    by_words = {other: place.closeness for other, place in places.items()}
    ranked = nearest(saved_vectors(session.record.database), key, by_words)
    return [places[other]._replace(closeness=value) for other, value in ranked]
