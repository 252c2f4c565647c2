"""Tops: the papers with most voices in the issues of a week, a month, a year or all time.

A paper counts once, with the issue of that time in which it had most voices, as counted when the issue was frozen; an
issue counts that has it as an entry or as still talked about. So a top only depends on the issues of its time, and a
new issue changes one top of each kind. Imported listings have likes instead of voices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Literal, NamedTuple

from hotpapers.base.grouping import group_by, lists_by_key
from hotpapers.base.model import EntrySummary, HeldPapers, IssueReader, Publication, Window
from hotpapers.issues.windows import named_days
from hotpapers.publish.view import phrases
from hotpapers.publish.view.page_fields import field_of

BEST, BEST_OF_FIELD, MAX_TOP_PAPERS = 50, 5, 200
"""How many papers a top has: the best of all and of each category, but not more than `MAX_TOP_PAPERS` together."""
KINDS = ("week", "month", "year", "all")
KINDS_OF: Mapping[Window, tuple[str, ...]] = {
    "daily": KINDS,
    "listing": KINDS,
    "weekly": KINDS[1:],
    "monthly": KINDS[2:],
}
"""The kinds of tops of a publication: those that cover several issues."""


class TopPaper(NamedTuple):
    """A paper in a top. `summary`: of its issue in that top; its place is 0 if it was only still talked about."""

    rank: int
    voices: int
    summary: EntrySummary


class Top(NamedTuple):
    """The papers of a time with most voices, best first, `total` in all."""

    papers: tuple[TopPaper, ...]
    total: int

    @property
    def is_cut(self) -> bool:
        return len(self.papers) < self.total


def unit_of(window: str) -> Literal["voices", "likes"]:
    """The unit counted by a publication's issues: listings have only likes."""
    return "likes" if window == "listing" else "voices"


class Tops:
    """The tops of a publication. `held`: by day, the papers in its issue; `summaries`: of all entries."""

    def __init__(self, window: Window, held: Mapping[str, HeldPapers], summaries: Sequence[EntrySummary]) -> None:
        self.kinds = KINDS_OF[window]
        self.unit = unit_of(window)
        self._window = window
        self._held = held
        self._summaries = summaries

    @cached_property
    def _days(self) -> dict[str, list[str]]:
        """The days of each period's issues, ascending; periods of a kind are ascending, too."""
        return lists_by_key(
            (period_of(kind, self._window, day), day) for day in sorted(self._held) for kind in self.kinds
        )

    @cached_property
    def _periods(self) -> dict[str, list[str]]:
        return group_by(self._days, kind_of)

    @cached_property
    def _entries(self) -> dict[tuple[str, str], EntrySummary]:
        """By paper and day, its entries; the last one also by paper alone."""
        last = {(summary.paper, ""): summary for summary in self._summaries}
        by_day = {(summary.paper, summary.day): summary for summary in self._summaries}
        return last | by_day

    def days(self, period: str) -> Sequence[str]:
        """The days of a period's issues, ascending."""
        return self._days[period]

    def has(self, period: str) -> bool:
        return period in self._days

    def periods(self, kind: str) -> list[str]:
        """The periods of a kind that have issues, ascending."""
        return self._periods.get(kind, [])

    def neighbors(self, period: str) -> tuple[str, str]:
        """The periods before and after; empty if there are none."""
        periods = ["", *self.periods(kind_of(period)), ""]
        n = periods.index(period)
        return periods[n - 1], periods[n + 1]

    def around(self, period: str) -> tuple[str, ...]:
        """One period of each kind, those of a period's last issue."""
        return tuple(period_of(kind, self._window, self._days[period][-1]) for kind in self.kinds)

    def changed(self, days: Iterable[str]) -> Iterator[str]:
        """The periods whose tops change when these days' issues do, and those before, which link to them."""
        own = dict.fromkeys(period_of(kind, self._window, day) for day in days for kind in self.kinds)
        changed = dict.fromkeys(changed for period in own for changed in (self.neighbors(period)[0], period))
        yield from filter(None, changed)

    def top(self, period: str) -> Top:
        """The best papers of a period, and the best of each category."""
        ranked = self._ranked(self._days[period])
        chosen: list[TopPaper] = []
        of_field = defaultdict[str, int](int)
        for rank, (voices, summary) in enumerate(ranked, 1):
            field = field_of(summary)
            of_field[field] += 1
            if (rank <= BEST or of_field[field] <= BEST_OF_FIELD) and len(chosen) < MAX_TOP_PAPERS:
                chosen.append(TopPaper(rank, voices, summary))
        return Top(tuple(chosen), len(ranked))

    def _ranked(self, days: Sequence[str]) -> list[tuple[int, EntrySummary]]:
        """All papers of these days' issues with their most voices. Among equals, the earlier issue, then the better
        place there."""
        best: dict[str, tuple[int, str]] = {}
        for day in days:  # ascending, so that the first issue with most voices stays
            for paper, voices in self._held[day].voices.items():
                if voices > best.get(paper, (-1, ""))[0]:
                    best[paper] = (voices, day)
        entries = self._entries
        papers = (
            (voices, entries.get((paper, day)) or entries[paper, ""]._replace(day=day, place=0))
            for paper, (voices, day) in best.items()
            if (paper, "") in entries
        )
        return sorted(papers, key=_order)


def tops_of(reader: IssueReader, publication: Publication) -> Tops:
    """The tops of a publication's issues."""
    name = publication.publication
    return Tops(publication.window, reader.held(name), reader.entry_summaries(name))


def _order(paper: tuple[int, EntrySummary]) -> tuple[int, str, bool, int, str]:
    voices, summary = paper
    return -voices, summary.day, not summary.place, summary.place, summary.paper


@cache
def period_of(kind: str, window: Window, day: str) -> str:
    """The period of an issue: `2026-W47`, `2026-11`, `2026` or `all`. Weekly and monthly issues belong to the last day
    that they cover, the one before theirs."""
    _, covered = named_days(window, day)
    if kind == "week":
        year, week, _ = covered.isocalendar()
        return f"{year}-W{week:02}"
    month = covered.isoformat()[:7]
    return {"month": month, "year": covered.isoformat()[:4], "all": "all"}[kind]


def kind_of(period: str) -> str:
    """The kind of a period, by its form."""
    return {3: "all", 4: "year", 7: "month", 8: "week"}[len(period)]


def period_name(period: str) -> str:
    """A period in words: `16–22 November 2026`, `November 2026`, `2026`, `all time`."""
    kind = kind_of(period)
    if kind == "week":
        monday = date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
        return phrases.issue_name("weekly", (monday + timedelta(days=7)).isoformat())
    if kind == "month":
        return phrases.month_name(period)
    return period if kind == "year" else "all time"
