"""At which moments of a day a publication is worked on, where no program waits for its hour: plain functions.

A host's schedule is in UTC and knows nothing of summer time. So a publication has a moment for each offset that its
zone has in a year, a little after its hour; and between them networks are read, whose memory is short.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotpapers.settings import PublicationSettings

AFTER = 7
"""Minutes after a publication's hour: most of the world's schedules begin at the full hour, and wait for each other."""
READING = tuple((hour, 23) for hour in range(1, 24, 4))
"""When networks are read, whatever is published: every four hours, as counts are read again 6 hours after a post."""
GRACE = 3 * 3600
"""Seconds that a host may let a run wait."""
YEAR = 366
DAY = 24 * 3600


class TimeOfDay(NamedTuple):
    """A moment of every day, in UTC."""

    hour: int
    minute: int

    @property
    def second_of_day(self) -> int:
        return self.hour * 3600 + self.minute * 60


def times(publications: Iterable[PublicationSettings], today: datetime.date) -> tuple[TimeOfDay, ...]:
    """The moments of a day at which a host should run, ascending, each once."""
    days = {TimeOfDay(*time) for time in READING}
    for publication in publications:
        if publication.window != "listing":
            days.update(_closings(publication.hour, ZoneInfo(publication.zone), today))
    return tuple(sorted(days))


def _closings(hour: int, zone: ZoneInfo, today: datetime.date) -> set[TimeOfDay]:
    """A little after an hour, in UTC, at each offset that the zone has in the year that begins today."""
    days = (today + datetime.timedelta(days=number) for number in range(YEAR))
    moments = {datetime.datetime.combine(day, datetime.time(hour), zone).astimezone(datetime.UTC) for day in days}
    after = {(moment + datetime.timedelta(minutes=AFTER)).time() for moment in moments}
    return {TimeOfDay(time.hour, time.minute) for time in after}


def crons(moments: Iterable[TimeOfDay]) -> list[str]:
    """The same as cron writes it, a line for each minute of the hour: `7 6,7 * * *`."""
    hours: dict[int, list[int]] = {}
    for moment in sorted(moments):
        hours.setdefault(moment.minute, []).append(moment.hour)
    return [f"{minute} {','.join(map(str, some))} * * *" for minute, some in sorted(hours.items())]


def planned(moments: Sequence[TimeOfDay], at: int) -> int:
    """When the run was planned that began at a moment; both in seconds since 1970."""
    return max(moment for moment in _around(moments, at) if moment <= at)


def following(moments: Sequence[TimeOfDay], at: int) -> int:
    """When the next run is planned after a moment; both in seconds since 1970."""
    return min(moment for moment in _around(moments, at) if moment > at)


def _around(moments: Sequence[TimeOfDay], at: int) -> list[int]:
    """The planned moments of the day before, of the day and of the day after."""
    midnight = at - at % DAY
    return [midnight + number * DAY + moment.second_of_day for number in (-1, 0, 1) for moment in moments]
