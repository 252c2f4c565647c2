"""The archive: daily issues as a calendar, a small table per month, with days shaded by the number of papers in their
issues; weekly and monthly ones as a list per year."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple

from hotpapers.base.ids import timestamps
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


class CalendarMonth(NamedTuple):
    """A month's table, with weeks from Monday to Sunday."""

    name: str
    weeks: tuple[tuple[CalendarDay, ...], ...]


class CalendarYear(NamedTuple):
    """A year and its months that have issues."""

    name: str
    months: tuple[CalendarMonth, ...]


def calendar(entry_counts: Mapping[str, int]) -> tuple[CalendarYear, ...]:
    """Days (`YYYY-MM-DD`) with the number of papers in their issues → years, latest first."""
    most_papers = max(entry_counts.values(), default=0)
    months = sorted({day[:7] for day in entry_counts})
    years = [
        CalendarYear(year, tuple(_month(month, entry_counts, most_papers) for month in of_year))
        for year, of_year in groupby(months, key=lambda month: month[:4])
    ]
    return tuple(reversed(years))


def issues_by_year(window: str, entry_counts: Mapping[str, int]) -> tuple[tuple[str, tuple[ListedIssue, ...]], ...]:
    """Days (`YYYY-MM-DD`) of weekly or monthly issues with their numbers of papers → years of the time that they cover,
    latest first."""
    years: dict[str, list[ListedIssue]] = {}
    for day in sorted(entry_counts, reverse=True):
        name = phrases.issue_name(window, day)
        years.setdefault(name[-4:], []).append(ListedIssue(name, site_paths.issue_path(day), entry_counts[day]))
    return tuple((year, tuple(issues)) for year, issues in years.items())


def _month(month: str, entry_counts: Mapping[str, int], most_papers: int) -> CalendarMonth:
    year, number = int(month[:4]), int(month[5:])
    weeks = Calendar().monthdayscalendar(year, number)
    return CalendarMonth(
        name=f"{timestamps.MONTHS[number - 1]} {year}",
        weeks=tuple(tuple(_cell(month, day, entry_counts, most_papers) for day in week) for week in weeks),
    )


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
