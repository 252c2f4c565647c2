"""The tools `for_me` and `related` for language models, and `related` in the API. What anybody may ask is bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import require
from hotpapers.keep import search as index
from hotpapers.publish.query import Endpoint, QuerySession, request_params, schemas
from hotpapers.publish.query.papers import known_paper
from hotpapers.publish.query.session import bare_id
from hotpapers.wings.mcp.record_tools import ToolDefinition
from hotpapers.wings.personal.embeddings.queries import saved_vectors
from hotpapers.wings.personal.for_me import papers_of, papers_up_to, profile_of, text_of
from hotpapers.wings.personal.neighbors import nearest_papers
from hotpapers.wings.personal.own_order import SHOWN_WORDS, PersonalPlace, RankedText, broad_vector_of_text, order_for
from hotpapers.wings.personal.stars import ReaderChoices, StarredPaper, key_in
from hotpapers.wings.personal.vectors import WHOLE, common_words, vector_closeness

ASKED_WORDS, CANDIDATES = 24, 400
"""The words by which related papers are looked for, and how many of them are compared."""
MAX_DAYS = 14
"""Days whose papers are ordered for anybody."""
MAX_PAPERS, MAX_SECONDS = 5000, 10.0
"""Papers of these days, and how long ordering them may take."""

Phrase = Annotated[str, Meta(min_length=1, max_length=300)]
Phrases = Annotated[tuple[Phrase, ...], Meta(max_length=1000)]
FewPhrases = Annotated[tuple[Phrase, ...], Meta(max_length=100)]
STARS = "arXiv identifiers, DOIs, or titles, of papers that the reader likes"


class SiteForMeParams(request_params.Params, kw_only=True):
    """What a reader likes and follows, and the days whose papers are ordered."""

    stars: Annotated[FewPhrases, Meta(description=STARS)] = ()
    authors: Annotated[FewPhrases, Meta(description="Names of authors whom the reader follows")] = ()
    words: Annotated[FewPhrases, Meta(description="Words that the reader follows")] = ()
    day: request_params.Day = "latest"
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS, description="How many issues, up to this one")] = 1
    limit: Annotated[int, Meta(ge=1, le=100, description="Most papers to return")] = 20


class PublicForMeParams(SiteForMeParams, kw_only=True):
    """What *for_me* takes where there may be several publications."""

    publication: request_params.Publication = ""
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS, description="How many days, up to this one")] = 1


class ForMeParams(PublicForMeParams, kw_only=True):
    """What *for_me* takes from whoever has the store: more at once."""

    stars: Annotated[Phrases, Meta(description=STARS)] = ()
    authors: Annotated[Phrases, Meta(description="Names of authors whom the reader follows")] = ()
    words: Annotated[Phrases, Meta(description="Words that the reader follows")] = ()
    days: Annotated[int, Meta(ge=1, le=31, description="How many days, up to this one")] = 1


class OrderedPaper(schemas.Schema, kw_only=True):
    """A paper in an order. `reason`: why it is there; `closeness`: from 0 to 1, as pages show it; `taken_back`:
    withdrawn, retracted or removed, else empty."""

    id: str
    title: str
    authors: tuple[str, ...]
    closeness: float
    reason: str
    taken_back: str


class OrderedPapers(schemas.Schema, kw_only=True):
    """Papers, the nearest first."""

    papers: tuple[OrderedPaper, ...]


class OrderForReader(OrderedPapers, kw_only=True):
    """Papers in a reader's order. `unknown`: stars of which nothing is known."""

    unknown: tuple[str, ...] = ()


def _for_me(session: QuerySession, params: PublicForMeParams) -> OrderForReader:
    papers = papers_up_to(session, params.day, params.publication, params.days)
    return _ordered(session, papers, params)


def _public_for_me(session: QuerySession, params: PublicForMeParams) -> OrderForReader:
    papers = papers_up_to(session, params.day, params.publication, params.days, most=MAX_PAPERS)
    return _ordered(session, in_time(papers), params)


def in_time(papers: Iterable[RankedText], clock: Callable[[], float] = time.monotonic) -> Iterator[RankedText]:
    """The papers, until working through them has taken too long. Raises UsageError."""
    end = clock() + MAX_SECONDS
    for paper in papers:
        require(
            clock() < end,
            f"this took more than {format_duration(MAX_SECONDS)}; ask for fewer days, or give fewer stars",
        )
        yield paper


def _ordered(session: QuerySession, papers: Iterable[RankedText], params: PublicForMeParams) -> OrderForReader:
    keys = {star: key_in(star) for star in params.stars}
    starred = tuple(StarredPaper(key, "" if key else star) for star, key in keys.items())
    profile = profile_of(session, ReaderChoices(starred, params.authors, params.words))
    places = order_for(papers, profile)[: params.limit]
    taken_back = session.issue_reader().taken_back
    return OrderForReader(
        papers=tuple(_ordered_paper(place, taken_back) for place in places),
        unknown=tuple(star for star, (_, vector) in zip(keys, profile.starred, strict=True) if not vector.weights),
    )


def _ordered_paper(place: PersonalPlace, taken_back: Mapping[str, str]) -> OrderedPaper:
    paper = place.paper
    return OrderedPaper(
        id=bare_id(paper.paper),
        title=paper.title,
        authors=paper.authors,
        closeness=as_shown(place.closeness),
        reason=place.reason,
        taken_back=taken_back.get(paper.paper, ""),
    )


def as_shown(closeness: int) -> float:
    """A closeness in ten-thousandths as pages show it."""
    return round(closeness / WHOLE, 2)


def _related(session: QuerySession, params: request_params.PaperParams) -> OrderedPapers:
    """The ten papers of the record that are nearest to a paper, each with the words that both have in common."""
    return OrderedPapers(papers=tuple(related_papers(session, params.paper)))


def related_papers(session: QuerySession, text: str) -> list[OrderedPaper]:
    """The ten papers of the record that are nearest to a paper, given by identifier or address; fewer if fewer share a
    word with it. The search index finds papers that share its weightiest words; their vectors decide, or those of an
    embeddings server. Raises NotAnArxivId, NotFound."""
    key = known_paper(session, text)
    view = session.record.view()
    own = next(map(text_of, papers_of(view, [key])), RankedText(key, ""))
    vector = broad_vector_of_text(own)
    if not vector.weights:
        return []
    query = " OR ".join(list(vector.weights)[:ASKED_WORDS])
    matches = index.search_papers(session.record, query, limit=CANDIDATES).papers
    taken_back = {match.paper: match.taken_back for match in matches}
    keys = [paper for paper in taken_back if paper != key]
    others = {paper.paper: (paper, broad_vector_of_text(paper)) for paper in map(text_of, papers_of(view, keys))}
    by_words = {other: value for other, (_, known) in others.items() if (value := vector_closeness(vector, known))}
    papers = []
    for other, value in nearest_papers(saved_vectors(session.record.database), key, by_words):
        paper, known = others[other]
        reason = ", ".join(common_words(vector.weights, known.weights, SHOWN_WORDS))
        papers.append(
            OrderedPaper(
                id=bare_id(paper.paper),
                title=paper.title,
                authors=paper.authors,
                closeness=as_shown(value),
                reason=reason,
                taken_back=taken_back[paper.paper],
            )
        )
    return papers


QUESTIONS = (
    Endpoint("related", "/papers/{paper}/related", request_params.PaperParams, OrderedPapers, _related, cost=5),
)
RELATED = ToolDefinition(
    "related",
    "Related papers",
    "The ten papers of the record whose titles and abstracts are nearest to those of a paper, with the words that "
    "they have in common.",
    request_params.PaperParams,
    OrderedPapers,
    _related,
)
FOR_ME = ToolDefinition(
    "for_me",
    "Papers for a reader",
    "All papers announced on a day, in the order of their closeness to papers that the reader likes, each with the "
    "reason.",
    ForMeParams,
    OrderForReader,
    _for_me,
)
TOOLS = (RELATED, FOR_ME)
PUBLIC_TOOLS = (RELATED, FOR_ME._replace(params=PublicForMeParams, ask=_public_for_me, cost=30))
