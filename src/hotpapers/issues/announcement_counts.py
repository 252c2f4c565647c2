"""Which of an issue's papers were announced when, in words: the same on the command line, on pages and in answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from hotpapers.announcement_days import label_at
from hotpapers.model import Entry, IssueContent, Retrospective
from hotpapers.ranking.words import count_noun, number

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BEFORE, TODAY = "in the days before", "that day"


def when(content: IssueContent, entry: Entry) -> str:
    """`announced that day`, `announced the day before`, `announced on Friday`; empty where that is not known."""
    return f"announced {_when(content.day, entry.announced_at)}" if entry.announced_at else ""


def _when(day: str, announced_at: int) -> str:
    label = label_at(announced_at)
    days = (date.fromisoformat(day) - date.fromisoformat(label)).days
    if days in (0, 1):
        return "the day before" if days else TODAY
    return f"on {WEEKDAYS[date.fromisoformat(label).weekday()]}" if 1 < days < 7 else f"on {label}"


def facts(content: IssueContent) -> Iterator[str]:
    """Of an issue of our own: how many papers it holds and when these were announced; how many others there were."""
    papers = count_noun(len(content.entries), "paper")
    considered = f"{number(content.considered)} considered{' in all fields' if is_limited(content) else ''}"
    if content.publication.window != "daily":
        yield f"{papers}, of {considered}"
        return
    yield f"{papers}{_announcement_days(content)}"
    if content.announced is None:
        yield "the day’s announcement is not in the record"
        yield considered
    elif _is_mixed(content):
        yield considered
    else:
        announced = number(content.announced) if content.announced else "none"
        yield f"{announced} announced that day, {considered}"
    if inferred_days(content.retrospective):
        yield "days of announcement inferred"


def inferred_days(known: Retrospective | msgspec.UnsetType) -> str:
    """Of how many papers the day of announcement is inferred, as a sentence; empty where all were observed."""
    if not known or not known.inferred:
        return ""
    papers = count_noun(known.inferred, "paper")
    return f"When {papers} were announced is inferred from when they were submitted, not observed."


def _announcement_days(content: IssueContent) -> str:
    """`: 4 of the 69 announced that day, 6 from before`, `, announced the day before`; empty where none is held or
    nothing known."""
    days = _days_of_entries(content)
    if not days:
        return ""
    if _is_mixed(content):
        today = days.count(TODAY)
        of = f" of the {number(content.announced)}" if content.announced else ""
        return f": {number(today)}{of} announced that day, {number(len(days) - today)} from before"
    return f", announced {days[0] if len(set(days)) == 1 else BEFORE}"


def _is_mixed(content: IssueContent) -> bool:
    return 0 < _days_of_entries(content).count(TODAY) < len(content.entries)


def _days_of_entries(content: IssueContent) -> list[str]:
    """When each entry was announced; none where it is not known of all."""
    days = [_when(content.day, entry.announced_at) for entry in content.entries if entry.announced_at]
    return days if len(days) == len(content.entries) else []


def is_limited(content: IssueContent) -> bool:
    """Whether the publication is about some papers only; others are considered too, and are left out."""
    chosen = content.publication
    return bool(chosen.categories or chosen.include or chosen.exclude)


def none_reached(content: IssueContent) -> str:
    """Why an issue of our own holds no paper although some were talked about, or that none was."""
    if not content.considered:
        return "Nobody spoke of a paper of these days."
    considered = count_noun(content.considered, "paper")
    of = "no paper of this publication’s fields" if is_limited(content) else f"none of the {considered} considered"
    if content.compared and content.compared.young and content.publication.least_entries:
        return f"Nothing to show yet: {of} has 3 voices or more."
    return f"Nothing reached the threshold: {of} scored {number(content.publication.threshold)} or more."
