"""The first hours of a site: what is still being read back, and when the first issue appears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base import announcement_days as calendar
from hotpapers.base.model import HOUR, Publication
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.collect.jobs.job_state import COUNTS, JobState, state_of
from hotpapers.issues.coverage import TURN
from hotpapers.issues.queries import FIRST_WAIT, site_started_at, was_ever_read
from hotpapers.issues.windows import cut_of
from hotpapers.publish.schedule import due
from hotpapers.record import Record

GIVE_UP_AFTER = HOUR // 6
"""How long to wait for a network that cannot be read, µs."""


def still_reading_back(record: Record, jobs: Iterable[str], at: int) -> list[str]:
    """The jobs that still read back posts from before the site began; none once nothing waits for that anymore."""
    began_at = site_started_at(record.view())
    if began_at is None and was_ever_read(record.database):
        return []  # a site older than the note of when a site began
    if began_at is not None and at >= began_at + FIRST_WAIT:
        return []
    states = jobs_queries.all_states(record)
    return [job for job in jobs if is_under_way(job, states, at)]


def is_under_way(job: str, states: Sequence[JobState], at: int) -> bool:
    """Whether a job still reads back, or recounts, posts from before its network was first read."""
    state, reader = state_of(states, job), state_of(states, job.removesuffix(COUNTS))
    if state is None or reader is None:
        return True  # not started yet
    is_waited_for = not is_given_up(state, at) and not is_given_up(reader, at)
    return state.back_at is None and reader.back_to is not None and is_waited_for


def is_given_up(status: JobState, at: int) -> bool:
    """Whether a network refuses, or has failed for so long that nothing waits for it anymore."""
    return status.failing_since is not None and (status.state == "refused" or at - status.failing_since > GIVE_UP_AFTER)


def is_skipped(job: str, states: Sequence[JobState], at: int) -> bool:
    """Whether nothing waits for a job anymore although it has not read back: its network cannot be read for now."""
    state, reader = state_of(states, job), state_of(states, job.removesuffix(COUNTS))
    is_done = state is not None and state.back_at is not None
    return not is_done and reader is not None and is_given_up(reader, at)


class FirstIssue(NamedTuple):
    """A publication's first issue: its day, and when it appears, µs UTC."""

    publication: str
    day: str
    at: int


def first_issues(
    publications: Sequence[Publication], frozen_days: Mapping[str, Sequence[str]], at: int
) -> Iterator[FirstIssue]:
    """The first issue of each publication that has none yet, on a site that begins at a moment."""
    for publication in publications:
        if frozen_days.get(publication.publication):
            continue
        days = due.due_days(publication, (), due.first_due(publication, at, at), at)
        day = days[0] if days else due.upcoming_day(publication, at)
        if day:
            # When an issue's hour has passed and, for a daily one, arXiv's feeds show what it announced that day.
            is_announced = publication.window == "daily" and calendar.expected(day)
            shown_at = calendar.closes_at(day) if is_announced else 0
            yield FirstIssue(publication.publication, day, max(cut_of(publication, day), shown_at, at))


# ---- after the program did not run: what due issues wait for ------------------------------------------


def still_catching_up(record: Record, jobs: Sequence[str], at: int) -> list[str]:
    """The jobs that have not yet read their network up to now, but try to. `at`: now, µs UTC."""
    return [
        state.source
        for state in jobs_queries.all_states(record)
        if state.source in jobs and not state.source.endswith(COUNTS) and _is_catching_up(state, at)
    ]


def _is_catching_up(state: JobState, at: int) -> bool:
    if state.covered_to is None or at - state.covered_to <= TURN or is_given_up(state, at):
        return False
    is_resting = state.failing_since is None and state.next_at is not None and state.next_at > at
    return not is_resting
