"""Lists of papers, one per line: all papers of a day, of a category, of an author; and their pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from hotpapers.base.model import AnnouncedPaper, EntrySummary, Paper
from hotpapers.issues.ranking import words
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.render.html.templating import macro
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.catalogue import LATEST, slug
from hotpapers.publish.view.category_names import field_name
from hotpapers.publish.view.issue_view import IssueView

CACHED_LINES = 8192
"""Rendered lines kept: a paper appears in several lists."""
MAX_AUTHORS_IN_LINE = 3
"""Authors named in a line."""


class PaperLine(NamedTuple):
    """A paper in a list. `path`: its page, or `url`: arXiv's; `day`, `place`: of the issue that contains it, 0 if none;
    `note`: anything else to show; `issue`: the issue's name; `field`, `voices`: its primary category and its voices,
    where lists can be chosen from; `rank`: its place in this list, if it has places."""

    title: str
    path: str
    url: str
    id: str
    anchor: str
    authors: str
    day: str
    place: int
    note: str
    withdrawn: bool = False
    issue: str = ""
    field: str = ""
    voices: int = 0
    rank: int = 0


def announcement_line(announced: AnnouncedPaper, path: str, place: int, voices: int) -> PaperLine:
    """A line for a paper announced that day, with its voices when the day's issue was frozen."""
    paper = announced.paper
    other_categories = [phrases.one_line(name) for name in paper.categories if name != announced.category]
    kind = {"cross": ["cross-list"], "inferred": ["day inferred"]}.get(announced.type, [])
    note = " · ".join(kind + ([", ".join(other_categories)] if other_categories else []))
    line = _paper_line(
        paper, announced.withdrawn, path=path, url=site_paths.abs_url(paper.paper), place=place, note=note
    )
    return line._replace(field=phrases.one_line(announced.category), voices=voices)


def entry_line(summary: EntrySummary, window: str) -> PaperLine:
    """A line for an entry of an issue. `window`: of its publication."""
    path = site_paths.paper_path(summary.paper)
    line = _paper_line(summary, summary.withdrawn, path=path, day=summary.day, place=summary.place)
    return line._replace(issue=phrases.issue_name(window, summary.day))


def _paper_line(
    paper: Paper | EntrySummary, withdrawn: bool, *, path: str, url: str = "", day: str = "", place: int, note: str = ""
) -> PaperLine:
    paper_id = site_paths.arxiv_id(paper.paper) or phrases.one_line(paper.paper)
    return PaperLine(
        title=phrases.one_line(paper.title) or paper_id,
        path=path,
        url=url,
        id=paper_id,
        anchor=paper_id.replace("/", "-"),
        authors=first_names(paper.authors),
        day=day,
        place=place,
        note=note,
        withdrawn=withdrawn,
    )


def first_names(authors: Sequence[str]) -> str:
    """`Tansy Overquill, Bram Oakhollow, Ines Tamarisk and 2 more`."""
    text = ", ".join(phrases.one_line(name) for name in authors[:MAX_AUTHORS_IN_LINE])
    return f"{text} and {len(authors) - MAX_AUTHORS_IN_LINE} more" if len(authors) > MAX_AUTHORS_IN_LINE else text


class PaperLines(NamedTuple):
    """Rendered lines under a heading."""

    name: str
    lines: list[Markup]


def _line_html(window: str, summary: EntrySummary, root: str) -> Markup:
    return macro("parts.html", "line")(entry_line(summary, window), root)


def _categories_and_authors(issue: IssueView) -> tuple[set[str], set[str]]:
    """Paths of the categories of an issue's entries, with and without the year, and slugs of the authors."""
    categories = {category for entry in issue.entries for category in entry.metadata.categories}
    paths = {site_paths.category_path(category, year) for category in categories for year in ("", issue.day[:4])}
    authors = {slug(name) for entry in issue.entries for name in entry.metadata.authors}
    return paths - {""}, authors - {""}


class ListPages:
    """Category and author pages."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site
        self._line = lru_cache(CACHED_LINES)(partial(_line_html, site.publication.window))

    # ---- paths ---------------------------------------------------------------------------------------

    def paths(self, days: Collection[str]) -> Iterator[str]:
        """The pages that change when these days' issues change."""
        is_whole_site = len(days) == len(self._site.days)
        categories, authors = self._site.catalogue.everything() if is_whole_site else self._changed_lists(days)
        yield from sorted(path for path in categories if self._is_category(path))
        yield from (
            site_paths.author_path(author) for author in sorted(authors) if self._site.catalogue.has_author(author)
        )

    def ended(self, day: str) -> Iterator[str]:
        """Paths of pages that a correction of this day has removed, and that may still exist."""
        latest, *earlier = self._site.editions(day)
        now, before = _categories_and_authors(latest), [_categories_and_authors(issue) for issue in earlier]
        for path in set().union(*(categories for categories, _ in before)) - now[0]:
            yield from () if self._is_category(path) else (path,)
        for author in set().union(*(authors for _, authors in before)) - now[1]:
            yield from () if self._site.catalogue.has_author(author) else (site_paths.author_path(author),)

    def new_authors(self, days: Iterable[str]) -> Iterator[str]:
        """Papers of other days with an author whose own page appears or disappears because of these days."""
        chosen = set(days)
        catalogue = self._site.catalogue
        for author in self._changed_lists(chosen)[1]:
            others = {summary.paper for summary in catalogue.author(author) if summary.day not in chosen}
            if len(others) == 1:
                yield from (summary.paper for summary in catalogue.author(author) if summary.day not in chosen)

    def _changed_lists(self, days: Iterable[str]) -> tuple[set[str], set[str]]:
        """Paths of categories with their years, and author slugs, over all editions of these days."""
        named_pages = [_categories_and_authors(issue) for day in days for issue in self._site.editions(day)]
        return set().union(*(categories for categories, _ in named_pages)), set().union(
            *(authors for _, authors in named_pages)
        )

    def _is_category(self, path: str) -> bool:
        row = site_paths.category_of(path)
        years = self._site.catalogue.years(row[0]) if row else {}
        return bool(row and years and (not row[1] or row[1] in years))

    # ---- pages ---------------------------------------------------------------------------------------

    def page(self, path: str) -> bytes | None:
        if (row := site_paths.category_of(path)) is not None:
            return self._category(path, *row) if self._is_category(path) else None
        author = site_paths.author_of(path)
        return self._author(path, author) if author and self._site.catalogue.has_author(author) else None

    def _category(self, path: str, category: str, year: str) -> bytes:
        catalogue = self._site.catalogue
        summaries, years = catalogue.category(category), catalogue.years(category)
        page_summaries = (
            [summary for summary in summaries if summary.day.startswith(year)] if year else summaries[:LATEST]
        )
        name = f"{category} in {year}" if year else category
        return self._site.render(
            "category.html",
            path,
            name,
            f"{words.count_noun(len(page_summaries), 'paper')} of {name} in the issues.",
            category=category,
            field=field_name(category),
            year=year,
            years=years,
            total=len(summaries),
            shown=len(page_summaries),
            months=self._by_month(page_summaries, site_paths.to_root(path)),
            outside=site_paths.category_url(category),
            feed=self._feed(category, summaries),
        )

    def _feed(self, category: str, summaries: Sequence[EntrySummary]) -> str:
        """The path of a category's feed; empty if the latest issues have no paper in it."""
        if not self._site.site_config.feeds:  # don't load the feed code if the site has no feeds
            return ""
        from hotpapers.publish.render.feeds import ISSUES

        latest = self._site.days[-ISSUES:]
        return f"feeds/category/{category}.atom" if any(summary.day >= latest[0] for summary in summaries[:1]) else ""

    def _by_month(self, entry_summaries: Iterable[EntrySummary], root: str) -> list[PaperLines]:
        """Lines grouped by month, in the given order."""
        grouped = groupby(entry_summaries, key=lambda summary: summary.day[:7])
        return [
            PaperLines(phrases.month_name(month), [self._line(summary, root) for summary in summaries])
            for month, summaries in grouped
        ]

    def _author(self, path: str, author: str) -> bytes:
        catalogue = self._site.catalogue
        summaries, spellings = catalogue.author(author), catalogue.spellings(author)
        papers = words.count_noun(len(catalogue.papers_of(author)), "paper")
        return self._site.render(
            "author.html",
            path,
            spellings[0],
            f"{papers} by {spellings[0]} in the issues.",
            spellings=spellings,
            papers=papers,
            lines=[self._line(summary, site_paths.to_root(path)) for summary in summaries],
        )
