"""Which issues are due, by the clock of each publication: plain functions.

Daily issues have the labels of arXiv's days, Monday to Friday; a weekly one is due each Monday, a monthly one on the
first of each month. An imported listing's are due when somebody imports it.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from itertools import takewhile

from hotpapers.ids.timestamps import as_utc
from hotpapers.issues.windows import cut_of, days_from, late_at_first
from hotpapers.model import HOUR, Publication

CATCH_UP = 14
"""Days for which issues are made up that are missing: the program did not run then."""
SOON = 12 * HOUR
"""How long a new site waits for its first issue; if that would be later, the day that closed last becomes it."""
AHEAD = HOUR // 2
"""How long before an issue closes the posts that it will show are asked for again."""


def labels(publication: Publication, first: datetime.date, last: datetime.date) -> Iterator[str]:
    """The days between two, both included, that have an issue by the calendar."""
    if publication.window != "listing":
        days = takewhile(lambda date: date <= last, days_from(publication, first))
        yield from (date.isoformat() for date in days)


def due_days(publication: Publication, frozen: Collection[str], since: int, at: int) -> list[str]:
    """The days whose issue closed by the clock and is not frozen, ascending.

    `since`: from when on there is a record of what was said, µs UTC; a day that closed before has no issue.
    """
    today = as_utc(at).date() + datetime.timedelta(days=1)  # somewhere it is tomorrow already
    candidates = labels(publication, today - datetime.timedelta(days=CATCH_UP + 1), today)
    return [day for day in candidates if day not in frozen and since < cut_of(publication, day) <= at]


def first_due(publication: Publication, since: int, began: int) -> int:
    """From when on days that close have an issue, on a site that read back what was said before it `began`: also the
    day that closed last, where the next one is far. `since`: from when on there is a record that knows of the
    publication."""
    if publication.window == "listing" or since > began + HOUR:
        return since
    today = as_utc(began).date() + datetime.timedelta(days=1)
    closed = (cut_of(publication, day) for day in labels(publication, today - datetime.timedelta(days=40), today))
    last = max((cut for cut in closed if cut <= began), default=0)
    next_day = upcoming_day(publication, began)
    is_far = not next_day or cut_of(publication, next_day) - began > SOON
    return min(since, last - 1) if is_far and began - last <= late_at_first(publication) else since


def upcoming_day(publication: Publication, at: int) -> str:
    """The next day whose issue closes after a moment; empty where there is none any more, and for a listing, which
    appears when somebody brings one."""
    if publication.window == "listing":
        return ""
    days = days_from(publication, as_utc(at).date() - datetime.timedelta(days=1))
    return next((day.isoformat() for day in days if cut_of(publication, day.isoformat()) > at), "")


def is_near(publication: Publication, day: str, at: int) -> bool:
    """Whether an issue closes within half an hour."""
    return bool(day) and 0 < cut_of(publication, day) - at <= AHEAD
