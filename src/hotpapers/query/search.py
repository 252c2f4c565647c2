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
    papers = tuple(schemas.answer_of(schemas.SearchHit, hit, id=bare(hit.paper)) for hit in match.papers)
    following = cursor_of(PAGE, match.next) if match.next else None
    return schemas.answer_of(schemas.SearchPage, match, papers=papers, next=following)
