"""The times of day at which a host should run the program, if it does not run continuously: plain functions.

A host's schedule is in UTC and ignores daylight saving time. So a publication has one time for each UTC offset that its
zone has in a year, a little after its hour. There are more times in between to read networks, which forget quickly.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotpapers.base.settings import PublicationSettings

AFTER = 7
"""Minutes after a publication's hour: hosts are busiest on the hour, when most schedules start."""
READING = tuple((hour, 23) for hour in range(1, 24, 4))
"""When networks are read, whatever is published: every four hours, since recounts begin 6 hours after a post."""
GRACE = 3 * 3600
"""Seconds by which a host may delay a run."""
YEAR = 366
DAY = 24 * 3600


class TimeOfDay(NamedTuple):
    """A time of day, in UTC."""

    hour: int
    minute: int

    @property
    def second_of_day(self) -> int:
        return self.hour * 3600 + self.minute * 60


def times(publications: Iterable[PublicationSettings], today: datetime.date) -> tuple[TimeOfDay, ...]:
    """The times of day at which a host should run, ascending and without duplicates."""
    days = {TimeOfDay(*time) for time in READING}
    for publication in publications:
        if publication.window != "listing":
            days.update(_closings(publication.hour, ZoneInfo(publication.zone), today))
    return tuple(sorted(days))


def _closings(hour: int, zone: ZoneInfo, today: datetime.date) -> set[TimeOfDay]:
    """The times in UTC a little after an hour, for each offset that the zone has in the year from today."""
    days = (today + datetime.timedelta(days=number) for number in range(YEAR))
    moments = {datetime.datetime.combine(day, datetime.time(hour), zone).astimezone(datetime.UTC) for day in days}
    times = {(moment + datetime.timedelta(minutes=AFTER)).time() for moment in moments}
    return {TimeOfDay(time.hour, time.minute) for time in times}


def crons(moments: Iterable[TimeOfDay]) -> list[str]:
    """Times of day in cron's format, one line per minute of the hour: `7 6,7 * * *`."""
    hours: dict[int, list[int]] = {}
    for moment in sorted(moments):
        hours.setdefault(moment.minute, []).append(moment.hour)
    return [
        f"{minute} {','.join(map(str, hours_of_minute))} * * *" for minute, hours_of_minute in sorted(hours.items())
    ]


def planned(moments: Sequence[TimeOfDay], at: int) -> int:
    """The planned time of the run that began at a moment; both in seconds since 1970."""
    return max(moment for moment in _around(moments, at) if moment <= at)


def following(moments: Sequence[TimeOfDay], at: int) -> int:
    """The planned time of the next run after a moment; both in seconds since 1970."""
    return min(moment for moment in _around(moments, at) if moment > at)


def _around(moments: Sequence[TimeOfDay], at: int) -> list[int]:
    """The planned times of the day before, the day itself and the day after."""
    midnight = at - at % DAY
    return [midnight + number * DAY + moment.second_of_day for number in (-1, 0, 1) for moment in moments]
