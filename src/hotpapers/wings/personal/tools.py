"""The tools `for_me` and `related` for language models, and `related` in the API."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hotpapers.publish.query import Endpoint, QuerySession, request_params, schemas
from hotpapers.publish.query.session import bare
from hotpapers.publish.query.tools import ToolDefinition
from hotpapers.wings.personal.for_me import for_me
from hotpapers.wings.personal.related import related
from hotpapers.wings.personal.stars import ReaderChoices, StarredPaper, key_in

Phrase = Annotated[str, Meta(min_length=1, max_length=300)]
Phrases = Annotated[tuple[Phrase, ...], Meta(max_length=1000)]


class ForMeParams(request_params.Params, frozen=True, kw_only=True):
    """What a reader starred and follows, and the days whose papers are ordered."""

    stars: Annotated[Phrases, Meta(description="arXiv identifiers of papers that the reader likes")] = ()
    authors: Annotated[Phrases, Meta(description="Names of authors whom the reader follows")] = ()
    words: Annotated[Phrases, Meta(description="Words that the reader follows")] = ()
    publication: request_params.Publication = ""
    day: request_params.Day = "latest"
    days: Annotated[int, Meta(ge=1, le=31, description="How many days, up to this one")] = 1
    limit: Annotated[int, Meta(ge=1, le=100, description="Most papers to return")] = 20


class PaperForReader(schemas.Schema, frozen=True, kw_only=True):
    """A paper in a reader's order. `reason`: why it is there; `closeness`: its value in ten-thousandths."""

    id: str
    title: str
    authors: tuple[str, ...]
    closeness: int
    reason: str


class PapersForReader(schemas.Schema, frozen=True, kw_only=True):
    """Papers in a reader's order."""

    papers: tuple[PaperForReader, ...]


def _for_me(session: QuerySession, params: ForMeParams) -> PapersForReader:
    starred = tuple(StarredPaper(key) for key in map(key_in, params.stars) if key)
    choices = ReaderChoices(starred, params.authors, params.words)
    places = for_me(session, choices, params.day, params.publication, days=params.days)[: params.limit]
    return PapersForReader(
        papers=tuple(
            PaperForReader(
                id=bare(place.paper.paper),
                title=place.paper.title,
                authors=place.paper.authors,
                closeness=place.value,
                reason=place.reason,
            )
            for place in places
        )
    )


def _related(session: QuerySession, params: request_params.PaperParams) -> PapersForReader:
    """The ten papers of the record that are nearest to a paper, each with the words that both have in common."""
    return PapersForReader(
        papers=tuple(
            PaperForReader(
                id=bare(near.paper.paper),
                title=near.paper.title,
                authors=near.paper.authors,
                closeness=near.closeness,
                reason=", ".join(near.words),
            )
            for near in related(session, params.paper)
        )
    )


QUESTIONS = (
    Endpoint("related", "/papers/{paper}/related", request_params.PaperParams, PapersForReader, _related, cost=5),
)
TOOLS = (
    ToolDefinition(
        "related",
        "Related papers",
        "The ten papers of the record whose titles and abstracts are nearest to those of a paper, with the words that "
        "they have in common.",
        request_params.PaperParams,
        PapersForReader,
        _related,
    ),
    ToolDefinition(
        "for_me",
        "Papers for a reader",
        "All papers announced on a day, in the order of their closeness to papers that the reader likes, each with the "
        "reason.",
        ForMeParams,
        PapersForReader,
        _for_me,
    ),
)
