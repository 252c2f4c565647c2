"""Lists of papers, one per line: all papers of a day, of a category, of an author, and tops, those with most voices of
a week, a month, a year and all time; and their pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from hotpapers.base.model import AnnouncedPaper, EntrySummary, Paper, Window
from hotpapers.base.papers.categories import category_title, server_of_category
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.catalogue import LATEST, make_slug
from hotpapers.publish.view.issue_view import IssueView
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice, field_name, field_of
from hotpapers.publish.view.publication_state import first_due
from hotpapers.publish.view.tops import BEST, BEST_OF_FIELD, Top, Tops, kind_of, period_name, tops_of

CACHED_LINES = 8192
"""Rendered lines kept: a paper appears in several lists."""
MAX_AUTHORS_IN_LINE = 3
"""Authors named in a line."""
TOPS = "top/index.html"
"""The latest top of the shortest kind, with links to all others."""


CATEGORIES, AUTHORS, PAPERS = FOLDERS = ("category/index.html", "author/index.html", "paper/index.html")
"""The pages of folders."""
LISTED = 200
"""Authors on the page of their folder."""


class PaperLine(NamedTuple):
    """A paper in a list. `paper`: its key; `more_authors`: whether it has others than `authors`; `path`: its page, or
    `url`: arXiv's; `day`, `place`: of the issue that contains it, 0 if none; `note`: anything else to show; `issue`:
    the issue's name; `field`, `voices`: its primary category and its voices, where lists can be chosen from; `rank`:
    its place in this list, if it has places."""

    paper: str
    title: str
    id: str
    anchor: str
    authors: str
    more_authors: bool
    withdrawn: str
    path: str = ""
    url: str = ""
    day: str = ""
    place: int = 0
    note: str = ""
    issue: str = ""
    field: str = ""
    voices: int = 0
    rank: int = 0


def announcement_line(announced: AnnouncedPaper, path: str, place: int, voices: int) -> PaperLine:
    """A line for a paper announced that day, with its voices when the day's issue was frozen."""
    paper = announced.paper
    others = ", ".join(category_title(one_line(name)) for name in paper.categories if name != announced.category)
    kind = {"cross": "cross-list", "inferred": "day inferred"}.get(announced.type, "")
    note = " · ".join(filter(None, (kind, others)))
    url = site_paths.abs_url(paper.paper)
    paper_line = _paper_line(paper, announced.withdrawn)
    field = one_line(announced.category)
    return paper_line._replace(
        path=path,
        url=url,
        place=place,
        note=note,
        field=field,
        voices=voices,
    )


def entry_line(summary: EntrySummary, window: str) -> PaperLine:
    """A line for an entry of an issue. `window`: of its publication."""
    path = site_paths.paper_path(summary.paper)
    issue = phrases.issue_name(window, summary.day)
    line = _paper_line(summary, summary.withdrawn)
    return line._replace(path=path, day=summary.day, place=summary.place, issue=issue)


def _paper_line(paper: Paper | EntrySummary, withdrawn: str) -> PaperLine:
    name = phrases.paper_name(paper.paper)
    title = one_line(paper.title) or name
    authors = phrases.first_names(paper.authors, MAX_AUTHORS_IN_LINE)
    has_more = len(paper.authors) > MAX_AUTHORS_IN_LINE
    return PaperLine(paper.paper, title, name, site_paths.paper_anchor(paper.paper), authors, has_more, withdrawn)


def _categories_and_authors(issues: Iterable[IssueView]) -> tuple[set[str], set[str]]:
    """Paths of the categories of these issues' entries, with and without the year, and slugs of the authors."""
    paths = set[str]()
    authors = set[str]()
    for issue in issues:
        for entry in issue.listed:
            authors.update(map(make_slug, entry.metadata.authors))
            for category in entry.metadata.categories:
                years = ("", issue.day[:4])
                paths.update(site_paths.category_path(category, year) for year in years)
    return paths - {""}, authors - {""}


def _rendered_line(window: Window, summary: EntrySummary, root: str) -> Markup:
    return load_macro("parts.html", "line")(entry_line(summary, window), root)


class ListPages:
    """Category and author pages."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site
        self._line = lru_cache(CACHED_LINES)(partial(_rendered_line, site.publication.window))

    # ---- paths ---------------------------------------------------------------------------------------

    def paths(self, days: Collection[str]) -> Iterator[str]:
        """The pages that change when these days' issues change."""
        is_whole_site = len(days) == len(self._site.days)
        categories, authors = self._site.catalogue.everything() if is_whole_site else self._changed_lists(days)
        yield from sorted(filter(self._is_category, categories))
        yield from map(site_paths.author_path, sorted(authors & self._site.catalogue.papers.keys()))
        yield from FOLDERS

    def ended(self, day: str) -> Iterator[str]:
        """Paths of pages that a correction of this day has removed, and that may still exist."""
        latest, *earlier = self._site.editions(day)
        categories, authors = _categories_and_authors([latest])
        earlier_categories, earlier_authors = _categories_and_authors(earlier)
        yield from (path for path in earlier_categories - categories if not self._is_category(path))
        for author in earlier_authors - authors:
            if author not in self._site.catalogue.papers:
                yield site_paths.author_path(author)

    def new_authors(self, days: Iterable[str]) -> Iterator[str]:
        """Papers of other days with an author whose own page appears or disappears because of these days."""
        chosen = set(days)
        for author in self._changed_lists(chosen)[1]:
            summaries = self._site.catalogue.author(author)
            others = {summary.paper for summary in summaries if summary.day not in chosen}
            if len(others) == 1:
                yield from others

    def _changed_lists(self, days: Iterable[str]) -> tuple[set[str], set[str]]:
        """Paths of categories with their years, and author slugs, over all editions of these days."""
        return _categories_and_authors(issue for day in days for issue in self._site.editions(day))

    def _is_category(self, path: str) -> bool:
        category, year = site_paths.category_of(path) or ("", "")
        years = self._site.catalogue.years(category)
        return year in years if year else bool(years)

    # ---- pages ---------------------------------------------------------------------------------------

    def page(self, path: str) -> bytes | None:
        if path in FOLDERS:
            return self._folder(path)
        if (row := site_paths.category_of(path)) is not None:
            return self._category(path, *row) if self._is_category(path) else None
        author = site_paths.author_of(path)
        if author in self._site.catalogue.papers:
            return self._author(path, author)
        return None

    def _folder(self, path: str) -> bytes:
        """The index page of a folder, for readers who shorten an address."""
        catalogue = self._site.catalogue
        lines = list[Markup]()
        links = []
        if path == CATEGORIES:
            counts = catalogue.categories()
            links = [
                (category_title(category), site_paths.category_path(category), count) for category, count in counts
            ]
            title = "Categories"
            description = "The categories of the papers in the issues, with the number of papers."
        elif path == AUTHORS:
            links = [
                (name, site_paths.author_path(make_slug(name)), count)
                for name, count in catalogue.first_authors(LISTED)
            ]
            title = "Authors"
            description = f"The {LISTED} authors with most papers in the issues, and how many."
        else:
            root = site_paths.to_root(path)
            lines = [self._line(summary, root) for summary in catalogue.entries[:LATEST]]
            title = "Papers"
            description = f"The latest {LATEST} papers in the issues."
        return self._site.render("folder.html", path, title, description, links=links, lines=lines)

    def _category(self, path: str, category: str, year: str) -> bytes:
        catalogue = self._site.catalogue
        root = site_paths.to_root(path)
        summaries = catalogue.category(category)
        listed = [summary for summary in summaries if summary.day.startswith(year)] if year else summaries[:LATEST]
        title = category_title(category)
        name = f"{title} in {year}" if year else title
        return self._site.render(
            "category.html",
            path,
            name,
            f"{count_noun(len(listed), 'paper')} of {name} in the issues.",
            category=category,
            field=field_name(category),
            year=year,
            years=catalogue.years(category),
            total=len(summaries),
            shown=len(listed),
            months=[
                (phrases.month_name(month), [self._line(summary, root) for summary in of_month])
                for month, of_month in groupby(listed, key=lambda summary: summary.day[:7])
            ],
            outside=site_paths.category_url(category),
            server=category_title(server_of_category(category)),
            feed=self._feed(category, summaries),
        )

    def _feed(self, category: str, summaries: Sequence[EntrySummary]) -> str:
        """The path of a category's feed; empty if the latest issues have no paper in it."""
        if not self._site.site_config.feeds:  # don't load the feed code if the site has no feeds
            return ""
        from hotpapers.publish.render.feeds import ISSUES

        is_recent = summaries[0].day >= self._site.days[-ISSUES:][0]
        return f"feeds/category/{category}.atom" if is_recent else ""

    def _author(self, path: str, author: str) -> bytes:
        catalogue = self._site.catalogue
        spellings = catalogue.spellings(author)
        papers = count_noun(catalogue.papers[author], "paper")
        return self._site.render(
            "author.html",
            path,
            spellings[0],
            f"{papers} by {spellings[0]} in the issues.",
            spellings=spellings,
            papers=papers,
            lines=[self._line(summary, site_paths.to_root(path)) for summary in catalogue.author(author)],
        )


# ---- tops ----------------------------------------------------------------------------------------------


class PeriodLink(NamedTuple):
    """A link to a top. `kind`: week, month, year or all."""

    kind: str
    name: str
    path: str


class TopPages:
    """The pages of tops."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site

    @cached_property
    def tops(self) -> Tops:
        return tops_of(self._site.issue_reader, self._site.publication)

    def paths(self, days: Collection[str]) -> Iterator[str]:
        """The pages that change when these days' issues change."""
        yield TOPS
        yield from map(site_paths.top_path, self.tops.changed(sorted(days)))

    def has(self, path: str) -> bool:
        return bool(self._period_of(path))

    def _period_of(self, path: str) -> str:
        if path == TOPS:
            if self._site.days:
                return self.tops.periods(self.tops.kinds[0])[-1]
            return ""
        period = site_paths.top_of(path)
        return period if self.tops.has(period) else ""

    def page(self, path: str, choice: PageChoice = EVERYTHING) -> bytes | None:
        """The page at a path. None if there is none, or if the choice is a category that does not exist."""
        site = self._site
        tops = self.tops
        period = self._period_of(path)
        if not period:
            if path == TOPS:
                return site.render("empty.html", TOPS, "No issue yet", first_due(site.publication))
            return None
        top = tops.top(period)
        name = period_name(period)
        kind = kind_of(period)
        categories = (field_of(paper.summary) for paper in top.papers)
        by_field = site.fields(categories, choice)
        if by_field is None:
            return None
        what = _what(top, tops.unit)
        earlier, later = tops.neighbors(period)
        return site.render(
            "top.html",
            path,
            f"Top of {name}",
            f"{what}, from the issues of {name}.",
            period=name,
            kind=kind,
            what=what,
            unit=tops.unit,
            fields=by_field,
            lines=[
                entry_line(paper.summary, site.publication.window)._replace(
                    field=field_of(paper.summary), voices=paper.voices, rank=paper.rank
                )
                for paper in top.papers
                if choice.has(field_of(paper.summary))
            ],
            further=site.about_week(period) if kind == "week" else (),
            days=tops.days(period)[::-1] if kind in ("week", "month") else (),
            around=list(map(_link, tops.around(period))),
            previous=_link(earlier) if earlier else None,
            next=_link(later) if later else None,
            years=self._years() if path == TOPS else [],
            canonical=site_paths.public_url(site.site_config.base, site_paths.top_path(period)),
        )

    def _years(self) -> list[tuple[PeriodLink, list[list[PeriodLink]]]]:
        """The tops of each year, its months and its weeks, latest first."""
        shorter = [list(reversed(self.tops.periods(kind))) for kind in ("month", "week")]
        years = reversed(self.tops.periods("year"))
        return [
            (_link(year), [[_link(period) for period in periods if period.startswith(year)] for periods in shorter])
            for year in years
        ]


def _link(period: str) -> PeriodLink:
    return PeriodLink(kind_of(period), period_name(period), site_paths.top_path(period))


def _what(top: Top, unit: str) -> str:
    """`49 papers, those most people talked about first`; `The 50 of 212 papers most people talked about, and the 5 of
    each category`."""
    most = "with most likes" if unit == "likes" else "most people talked about"
    papers = count_noun(top.total, "paper")
    if not top.is_cut:
        return f"{papers}, those {most} first"
    return f"The {min(BEST, top.total)} of {papers} {most}, and the {BEST_OF_FIELD} of each category"
