"""Which of an issue's papers were announced when, in words: the same on the command line, on pages and in answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from hotpapers.announcement_days import label_at
from hotpapers.model import Entry, IssueContent, Retrospective
from hotpapers.ranking.words import count_noun, number

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def when(content: IssueContent, entry: Entry) -> str:
    """`announced that day`, `announced the day before`, `announced on Friday`; empty where that is not known."""
    return f"announced {_when(content.day, label_at(entry.announced_at))}" if entry.announced_at else ""


def _when(day: str, label: str) -> str:
    days = (date.fromisoformat(day) - date.fromisoformat(label)).days
    if days in (0, 1):
        return "the day before" if days else "that day"
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
    nothing known. An issue that closes late in the day may hold papers of the day after."""
    labels = _labels_of_entries(content)
    if not labels:
        return ""
    before, after = sum(label < content.day for label in labels), sum(label > content.day for label in labels)
    if _is_mixed(content):
        of = f" of the {number(content.announced)}" if content.announced else ""
        others = ", ".join(f"{number(n)} from {when}" for n, when in ((before, "before"), (after, "after")) if n)
        return f": {number(labels.count(content.day))}{of} announced that day, {others}"
    if len(set(labels)) == 1:
        return f", announced {_when(content.day, labels[0])}"
    return f", announced in the days {' and '.join([*['before'] * bool(before), *['after'] * bool(after)])}"


def _is_mixed(content: IssueContent) -> bool:
    return 0 < _labels_of_entries(content).count(content.day) < len(content.entries)


def _labels_of_entries(content: IssueContent) -> list[str]:
    """The day on which each entry was announced; none where it is not known of all."""
    labels = [label_at(entry.announced_at) for entry in content.entries if entry.announced_at]
    return labels if len(labels) == len(content.entries) else []


def is_limited(content: IssueContent) -> bool:
    """Whether the publication is about some papers only; others are considered too, and are left out."""
    chosen = content.publication
    return bool(chosen.categories or chosen.include or chosen.exclude)


def empty_reason(content: IssueContent) -> str:
    """Why an issue of our own holds no paper although some were talked about, or that none was."""
    if not content.considered:
        return "Nobody spoke of a paper of these days."
    considered = count_noun(content.considered, "paper")
    of = "no paper of this publication’s fields" if is_limited(content) else f"none of the {considered} considered"
    new, besides = (" new", "leaving out what earlier issues held, ") if content.earlier else ("", "")
    if content.compared and content.compared.young and content.publication.least_entries:
        return f"Nothing{new} to show yet: {besides}{of} has 3 voices or more."
    least = number(max(content.publication.threshold, 1))
    return f"Nothing{new} reached the threshold: {besides}{of} scored {least} or more."
