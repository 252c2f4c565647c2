"""When an issue's window starts and when it closes: turns days, hours and zones into moments."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from hotpapers.base.errors import UsageError
from hotpapers.base.model import DAY, HOUR, Coverage, Publication, is_retrospective
from hotpapers.base.networks import network_names
from hotpapers.base.papers.announcement_days import ANNOUNCING, calendar
from hotpapers.base.papers.categories import servers_of
from hotpapers.base.text.timestamps import SECOND, as_utc
from hotpapers.issues import queries
from hotpapers.issues.coverage import TURN, caught_up_at, round_read_at, was_read
from hotpapers.record import AsOfView, readings

DAYS = 7
"""The length of a daily or weekly issue's window, in days."""
WAIT = 12 * HOUR
"""How long a daily issue waits for a late arXiv announcement before it appears without it."""
COUNTED_WITHIN = HOUR // 4
"""How long after networks were read up to now counts belong to an issue that closes late."""
LATE = 4 * DAY
"""How long after its hour an issue can close at most, if nothing was read then: a long weekend."""


LONG = ("weekly", "monthly")
"""The windows of several days."""
TIMES = {"daily": "day", "listing": "day", "weekly": "week", "monthly": "month"}
"""The time that an issue covers, by its window."""
RULE = {"daily": "Monday to Friday", "weekly": "on Mondays", "monthly": "on the first of the month"}
"""The days on which a publication has issues. A listing has the days its maker chose."""


def has_ended(publication: Publication, date: datetime.date) -> bool:
    """Whether a date comes after a publication's last day."""
    return bool(publication.last_day) and date.isoformat() > str(publication.last_day)


def is_label(publication: Publication, date: datetime.date) -> bool:
    """Whether a publication can have an issue on a date."""
    if has_ended(publication, date):
        return False
    is_monday = date.weekday() == 0
    days = {"daily": date.weekday() < 5, "weekly": is_monday, "monthly": date.day == 1}
    return days.get(publication.window, True)


def check_not_ended(publication: Publication, date: datetime.date) -> None:
    """Raises UsageError for a date after a publication's last day."""
    if has_ended(publication, date):
        raise UsageError(f"{date}: {publication.publication} ended with the issue of {publication.last_day}")


def check_label(publication: Publication, day: str) -> None:
    """Raises UsageError for a day on which a publication cannot have an issue."""
    date = datetime.date.fromisoformat(day)
    check_not_ended(publication, date)
    if not is_label(publication, date):
        nearest_days = [day.isoformat() for step in (-1, 1) for day in islice(days_from(publication, date, step), 1)]
        raise UsageError(
            f"{day}: issues of {publication.publication} are {publication.window}, {RULE[publication.window]}; "
            f"the nearest {'are' if nearest_days[1:] else 'is'} {' and '.join(nearest_days)}"
        )


def days_from(publication: Publication, date: datetime.date, step: int = 1) -> Iterator[datetime.date]:
    """The days on which issues can appear, from a date to the publication's last day, if any; with step -1, backwards
    from the date. For a listing, any day."""
    while step < 0 or not has_ended(publication, date):
        if is_label(publication, date):
            yield date
        date += datetime.timedelta(days=step)


def label_after(publication: Publication, day: str) -> str:
    """The day of the next issue after a day; empty after the last day, and for a listing, which appears when somebody
    imports one."""
    if publication.window == "listing":
        return ""
    date = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
    return next((day.isoformat() for day in days_from(publication, date)), "")


def latest_label(publication: Publication, at: int) -> str:
    """The day of the latest issue that has closed by the clock at a moment, µs UTC."""
    tomorrow = as_utc(at).date() + datetime.timedelta(days=1)  # it already is in some zones
    days = days_from(publication, tomorrow, -1)
    return next(day.isoformat() for day in days if scheduled_closing(publication, day.isoformat()) <= at)


def scheduled_closing(publication: Publication, day: str) -> int:
    """The moment at which a day's issue closes by the clock: the publication's hour on that day in its zone."""
    closes = datetime.datetime.combine(
        datetime.date.fromisoformat(day), datetime.time(publication.hour), ZoneInfo(publication.zone)
    )
    return int(closes.timestamp()) * SECOND


def named_days(window: str, day: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that an issue is named after: the seven days before a weekly one, the month before a
    monthly one."""
    date = datetime.date.fromisoformat(day)
    if window not in LONG:
        return date, date
    last = date - datetime.timedelta(days=1)
    return last.replace(day=1) if window == "monthly" else date - datetime.timedelta(days=DAYS), last


def window_start(publication: Publication, day: str) -> int:
    """The moment from which papers count, or posts about them for longer windows: the end of the previous window."""
    date = datetime.date.fromisoformat(day)
    if publication.window == "monthly":
        last = date.replace(day=1) - datetime.timedelta(days=1)
        return scheduled_closing(publication, last.replace(day=min(date.day, last.day)).isoformat())
    return scheduled_closing(publication, (date - datetime.timedelta(days=DAYS)).isoformat())


Moments = tuple[int, int, int | UnsetType]
"""The start of an issue's window, its closing time, and the end of a window that closed late, else UNSET; µs UTC."""


def moments_of(publication: Publication, day: str, cut: int) -> Moments:
    """The moments of an issue that closes at `cut`. Posts and papers after the hour of a longer window that closes late
    are the next one's."""
    hour = scheduled_closing(publication, day)
    is_late = publication.window != "daily" and hour < cut
    return window_start(publication, day), cut, hour if is_late else UNSET


# ---- when an issue closes --------------------------------------------------------------------------------


def waits_for_announcement(publication: Publication) -> bool:
    """Whether a publication's issues wait for the day's announcement: only daily ones with papers on arXiv, as no other
    server has announcements."""
    return publication.window == "daily" and ANNOUNCING in servers_of(publication.categories)


def announcement_limit(publication: Publication, day: str) -> int:
    """How long an issue can wait for the day's announcement; not at all if it does not wait for one."""
    cut = scheduled_closing(publication, day)
    if waits_for_announcement(publication):
        return max(cut, calendar.closes_at(day) + WAIT)
    return cut


def latest_closing(publication: Publication, day: str) -> int:
    """The latest moment at which an issue can close if nothing was read at its hour: at most four days later, and not
    shortly before the next one."""
    latest = scheduled_closing(publication, day) + LATE
    following = label_after(publication, day)
    return min(latest, scheduled_closing(publication, following) - TURN) if following else latest


def closing_time(view: AsOfView, publication: Publication, day: str) -> int:
    """The moment at which a day's issue closes. A daily one waits for a late announcement, and has what the same round
    reads; a site's first one waits until networks have been read back to before the site started; one at whose hour
    nothing was read waits until networks have been read up to now, and has the counts that were read right
    afterwards."""
    clock = scheduled_closing(publication, day)
    latest = latest_closing(publication, day)
    read_back_at = queries.read_back_at(view) or 0
    is_first = clock < read_back_at <= clock + late_at_first(publication) + queries.FIRST_WAIT
    closes = read_back_at if is_first and not is_retrospective(publication.publication) else clock
    moments = (caught_up_at(view, publication, hour, latest) for hour in _hours_of(view, publication, day))
    caught_up = max(filter(None, moments), default=0)
    if caught_up > closes:
        until = min(caught_up + COUNTED_WITHIN, latest)
        closes = queries.counted_at(view, caught_up, until) or caught_up
    if not waits_for_announcement(publication):
        return closes
    announced_at = queries.announcement_recorded_at(view, day)
    limit = announcement_limit(publication, day)
    if closes > clock:  # until the feeds switch to the next day: later, only its issue is worth making
        following = calendar.next_label(day)
        limit = max(limit, min(latest, calendar.closes_at(following)))
    if announced_at is not None and clock < announced_at <= limit:
        return max(closes, announced_at, round_read_at(view, publication, announced_at, announced_at + COUNTED_WITHIN))
    return closes


def _hours_of(view: AsOfView, publication: Publication, day: str) -> list[int]:
    """The moments by which networks must have been read for an issue: its hour, and the end of the wait for an
    announcement that did not come. For an issue made from an archive, none."""
    clock = scheduled_closing(publication, day)
    limit = announcement_limit(publication, day)
    if is_retrospective(publication.publication):
        return []
    if limit == clock or not readings.is_ever_covered(view, ANNOUNCING) or known_absent(view, day):
        return [clock]
    announced_at = queries.announcement_recorded_at(view, day)
    if announced_at is not None and announced_at <= limit:
        return [clock]
    return [clock, limit]


def late_at_first(publication: Publication) -> int:
    """How long after its hour a day may become a new site's first issue, µs. For a daily one, enough for a weekend and
    a holiday."""
    return LATE if publication.window == "daily" else WAIT


def known_absent(view: AsOfView, day: str) -> bool:
    """Whether nothing is known to have been announced, by arXiv's calendar or because its feeds were empty that day."""
    reading = view.item(Coverage, ANNOUNCING, calendar.announced_at(day))
    if not calendar.has_announcement(day):
        return True
    return reading is not None and reading.reason.startswith(calendar.NOTHING)


def is_closed(view: AsOfView, publication: Publication, day: str, at: int) -> bool:
    """Whether a day's issue can be frozen at a moment after its cut: the announcement has arrived, there is none, or
    the wait is over. One that closes even later never appears without the announcement: the next one has its papers.
    `view` reaches to the issue's cut."""
    if not waits_for_announcement(publication):
        return True
    if queries.announcement_recorded_at(view, day) is not None or known_absent(view, day):
        return True
    limit = announcement_limit(publication, day)
    is_later = view.as_of > limit and not is_retrospective(publication.publication)
    if at < limit:
        return False
    return not (is_later and readings.is_ever_covered(view, ANNOUNCING))


# ---- days without an issue -------------------------------------------------------------------------------


def unread_hour(view: AsOfView, publication: Publication, day: str, at: int) -> int | None:
    """The hour by which networks had to be read for a day's issue, if they are being read, but none was by then, nor
    since then up to a moment; otherwise None. For longer windows, a part of the window is enough once the wait is
    over."""
    clock = scheduled_closing(publication, day)
    latest = latest_closing(publication, day)
    if is_retrospective(publication.publication):
        return None
    began = queries.site_started_at(view)
    if began is not None and clock < began <= clock + late_at_first(publication):
        is_waiting = closing_time(view, publication, day) == clock  # it closes when networks have been read back
        return clock if is_waiting else None
    if not readings.tried_to_read(view._replace(as_of=clock), publication.networks or network_names()):
        return None
    if publication.window == "daily" or at < latest:
        period = TURN
    else:
        period = clock - window_start(publication, day)
    unread_hours = (
        hour
        for hour in _hours_of(view, publication, day)
        if hour <= at
        and not was_read(view, publication, hour - period, hour)
        and caught_up_at(view, publication, hour, latest) is None
    )
    return next(unread_hours, None)


def has_no_issue(view: AsOfView, publication: Publication, day: str, at: int) -> bool:
    """Whether a day will have no issue: at a moment, nothing has been read in time, and it is too late for it. `view`
    is of the whole record."""
    last = max(announcement_limit(publication, day), latest_closing(publication, day))
    if publication.window == "listing" or at < last:
        return False
    if unread_hour(view, publication, day, at) is not None:
        return True
    as_of = closing_time(view, publication, day)
    return not is_closed(view._replace(as_of=as_of), publication, day, at)


def unread_reason(view: AsOfView, publication: Publication, day: str) -> str:
    """Why what a day's issue needs was not read by its hour."""
    hour = scheduled_closing(publication, day)
    if was_read(view, publication, hour - TURN, hour):
        return "the day's announcement was not read in time"
    networks = publication.networks or network_names()
    is_tried = readings.is_failure_reported(view, networks, hour - TURN, hour)
    return "no network could be read" if is_tried else "the program did not run"
