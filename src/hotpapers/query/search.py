"""The answer to a search."""

from __future__ import annotations

from hotpapers import search as index
from hotpapers.query import request_params, schemas
from hotpapers.query.cursors import cursor_of, key_of
from hotpapers.query.session import QuerySession, bare

PAGE = "search"
"""What its cursors call themselves."""


def search(session: QuerySession, params: request_params.SearchParams) -> schemas.SearchPage:
    """Papers by words, authors, categories and days, with the words marked."""
    after = key_of(params.cursor, PAGE, str)
    match = index.search(session.record, params.q, limit=params.limit, cursor=str(after[0]) if after else None)
    return schemas.SearchPage(
        understood=match.understood, total=match.total, exact=match.exact, parts=match.parts, behind=match.behind,
        papers=tuple(map(_hit, match.papers)), next=cursor_of(PAGE, match.next) if match.next else None,
    )  # fmt: skip


def _hit(hit: index.PaperHit) -> schemas.SearchHit:
    return schemas.SearchHit(
        paper=hit.paper, id=bare(hit.paper), title=hit.title, authors=hit.authors, categories=hit.categories,
        day=hit.day, snippet=hit.snippet, spans=schemas.HighlightSpans(**hit.spans._asdict()),
        issues=tuple(schemas.SearchHitIssue(**issue._asdict()) for issue in hit.issues),
    )  # fmt: skip
