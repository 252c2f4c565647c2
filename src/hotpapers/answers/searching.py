"""The answer to a search."""

from __future__ import annotations

from hotpapers.answers import asked, shapes
from hotpapers.answers.cursors import cursor_of, key_of
from hotpapers.answers.desk import Desk, bare
from hotpapers.record import search as index

PAGE = "search"
"""What its cursors call themselves."""


def search(desk: Desk, what: asked.OfSearch) -> shapes.Hits:
    """Papers by words, authors, categories and days, with the words marked."""
    after = key_of(what.cursor, PAGE, str)
    found = index.search(desk.record, what.q, limit=what.limit, cursor=str(after[0]) if after else None)
    return shapes.Hits(
        understood=found.understood, total=found.total, exact=found.exact, parts=found.parts, behind=found.behind,
        papers=tuple(map(_hit, found.papers)), next=cursor_of(PAGE, found.next) if found.next else None,
    )  # fmt: skip


def _hit(hit: index.Hit) -> shapes.Hit:
    return shapes.Hit(
        paper=hit.paper, id=bare(hit.paper), title=hit.title, authors=hit.authors, categories=hit.categories,
        day=hit.day, snippet=hit.snippet, spans=shapes.Spans(**hit.spans._asdict()),
        issues=tuple(shapes.FoundIn(**shown._asdict()) for shown in hit.issues),
    )  # fmt: skip
