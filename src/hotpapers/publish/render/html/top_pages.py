"""Top pages: the papers with most voices of a week, a month, a year and all time, and a list of these pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from hotpapers.issues.ranking import words
from hotpapers.publish.render.html.list_pages import entry_line
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice, field_of, fields
from hotpapers.publish.view.publication_state import first_due
from hotpapers.publish.view.tops import BEST, BEST_OF_FIELD, Top, Tops, kind_of, period_name

INDEX = "top/index.html"
"""The latest top of the shortest kind, with links to all others."""


class PeriodLink(NamedTuple):
    """A link to a top. `kind`: week, month, year or all."""

    kind: str
    name: str
    path: str


class PeriodsOfYear(NamedTuple):
    """The tops of a year, its months and its weeks, latest first."""

    year: PeriodLink
    months: list[PeriodLink]
    weeks: list[PeriodLink]


class TopPages:
    """The pages of tops."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site

    @cached_property
    def tops(self) -> Tops:
        reader, name = self._site.issue_reader, self._site.name
        return Tops(self._site.publication.window, reader.voices(name), reader.entry_summaries(name))

    def paths(self, days: Collection[str]) -> Iterator[str]:
        """The pages that change when these days' issues change."""
        yield INDEX
        yield from map(site_paths.top_path, self.tops.changed(sorted(days)))

    def has(self, path: str) -> bool:
        return bool(self._period_of(path))

    def _period_of(self, path: str) -> str:
        if path == INDEX:
            return self.tops.periods(self.tops.kinds[0])[-1] if self._site.days else ""
        period = site_paths.top_of(path)
        return period if period and self.tops.has(period) else ""

    def page(self, path: str, choice: PageChoice = EVERYTHING) -> bytes | None:
        """The page at a path. None if there is none, or if the choice is a category that does not exist."""
        period = self._period_of(path)
        if not period:
            return self._empty() if path == INDEX else None
        top = self.tops.top(period)
        site, name = self._site, period_name(period)
        by_field = fields((field_of(paper.summary) for paper in top.papers), choice, is_live=site.site_config.is_live)
        if by_field is None:
            return None
        what = _what(top, self.tops.unit)
        earlier, later = self.tops.neighbors(period)
        return site.render(
            "top.html",
            path,
            f"Top of {name}",
            f"{what}, from the issues of {name}.",
            period=name,
            kind=kind_of(period),
            what=what,
            unit=self.tops.unit,
            fields=by_field,
            lines=[
                entry_line(paper.summary, site.publication.window)._replace(
                    field=field_of(paper.summary), voices=paper.voices, rank=paper.rank
                )
                for paper in top.papers
                if choice.category in ("", field_of(paper.summary))
            ],
            further=site.about_week(period) if kind_of(period) == "week" else (),
            days=self.tops.days(period)[::-1] if kind_of(period) in ("week", "month") else (),
            around=[_link(around) for around in self.tops.around(period)],
            previous=_link(earlier) if earlier else None,
            next=_link(later) if later else None,
            years=self._years() if path == INDEX else [],
            canonical=site_paths.public_url(site.site_config.base, site_paths.top_path(period)),
        )

    def _empty(self) -> bytes:
        return self._site.render("empty.html", INDEX, "No issue yet", first_due(self._site.publication))

    def _years(self) -> list[PeriodsOfYear]:
        months, weeks = ([_link(period) for period in reversed(self.tops.periods(kind))] for kind in ("month", "week"))
        months_of = {year: list(links) for year, links in groupby(months, key=_year)}
        weeks_of = {year: list(links) for year, links in groupby(weeks, key=_year)}
        return [
            PeriodsOfYear(_link(year), months_of.get(year, []), weeks_of.get(year, []))
            for year in reversed(self.tops.periods("year"))
        ]


def _year(link: PeriodLink) -> str:
    return link.path.split("/")[1][:4]


def _link(period: str) -> PeriodLink:
    return PeriodLink(kind_of(period), period_name(period), site_paths.top_path(period))


def _what(top: Top, unit: str) -> str:
    """`49 papers, those with most voices first`; `The 50 of 212 papers with most voices, and the 5 of each
    category`."""
    if not top.is_cut:
        return f"{words.count_noun(top.total, 'paper')}, those with most {unit} first"
    of_field = f"and the {BEST_OF_FIELD} of each category"
    return f"The {min(BEST, top.total)} of {words.count_noun(top.total, 'paper')} with most {unit}, {of_field}"
