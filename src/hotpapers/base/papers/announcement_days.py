"""The days on which papers appear on their servers.

arXiv announces papers under a day's label (`arxiv.calendar`). Other servers post them at any time, also on weekends, so
their day is a date in UTC.
"""

from __future__ import annotations

from datetime import date, timedelta

from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import calendar as calendar  # noqa: PLC0414
from hotpapers.base.text.timestamps import day_of

ANNOUNCING = arxiv.SERVER.removesuffix(":")
"""The server that announces papers by a calendar; also its name in coverage: one row per day, from the moment of
announcement."""


def is_announced(paper: str) -> bool:
    """Whether a paper's server announces papers by a calendar."""
    return paper.startswith(arxiv.SERVER)


def announcement_day(paper: str, announced_at: int) -> str:
    """The day of an announcement at a moment, µs UTC."""
    return calendar.label_at(announced_at) if is_announced(paper) else day_of(announced_at)


def posted_since(day: str) -> str:
    """The first date whose papers of other servers belong to a weekday's issue: the weekday before."""
    at = date.fromisoformat(day)
    return (at - timedelta(days=3 if at.weekday() == 0 else 1)).isoformat()


def day_of_issue(paper: str, announced: str) -> str:
    """The weekday whose issue has a paper that was announced, or posted on another server, on a day."""
    if is_announced(paper):
        return announced
    at = date.fromisoformat(announced)
    is_before_monday = at.weekday() > 3
    days = 7 - at.weekday() if is_before_monday else 1
    return (at + timedelta(days=days)).isoformat()


def is_of_issue(paper: str, announced: str, day: str) -> bool:
    """Whether a paper that was announced on a day is among those announced for the issue of another day."""
    return announced == day if is_announced(paper) else posted_since(day) <= announced < day
