"""Which issues are due, by the clock of each publication: plain functions.

Daily issues have the labels of arXiv's days, Monday to Friday. A weekly issue is due every Monday, a monthly one on the
first of the month. An imported listing's issues are due when it is imported.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from itertools import takewhile

from hotpapers.base.ids.timestamps import as_utc
from hotpapers.base.model import HOUR, Publication
from hotpapers.issues.windows import cut_of, days_from, late_at_first

CATCH_UP = 14
"""Days for which missing issues are made later, if the program did not run."""
SOON = 12 * HOUR
"""The longest that a new site waits for its first issue; if the next one is later, the last closed day is used."""
AHEAD = HOUR // 2
"""How long before an issue closes its posts are read again."""


def labels(publication: Publication, first: datetime.date, last: datetime.date) -> Iterator[str]:
    """The days from `first` to `last`, both included, that have an issue by the calendar."""
    if publication.window != "listing":
        days = takewhile(lambda date: date <= last, days_from(publication, first))
        yield from (date.isoformat() for date in days)


def due_days(publication: Publication, frozen_days: Collection[str], since: int, at: int) -> list[str]:
    """The days whose issue has closed but is not frozen, ascending.

    `since`: the start of the record, µs UTC; a day that closed before has no issue.
    """
    today = as_utc(at).date() + datetime.timedelta(days=1)  # it is already tomorrow somewhere
    candidates = labels(publication, today - datetime.timedelta(days=CATCH_UP + 1), today)
    return [day for day in candidates if day not in frozen_days and since < cut_of(publication, day) <= at]


def first_due(publication: Publication, since: int, began_at: int) -> int:
    """The moment after which a closing day has an issue, on a site that read back posts from before `began_at`. If the
    next day closes late, the last closed day has one too. `since`: when the record first knew of the publication."""
    if publication.window == "listing" or since > began_at + HOUR:
        return since
    today = as_utc(began_at).date() + datetime.timedelta(days=1)
    cuts = (cut_of(publication, day) for day in labels(publication, today - datetime.timedelta(days=40), today))
    last_cut = max((cut for cut in cuts if cut <= began_at), default=0)
    next_day = upcoming_day(publication, began_at)
    is_far = not next_day or cut_of(publication, next_day) - began_at > SOON
    return min(since, last_cut - 1) if is_far and began_at - last_cut <= late_at_first(publication) else since


def upcoming_day(publication: Publication, at: int) -> str:
    """The next day whose issue closes after a moment; empty if there are no more, and for a listing, which appears when
    it is imported."""
    if publication.window == "listing":
        return ""
    days = days_from(publication, as_utc(at).date() - datetime.timedelta(days=1))
    return next((day.isoformat() for day in days if cut_of(publication, day.isoformat()) > at), "")


def is_near(publication: Publication, day: str, at: int) -> bool:
    """Whether an issue closes within half an hour."""
    return bool(day) and 0 < cut_of(publication, day) - at <= AHEAD
