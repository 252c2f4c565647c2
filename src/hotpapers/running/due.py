"""Which issues are due, by the clock of each publication: plain functions.

Daily issues have the labels of arXiv's days, Monday to Friday; a weekly one is due each Monday, a monthly one on the
first of each month. An imported listing's are due when somebody imports it.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator

from hotpapers.issue.windows import cut_of
from hotpapers.model import HOUR, Publication

CATCH_UP = 14
"""Days for which issues are made up that are missing: the program did not run then."""
AHEAD = HOUR // 2
"""How long before an issue closes the posts that it will show are asked for again."""


def is_label(publication: Publication, date: datetime.date) -> bool:
    """Whether a publication has an issue of a date."""
    if publication.window == "daily":
        return date.weekday() < 5
    if publication.window == "weekly":
        return date.weekday() == 0
    return publication.window == "monthly" and date.day == 1


def labels(publication: Publication, first: datetime.date, last: datetime.date) -> Iterator[str]:
    """The days between two, both included, that have an issue."""
    for number in range((last - first).days + 1):
        date = first + datetime.timedelta(days=number)
        if is_label(publication, date):
            yield date.isoformat()


def due(publication: Publication, frozen: Collection[str], since: int, at: int) -> list[str]:
    """The days whose issue closed by the clock and is not frozen, ascending.

    `since`: from when on there is a record of what was said, µs UTC; a day that closed before has no issue.
    """
    today = _date(at) + datetime.timedelta(days=1)  # somewhere it is tomorrow already
    found = labels(publication, today - datetime.timedelta(days=CATCH_UP + 1), today)
    return [day for day in found if day not in frozen and since < cut_of(publication, day) <= at]


def coming(publication: Publication, at: int) -> str:
    """The next day whose issue closes after a moment."""
    date = _date(at) - datetime.timedelta(days=1)
    while True:
        if is_label(publication, date) and cut_of(publication, date.isoformat()) > at:
            return date.isoformat()
        date += datetime.timedelta(days=1)


def is_near(publication: Publication, day: str, at: int) -> bool:
    """Whether an issue closes within half an hour."""
    return 0 < cut_of(publication, day) - at <= AHEAD


def _date(moment: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(moment // 1_000_000, datetime.UTC).date()
