"""The state of a schedule, kept in the store as the job `schedule`: planned, begun, ended, and when it is due again.

A page that is no longer updated cannot say so. So it says in advance when it will next be updated, which lets readers
notice if that has not happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.durations import duration
from hotpapers.base.ids.timestamps import SECOND, minute_of, rfc3339
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.collect.jobs.job_state import RUNNING, SCHEDULED_RUN
from hotpapers.record import Record
from hotpapers.wings.hosting.cron_times import GRACE, TimeOfDay, following, planned

WELL = "success"
BY_SCHEDULE = "schedule"


class ScheduleReport(NamedTuple):
    """The report of a run. Times in ISO 8601; `outcome`: success or failure; `next_by`: when the next run must have
    begun; `problems`: what needs attention; `where`: the address of the run's log."""

    outcome: str
    began: str
    ended: str
    next_by: str
    problems: tuple[str, ...]
    where: str


def begin(record: Record, moments: Sequence[TimeOfDay], at: int, because: str) -> str:
    """Records that a run begins, and returns a sentence that says so. `because`: what started it. `at`: µs UTC."""
    earlier = jobs_queries.load_state(record, SCHEDULED_RUN)
    delay = f"{duration(at // SECOND - planned(moments, at // SECOND))} after its planned time"
    text = f"began {minute_of(at)}, {delay if because == BY_SCHEDULE else 'by hand'}"
    status = msgspec.structs.replace(earlier, started_at=at, state=RUNNING, reason=text, next_at=_due(moments, at))
    jobs_queries.save_state(record, status)
    if earlier.state == RUNNING and earlier.started_at is not None:
        return f"{text}; the run that began {minute_of(earlier.started_at)} did not finish"
    return text


def _due(moments: Sequence[TimeOfDay], at: int) -> int:
    return (following(moments, at // SECOND) + GRACE) * SECOND


def end(
    record: Record, moments: Sequence[TimeOfDay], at: int, outcome: str, problems: Sequence[str], where: str
) -> ScheduleReport:
    """Records how a run ended. `outcome`: success, or anything else; `problems`: what else needs attention."""
    earlier = jobs_queries.load_state(record, SCHEDULED_RUN)
    failures = (*([] if outcome == WELL else [f"the run ended with {outcome}"]), *problems)
    began_at = earlier.started_at or at
    text = earlier.reason if earlier.state == RUNNING else f"began {minute_of(began_at)}"
    status = msgspec.structs.replace(
        earlier,
        state="failing" if failures else "idle",
        success_at=earlier.success_at if failures else at,
        failing_since=(earlier.failing_since or at) if failures else None,
        reason=f"{'; '.join(failures)} ({text})" if failures else text,
        next_at=_due(moments, at),
    )
    jobs_queries.save_state(record, status)
    next_by = rfc3339(status.next_at or at)
    return ScheduleReport("failure" if failures else WELL, rfc3339(began_at), rfc3339(at), next_by, failures, where)


def sentence(record: Record) -> str:
    """The state of the schedule, for a page; empty without one. The reasons for failures are only for the operator."""
    status = jobs_queries.load_state(record, SCHEDULED_RUN)
    if status.started_at is None or status.next_at is None:
        return ""
    if status.failing_since is None:
        text = f"The last run began {minute_of(status.started_at)} and succeeded."
    else:
        since = minute_of(status.failing_since)
        text = f"The last run began {minute_of(status.started_at)} and failed; runs have failed since {since}."
    due = f"The next is due by {minute_of(status.next_at)}; if that time has passed, the schedule has stopped."
    return f"This page is updated on a schedule. {text} {due}"
