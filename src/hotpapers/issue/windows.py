"""When an issue closes, and from when on papers and talk count for it: days, hours and zones into moments."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from hotpapers import announcement_days as calendar
from hotpapers import model
from hotpapers.model import HOUR, Publication
from hotpapers.record.view import View

DAYS = 7
"""Of a daily and of a weekly issue."""
WAIT = 12 * HOUR
"""How long after a day can be closed its issue waits for arXiv's announcement, and then appears without it."""
ARXIV = "arxiv"
"""Under which name the reading of arXiv's announcements is covered: a row a day, from the moment of announcement."""


def cut_of(publication: Publication, day: str) -> int:
    """The moment at which a day's issue closes by the clock: the publication's hour of that day in its zone."""
    closes = datetime.datetime.combine(
        datetime.date.fromisoformat(day), datetime.time(publication.hour), ZoneInfo(publication.zone)
    )
    return int(closes.timestamp()) * 1_000_000


def window_start(publication: Publication, day: str) -> int:
    """The moment from which papers, or for longer windows their talk, count: where the window before it ended."""
    date = datetime.date.fromisoformat(day)
    if publication.window == "monthly":
        last = date.replace(day=1) - datetime.timedelta(days=1)
        return cut_of(publication, last.replace(day=min(date.day, last.day)).isoformat())
    return cut_of(publication, (date - datetime.timedelta(days=DAYS)).isoformat())


# ---- a day is closed by its announcement -----------------------------------------------------------------


def limit_of(publication: Publication, day: str) -> int:
    """Until when a daily issue waits for the day's announcement."""
    return max(cut_of(publication, day), calendar.closes_at(day) + WAIT)


def closing(view: View, publication: Publication, day: str) -> int:
    """The moment at which a day's issue closes. A daily one waits for the day's announcement, if that comes late."""
    clock = cut_of(publication, day)
    if publication.window != "daily":
        return clock
    came = announcement_came(view, day)
    return came if came is not None and clock < came <= limit_of(publication, day) else clock


def announcement_came(view: View, day: str) -> int | None:
    """When the day's announcement was in the record, all of it; None while it is not.

    All of it: the source of arXiv says when it has read a day. Where no such source is used, the first batch that
    brings a day's announcements brings all.
    """
    first = f"SELECT min(t.observed_at) FROM coverage AS t WHERE t.network = ? AND {view.visible('t')}"
    if view.database.rows(first, (ARXIV,))[0][0] is not None:
        read = view.database.rows(f"{first} AND t.from_at = ?", (ARXIV, calendar.announced_at(day)))[0][0]
        return None if read is None else int(read)
    valid = f"t.day = ? AND t.type <> 'replacement' AND {view.visible('t')}"
    sql = f"""SELECT max(t.observed_at) FROM announcement AS t WHERE {valid}
        AND t.since = (SELECT min(t.since) FROM announcement AS t WHERE {valid})"""
    came = view.database.rows(sql, (day, day))[0][0]
    return None if came is None else int(came)


def known_absent(view: View, day: str) -> bool:
    """Whether it is known that nothing was announced: by arXiv's calendar, or because its feeds of that day were
    empty."""
    row = view.one(model.Coverage, ARXIV, calendar.announced_at(day))
    reason = row.item.reason if row and isinstance(row.item, model.Coverage) else ""
    return not calendar.expected(day) or reason.startswith(calendar.NOTHING)


def is_closed(view: View, publication: Publication, day: str, at: int) -> bool:
    """Whether a day's issue can be frozen at a moment after its cut: the announcement is there, there is none, or it
    was waited for long enough. `view` reaches to the issue's cut."""
    if publication.window != "daily" or at >= limit_of(publication, day):
        return True
    return announcement_came(view, day) is not None or known_absent(view, day)
