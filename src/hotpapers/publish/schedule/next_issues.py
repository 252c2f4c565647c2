"""Which issue of each publication comes next, what it waits for, and which days have none because nothing was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from hotpapers.base.model import Publication
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days, publication_started_at, site_started_at
from hotpapers.issues.windows import closing, cut_of, has_no_issue, is_closed, is_unread, unread_reason
from hotpapers.publish.schedule import due
from hotpapers.record import Record
from hotpapers.record.statistics import written_between


class ExpectedIssue(NamedTuple):
    """A publication's next issue: its day, and when it closes by the clock, µs UTC. `waits_for`: why it has not
    appeared since; empty if nothing is known to hold it up."""

    publication: str
    day: str
    at: int
    waits_for: str = ""


class DayWithoutIssue(NamedTuple):
    """A day of the last two weeks that has no issue and will have none, and why."""

    publication: str
    day: str
    reason: str

    def __str__(self) -> str:
        return f"{self.publication}: no issue for {self.day}: {self.reason}"


def next_issues(record: Record, publications: Iterable[str], at: int) -> Iterator[ExpectedIssue]:
    """The next issue of each publication that expects one: the oldest that should have appeared, or else the next to
    close."""
    for name in publications:
        publication = publication_of(record, name)
        settled = {*frozen_days(record, name), *(row.day for row in days_without_issue(record, name, at))}
        days = missing_days(record, publication, settled, at)
        if days:
            reason = _waits_for(record, publication, days[0], at)
            yield ExpectedIssue(name, days[0], cut_of(publication, days[0]), reason)
        elif day := due.upcoming_day(publication, at):
            yield ExpectedIssue(name, day, cut_of(publication, day))


def _waits_for(record: Record, publication: Publication, day: str, at: int) -> str:
    view, reason = record.view(), jobs_queries.load_state(record, "issues").reason
    if is_unread(view, publication, day, at):
        return reason if "waits for" in reason else "a network that can be read"
    if not is_closed(record.view(closing(view, publication, day)), publication, day, at):
        return "arXiv’s announcement"
    return reason


def days_without_issue(record: Record, publication: str, at: int) -> Iterator[DayWithoutIssue]:
    """The days of the last two weeks on which nothing was read in time for an issue, ascending."""
    settings, view = publication_of(record, publication), record.view()
    for day in missing_days(record, settings, frozen_days(record, publication), at):
        if has_no_issue(view, settings, day, at):
            yield DayWithoutIssue(publication, day, unread_reason(view, settings, day))


def missing_days(record: Record, publication: Publication, settled: Collection[str], at: int) -> list[str]:
    """The days whose issue has closed but is not among the `settled` ones, ascending. The start of issues is looked up
    only if a day has none: that reads all coverage, and these days are asked for every few seconds."""
    if not due.due_days(publication, settled, 0, at):
        return []
    # From when on there can be issues, µs UTC: the record existed and knew of the publication
    known_since = publication_started_at(record.database, publication.publication)
    first, _ = written_between(record.database)
    since, began_at = max(known_since, first or 0), site_started_at(record.view())
    return due.due_days(
        publication,
        settled,
        since if began_at is None else due.first_due(publication_of(record, publication.publication), since, began_at),
        at,
    )
