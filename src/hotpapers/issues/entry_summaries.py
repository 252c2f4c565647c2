"""Which papers issues hold, in brief, and which were announced: what lists of papers are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hotpapers import model
from hotpapers.issues.ranking_input import in_fields
from hotpapers.model import AnnouncedPaper, Announcement, EntrySummary, Paper, Publication
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import placeholders, slices

_names = msgspec.json.Decoder(tuple[str, ...]).decode


Brief = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Title, authors, categories."""


def entry_summaries(view: AsOfView, publication: str, held: Mapping[tuple[str, str], int]) -> tuple[EntrySummary, ...]:
    """The places of issues, given as (day, paper) → place, by day and place."""
    printed = dict(_printed(view, publication))
    papers = {} if printed else dict(_described(view, model.distinct(paper for _, paper in held)))
    found = []
    for (day, paper), place in held.items():
        title, authors, categories = printed.get((day, paper)) or papers.get(paper) or (paper, (), ())
        found.append(EntrySummary(day, place, paper, title, authors, categories))
    return tuple(sorted(found, key=lambda one: (one.day, one.place)))


def _printed(view: AsOfView, publication: str) -> Iterator[tuple[tuple[str, str], Brief]]:
    """What imported listings printed of their papers, by day and paper; later observations come later."""
    sql = f"""SELECT t.day, t.paper, t.title, t.authors, t.categories FROM place AS t
        WHERE t.publication = ? AND {view.visible("t")} ORDER BY t.observed_at"""
    for day, paper, title, authors, categories in view.database.iterate(sql, (publication,)):
        yield (day, paper), (title, _names(authors), _names(categories))


def _described(view: AsOfView, papers: Sequence[str]) -> Iterator[tuple[str, Brief]]:
    """What the record knows of papers; later observations come later."""
    for some in slices(papers):
        sql = f"""SELECT t.paper, t.title, t.authors, t.categories FROM paper AS t
            WHERE t.paper IN ({placeholders(some)}) AND {view.visible("t")} ORDER BY t.observed_at"""
        for paper, title, authors, categories in view.database.iterate(sql, some):
            yield paper, (title, _names(authors), _names(categories))


def abstracts(view: AsOfView, publication: str, held: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Abstracts, else summaries, of the papers of issues, given as (day, paper): of a listing as it printed them."""
    found: dict[tuple[str, str], str] = {}
    days = model.distinct(day for day, _ in held)
    for some in slices(days):
        sql = f"""SELECT t.day, t.paper, t.abstract FROM place AS t
            WHERE t.publication = ? AND t.day IN ({placeholders(some)}) AND {view.visible("t")}
            ORDER BY t.observed_at"""
        found |= {(day, paper): said for day, paper, said in view.database.iterate(sql, (publication, *some)) if said}
    known: dict[str, str] = {}
    for some in slices(model.distinct(paper for day, paper in held if (day, paper) not in found)):
        sql = f"""SELECT t.paper, t.abstract, t.summary FROM paper AS t
            WHERE t.paper IN ({placeholders(some)}) AND {view.visible("t")} ORDER BY t.observed_at"""
        known |= {paper: said or summary for paper, said, summary in view.database.iterate(sql, some)}
    told = {where: found.get(where) or known.get(where[1], "") for where in held}
    return {where: text for where, text in told.items() if text}


def announced(view: AsOfView, publication: Publication, day: str) -> tuple[AnnouncedPaper, ...]:
    """The papers of the publication's fields that arXiv announced on a day, by category and id."""
    rows = view.latest(Announcement, "t.day = ? AND t.type <> 'replacement'", (day,))
    by_paper: dict[str, list[Announcement]] = {}
    for row in rows:
        if isinstance(row.item, Announcement):
            by_paper.setdefault(row.item.paper, []).append(row.item)
    known = {
        row.item.paper: row.item
        for row in view.latest(Paper, "t.paper IN (SELECT a.paper FROM announcement AS a WHERE a.day = ?)", (day,))
        if isinstance(row.item, Paper)
    }
    fields = publication.categories
    found = [
        _announced(known.get(paper) or Paper(paper=paper, title="", observed_at=0), said)
        for paper, said in by_paper.items()
        if not fields or any(in_fields(one.category, fields) for one in said)
    ]
    return tuple(sorted(found, key=lambda one: (one.category, one.paper.paper)))


def _announced(paper: Paper, said: list[Announcement]) -> AnnouncedPaper:
    first = min(said, key=lambda one: (one.type != "new", one.category))
    return AnnouncedPaper(paper, first.type, paper.categories[0] if paper.categories else first.category)


def announcements(view: AsOfView, paper: str) -> tuple[Announcement, ...]:
    """A paper's announcements, the first first."""
    rows = view.latest(Announcement, "t.paper = ?", (paper,), "t.announced_at, t.day, t.category")
    return tuple(row.item for row in rows if isinstance(row.item, Announcement))
