"""The archive: daily issues as a calendar, a small table per month, with days shaded by the number of papers in their
issues; weekly and monthly ones as a list per year."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping
from typing import NamedTuple

from hotpapers.issues.ranking import words
from hotpapers.publish.view import phrases, site_paths

SHADES = 5
"""Days with papers have shade 1 to 5, days without have shade 0."""


class ListedIssue(NamedTuple):
    """An issue in a list: `16–22 November 2026`, where it is, and its number of papers."""

    name: str
    path: str
    papers: int


class CalendarDay(NamedTuple):
    """A cell of a month's table. `number`: 0 outside the month; `path`: empty if there is no issue."""

    number: int
    path: str
    label: str
    shade: int


CalendarMonth = tuple[str, list[list[CalendarDay]]]
"""A month's name and table, with weeks from Monday to Sunday."""


def calendar(entry_counts: Mapping[str, int]) -> dict[str, list[CalendarMonth]]:
    """Days (`YYYY-MM-DD`) with the number of papers in their issues → years, latest first, with their months that have
    issues."""
    most_papers, years = max(entry_counts.values(), default=0), dict[str, list[CalendarMonth]]()
    for month in sorted({day[:7] for day in entry_counts}):
        weeks = [
            [_cell(month, day, entry_counts, most_papers) for day in week]
            for week in Calendar().monthdayscalendar(int(month[:4]), int(month[5:]))
        ]
        years.setdefault(month[:4], []).append((phrases.month_name(month), weeks))
    return dict(reversed(years.items()))


def issues_by_year(window: str, entry_counts: Mapping[str, int]) -> tuple[tuple[str, tuple[ListedIssue, ...]], ...]:
    """Days (`YYYY-MM-DD`) of weekly or monthly issues with their numbers of papers → years of the time that they cover,
    latest first."""
    years: dict[str, list[ListedIssue]] = {}
    for day in sorted(entry_counts, reverse=True):
        name = phrases.issue_name(window, day)
        years.setdefault(name[-4:], []).append(ListedIssue(name, site_paths.issue_path(day), entry_counts[day]))
    return tuple((year, tuple(issues)) for year, issues in years.items())


def _cell(month: str, number: int, entry_counts: Mapping[str, int], most_papers: int) -> CalendarDay:
    day = f"{month}-{number:02}"
    if day not in entry_counts:
        return CalendarDay(number, "", "", 0)
    papers = entry_counts[day]
    text = f"{phrases.day_name(day)}: {words.count_noun(papers, 'paper')}"
    return CalendarDay(number, site_paths.issue_path(day), text, shade(papers, most_papers))


def shade(papers: int, most_papers: int) -> int:
    """0 for none, else 1 to 5, in equal steps up to the fullest issue."""
    return -(-papers * SHADES // most_papers) if papers else 0
