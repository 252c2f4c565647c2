"""Which issues are due, by the clock of each publication; what they wait for; which days have none because nothing was
read; and the first hours of a site: what is still being read back, and when its first issue appears.

Daily issues have the labels of arXiv's days, Monday to Friday. A weekly issue is due every Monday, a monthly one on the
first of the month. An imported listing's issues are due when it is imported.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from hotpapers.base.model import HOUR, Publication
from hotpapers.base.papers.announcement_days import calendar
from hotpapers.base.text.timestamps import as_utc
from hotpapers.issues.coverage import TURN
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import FIRST_WAIT, frozen_days, publication_started_at, site_started_at, was_ever_read
from hotpapers.issues.windows import (
    closing_time,
    days_from,
    has_no_issue,
    is_closed,
    late_at_first,
    scheduled_closing,
    unread_hour,
    unread_reason,
    waits_for_announcement,
)
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import COUNTS, JobState, state_of
from hotpapers.record import Record
from hotpapers.record.statistics import written_between

CATCH_UP = 14
"""Days for which missing issues are made later, if the program did not run but networks could still be read.
`sending` sends only the newest."""
SOON = 12 * HOUR
"""The longest that a new site waits for its first issue; if the next one is later, the last closed day is used."""
AHEAD = HOUR // 2
"""How long before an issue closes its posts are read again."""


def due_labels(publication: Publication, first: datetime.date, last: datetime.date) -> Iterator[str]:
    """The days from `first` to `last`, both included, that have an issue by the calendar."""
    if publication.window != "listing":
        days = days_from(publication, first)
        yield from map(str, takewhile(lambda date: date <= last, days))


def due_days(publication: Publication, frozen_days: Collection[str], since: int, at: int) -> list[str]:
    """The days whose issue has closed but is not frozen, ascending.

    `since`: the start of the record, µs UTC; a day that closed before has no issue.
    """
    today = as_utc(at).date() + datetime.timedelta(days=1)  # it is already tomorrow somewhere
    first = today - datetime.timedelta(days=CATCH_UP + 1)
    candidates = due_labels(publication, first, today)
    return [day for day in candidates if day not in frozen_days and since < scheduled_closing(publication, day) <= at]


def first_due(publication: Publication, since: int, began_at: int) -> int:
    """The moment after which a closing day has an issue, on a site that read back posts from before `began_at`. If the
    next day closes late, the last closed day has one too. `since`: when the record first knew of the publication."""
    if publication.window == "listing" or since > began_at + HOUR:
        return since
    today = as_utc(began_at).date() + datetime.timedelta(days=1)
    days = due_labels(publication, today - datetime.timedelta(days=40), today)
    cuts = (scheduled_closing(publication, day) for day in days)
    last_cut = max((cut for cut in cuts if cut <= began_at), default=0)
    next_day = upcoming_day(publication, began_at)
    is_far = not next_day or scheduled_closing(publication, next_day) - began_at > SOON
    if is_far and began_at - last_cut <= late_at_first(publication):
        return min(since, last_cut - 1)
    return since


def upcoming_day(publication: Publication, at: int) -> str:
    """The next day whose issue closes after a moment; empty if there are no more, and for a listing, which appears when
    it is imported."""
    if publication.window == "listing":
        return ""
    date = as_utc(at).date()
    days = map(str, days_from(publication, date - datetime.timedelta(days=1)))
    return next((day for day in days if scheduled_closing(publication, day) > at), "")


def is_near(publication: Publication, day: str, at: int) -> bool:
    """Whether an issue closes within half an hour."""
    if not day:
        return False
    return 0 < scheduled_closing(publication, day) - at <= AHEAD


GIVE_UP_AFTER = HOUR // 6
"""How long to wait for a network that cannot be read, µs."""


# ---- the first hours of a site -------------------------------------------------------------------------


def still_reading_back(record: Record, jobs: Iterable[str], at: int) -> list[str]:
    """The jobs that still read back posts from before the site began; none once nothing waits for that any longer."""
    began_at = site_started_at(record.view())
    # a site without a note of when it began is new, or older than such notes
    if was_ever_read(record.database) if began_at is None else at >= began_at + FIRST_WAIT:
        return []
    states = jobs_queries.all_states(record)
    return [job for job in jobs if is_under_way(job, states, at)]


def is_under_way(job: str, states: Sequence[JobState], at: int) -> bool:
    """Whether a job still reads back, or recounts, posts from before its network was first read."""
    state = state_of(states, job)
    reader = state_of(states, job.removesuffix(COUNTS))
    if state is None or reader is None:
        return True  # not started yet
    is_reading_back = state.back_at is None and reader.back_to is not None
    if not is_reading_back:
        return False
    return not any(is_given_up(status, at) for status in (state, reader))


def is_given_up(status: JobState, at: int) -> bool:
    """Whether a network refuses, or has failed for so long that nothing waits for it any longer."""
    if status.failing_since is None:
        return False
    return status.state == "refused" or at - status.failing_since > GIVE_UP_AFTER


def is_skipped(job: str, states: Sequence[JobState], at: int) -> bool:
    """Whether nothing waits for a job any longer although it has not read back: its network cannot be read for now."""
    state = state_of(states, job)
    reader = state_of(states, job.removesuffix(COUNTS))
    is_done = state is not None and state.back_at is not None
    return not is_done and reader is not None and is_given_up(reader, at)


class ExpectedIssue(NamedTuple):
    """A publication's next issue: its day, and when it appears by the clock, or closed if it is due, µs UTC.
    `waits_for`: what it waits for since, `failure`: why it could not be frozen; empty if nothing is known to hold it
    up."""

    publication: str
    day: str
    at: int
    waits_for: str = ""
    failure: str = ""


def first_issues(
    publications: Sequence[Publication], frozen_days: Mapping[str, Sequence[str]], at: int
) -> Iterator[ExpectedIssue]:
    """The first issue of each publication that has none yet, on a site that begins at a moment."""
    for publication in publications:
        if frozen_days.get(publication.publication):
            continue
        days = due_days(publication, (), first_due(publication, at, at), at)
        day = days[0] if days else upcoming_day(publication, at)
        if day:
            yield ExpectedIssue(publication.publication, day, max(appears_at(publication, day), at))


def appears_at(publication: Publication, day: str) -> int:
    """When an issue appears by the clock, µs UTC: when its hour has passed and, for a daily one, arXiv's feeds show
    what it announced that day."""
    is_announced = waits_for_announcement(publication) and calendar.has_announcement(day)
    shown_at = calendar.closes_at(day) if is_announced else 0
    return max(scheduled_closing(publication, day), shown_at)


# ---- after the program did not run: what due issues wait for ------------------------------------------


def still_catching_up(record: Record, jobs: Sequence[str], at: int) -> list[str]:
    """The jobs that have not yet read their network up to now, but try to. `at`: now, µs UTC."""
    return [
        state.source
        for state in jobs_queries.all_states(record)
        if state.source in jobs and not state.source.endswith(COUNTS)
        if state.covered_to is not None and at - state.covered_to > TURN and not is_given_up(state, at)
        if state.failing_since is not None or (state.next_at or 0) <= at  # otherwise it rests until its next round
    ]


def still_counting(record: Record, jobs: Sequence[str], since: int) -> list[str]:
    """The jobs that count posts, and have not finished a round since a moment, µs UTC; without those that fail."""
    return [
        state.source
        for state in jobs_queries.all_states(record)
        if state.source in jobs and state.source.endswith(COUNTS) and state.failing_since is None
        if (state.next_at or 0) <= since + HOUR // 60  # after a round, they rest for a minute
    ]


# ---- next issues, and days without one -----------------------------------------------------------------


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
        rows = days_without_issue(record, name, at)
        settled = {*frozen_days(record, name), *(row.day for row in rows)}
        if days := missing_days(record, publication, settled, at):
            held_up = _held_up(record, publication, days[0], at)
            yield ExpectedIssue(name, days[0], scheduled_closing(publication, days[0]), *held_up)
        elif day := upcoming_day(publication, at):
            yield ExpectedIssue(name, day, appears_at(publication, day))


WAITS = ("the first issue waits for ", "waits for ")
"""How the job of issues begins to say that one waits."""
STALE = HOUR // 6
"""Microseconds after which a job that has not gone on says nothing about now: the program does not run."""


def _held_up(record: Record, publication: Publication, day: str, at: int) -> tuple[str, str]:
    """Returns what an issue waits for and why it could not be frozen, each empty if unknown. A reason counts only if
    the job of issues has reported it lately."""
    view = record.view()
    state = jobs_queries.load_state(record, "issues")
    is_lately = at - max(state.next_at or 0, state.success_at or 0, state.started_at or 0) < STALE
    reason = state.reason if is_lately else ""
    waits_for = next((reason.removeprefix(head) for head in WAITS if reason.startswith(head)), "")
    items = view.items(Publication)
    failure = own_failure(reason, publication.publication, {item.publication for item in items})
    if unread_hour(view, publication, day, at) is not None:
        return (waits_for or "a network that can be read") if is_lately else "", ""
    if not is_closed(record.view(closing_time(view, publication, day)), publication, day, at):
        return "arXiv’s announcement", ""
    return waits_for, "" if waits_for else failure


def own_failure(reason: str, publication: str, publications: Collection[str]) -> str:
    """Why this publication's issue could not be frozen, by the reason of a round: `daily: why; weekly, site: why; …`.
    Other parts of a round hold up no issue. A reason that names no part holds up all."""
    own = list[str]()
    part = publication
    for segment in reason.split("; "):
        head, _, text = segment.partition(": ")
        is_part = head == "pages" or head.partition(", ")[0] in publications
        part = head if is_part else part
        if part == publication:
            own.append(text if is_part else segment)
    return "; ".join(own)


def days_without_issue(record: Record, publication: str, at: int) -> Iterator[DayWithoutIssue]:
    """The days of the last two weeks on which not enough was read in time for an issue, ascending."""
    settings = publication_of(record, publication)
    view = record.view()
    for day in missing_days(record, settings, frozen_days(record, publication), at):
        if has_no_issue(view, settings, day, at):
            yield DayWithoutIssue(publication, day, unread_reason(view, settings, day))


def missing_days(record: Record, publication: Publication, settled: Collection[str], at: int) -> list[str]:
    """The days whose issue has closed but is not among the `settled` ones, ascending. The start of issues is looked up
    only if a day has none: that reads all coverage, and these days are asked for every few seconds."""
    if not due_days(publication, settled, 0, at):
        return []
    # From when on there can be issues, µs UTC: the record existed and knew of the publication
    first, _ = written_between(record.database)
    started_at = publication_started_at(record.database, publication.publication)
    since = max(started_at if started_at <= at else 0, first or 0)  # a later moment is of a clock that was ahead
    began_at = site_started_at(record.view())
    if began_at and began_at <= at:
        since = first_due(publication, since, began_at)
    return due_days(publication, settled, since, at)
