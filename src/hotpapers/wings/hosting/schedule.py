"""A host's schedule: the times of day at which it should run the program, and how the last run went.

A host's schedule is in UTC and ignores daylight saving time. So a publication has one time for each UTC offset that its
zone has in a year, a little after its hour. There are more times in between to read networks, which forget quickly.

The state of the schedule is kept in the store as the job `schedule`: planned, begun, ended, and when it is due again. A
page that is no longer updated cannot say so. So it says in advance when it will next be updated, which lets readers
notice if that has not happened.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from hotpapers.base.durations import format_duration
from hotpapers.base.settings import PublicationSettings
from hotpapers.base.text.timestamps import SECOND, format_rfc3339, minute_of
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import RUNNING, SCHEDULED_RUN
from hotpapers.record import Record

AFTER = 7
"""Minutes after a publication's hour: hosts are busiest on the hour, when most schedules start."""
READING = tuple(datetime.time(hour, 23) for hour in range(1, 24, 4))
"""When networks are read, whatever is published: every four hours, since recounts begin 6 hours after a post."""
GRACE = 3 * 3600
"""Seconds by which a host may delay a run."""
YEAR = 366
DAY = 24 * 3600


def run_times(publications: Iterable[PublicationSettings], today: datetime.date) -> tuple[datetime.time, ...]:
    """The times of day at which a host should run, ascending and without duplicates."""
    moments = set(READING)
    days = [today + datetime.timedelta(days=number) for number in range(YEAR)]
    for publication in publications:
        if publication.window != "listing":  # a little after its hour, for each offset that its zone has in the year
            hour = datetime.time(publication.hour, AFTER)
            zone = ZoneInfo(publication.zone)
            closings = (datetime.datetime.combine(day, hour, zone).astimezone(datetime.UTC) for day in days)
            moments.update(closing.time() for closing in closings)
    return tuple(sorted(moments))


def cron_lines(moments: Iterable[datetime.time]) -> list[str]:
    """Times of day in cron's format, one line per minute of the hour: `7 6,7 * * *`."""
    hours: dict[int, list[int]] = {}
    for moment in sorted(moments):
        hours.setdefault(moment.minute, []).append(moment.hour)
    return [
        f"{minute} {','.join(map(str, hours_of_minute))} * * *" for minute, hours_of_minute in sorted(hours.items())
    ]


def planned_time(moments: Sequence[datetime.time], at: int) -> int:
    """The planned time of the run that began at a moment; both in seconds since 1970."""
    return max(moment for moment in _around(moments, at) if moment <= at)


def next_planned(moments: Sequence[datetime.time], at: int) -> int:
    """The planned time of the next run after a moment; both in seconds since 1970."""
    return min(moment for moment in _around(moments, at) if moment > at)


def _around(moments: Sequence[datetime.time], at: int) -> list[int]:
    """The planned times of the day before, the day itself and the day after."""
    midnight = at - at % DAY
    return [
        midnight + number * DAY + moment.hour * 3600 + moment.minute * 60 for number in (-1, 0, 1) for moment in moments
    ]


# ---- how runs went ---------------------------------------------------------------------------------------

WELL = "success"
BY_SCHEDULE = "schedule"


class ScheduleReport(NamedTuple):
    """The report of a run. Times in ISO 8601; `outcome`: success or failure; `next_by`: when the next run must have
    begun; `problems`: those that need attention; `where`: the address of the run's log."""

    outcome: str
    began: str
    ended: str
    next_by: str
    problems: tuple[str, ...]
    where: str


def begin_run(record: Record, moments: Sequence[datetime.time], at: int, because: str) -> str:
    """Records that a run begins, and returns a sentence that says so. `because`: the cause of its start. `at`: µs
    UTC."""
    earlier = jobs_queries.load_state(record, SCHEDULED_RUN)
    seconds = at // SECOND - planned_time(moments, at // SECOND)
    delay = f"{format_duration(seconds)} after its planned time"
    text = f"began {minute_of(at)}, {delay if because == BY_SCHEDULE else 'by hand'}"
    next_at = _due(moments, at)
    status = replace(earlier, started_at=at, state=RUNNING, reason=text, next_at=next_at)
    jobs_queries.save_state(record, status)
    if earlier.state == RUNNING and earlier.started_at is not None:
        return f"{text}; the run that began {minute_of(earlier.started_at)} did not finish"
    return text


def _due(moments: Sequence[datetime.time], at: int) -> int:
    return (next_planned(moments, at // SECOND) + GRACE) * SECOND


def end_run(
    record: Record, moments: Sequence[datetime.time], at: int, outcome: str, problems: Sequence[str], where: str
) -> ScheduleReport:
    """Records how a run ended. `outcome`: success, or anything else; `problems`: further ones that need attention."""
    earlier = jobs_queries.load_state(record, SCHEDULED_RUN)
    failures = (*([] if outcome == WELL else [f"the run ended with {outcome}"]), *problems)
    began_at = earlier.started_at or at
    text = earlier.reason if earlier.state == RUNNING else f"began {minute_of(began_at)}"
    status = replace(
        earlier,
        state="failing" if failures else "idle",
        success_at=earlier.success_at if failures else at,
        failing_since=(earlier.failing_since or at) if failures else None,
        reason=f"{'; '.join(failures)} ({text})" if failures else text,
        next_at=_due(moments, at),
    )
    jobs_queries.save_state(record, status)
    next_by = format_rfc3339(status.next_at or at)
    return ScheduleReport(
        "failure" if failures else WELL, format_rfc3339(began_at), format_rfc3339(at), next_by, failures, where
    )


def schedule_sentence(record: Record) -> str:
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
