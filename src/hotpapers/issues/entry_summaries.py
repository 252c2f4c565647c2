"""Which papers issues hold, in brief, and which were announced: what lists of papers are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hotpapers import model
from hotpapers.issues import queries
from hotpapers.issues.ranking_input import in_fields
from hotpapers.model import AnnouncedPaper, Announcement, EntrySummary, Paper, Publication
from hotpapers.store.as_of import AsOfView
from hotpapers.store.identities import NUMBER


def entry_summaries(
    view: AsOfView, publication: str, positions: Mapping[tuple[str, str], int]
) -> tuple[EntrySummary, ...]:
    """The places of issues, given as (day, paper) → place, by day and place."""
    printed = dict(queries.printed_briefs(view, publication))
    papers = {} if printed else dict(queries.described_briefs(view, model.distinct(paper for _, paper in positions)))
    result = []
    for (day, paper), place in positions.items():
        title, authors, categories = printed.get((day, paper)) or papers.get(paper) or (paper, (), ())
        result.append(EntrySummary(day, place, paper, title, authors, categories))
    return tuple(sorted(result, key=lambda summary: (summary.day, summary.place)))


def abstracts(view: AsOfView, publication: str, entries: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Abstracts, else summaries, of the papers of issues, given as (day, paper): of a listing as it printed them."""
    days = model.distinct(day for day, _ in entries)
    printed = dict(queries.printed_abstracts(view, publication, days))
    known = dict(
        queries.abstracts_of(view, model.distinct(paper for day, paper in entries if (day, paper) not in printed))
    )
    texts = {where: printed.get(where) or known.get(where[1], "") for where in entries}
    return {where: text for where, text in texts.items() if text}


def announced(view: AsOfView, publication: Publication, day: str) -> tuple[AnnouncedPaper, ...]:
    """The papers of the publication's fields that arXiv announced on a day, by category and id."""
    by_paper: dict[str, list[Announcement]] = {}
    for announcement in view.items(Announcement, "t.day = ? AND t.type <> 'replacement'", (day,)):
        by_paper.setdefault(announcement.paper, []).append(announcement)
    known = {paper.paper: paper for paper in queries.papers_announced_on(view, day)}
    fields = publication.categories
    papers = [
        _announced(known.get(paper) or Paper(paper=paper, title="", observed_at=0), announcements)
        for paper, announcements in by_paper.items()
        if not fields or any(in_fields(announcement.category, fields) for announcement in announcements)
    ]
    return tuple(sorted(papers, key=lambda paper_of_day: (paper_of_day.category, paper_of_day.paper.paper)))


def _announced(paper: Paper, announcements: list[Announcement]) -> AnnouncedPaper:
    first = min(announcements, key=lambda announcement: (announcement.type != "new", announcement.category))
    return AnnouncedPaper(paper, first.type, paper.categories[0] if paper.categories else first.category)


def announcements(view: AsOfView, paper: str) -> tuple[Announcement, ...]:
    """A paper's announcements, the first first."""
    return tuple(view.items(Announcement, f"t.paper = {NUMBER}", (paper,), "t.announced_at, t.day, t.category"))
