"""How far the reading of arXiv has come: its cursor, and how it advances. Pure.

The days between `day`, the last closed one, and `open`, the one being read, were missed. When `open` is closed, the
listings have shown the last few of them; those before are the gap, to be harvested by OAI-PMH. A program stopped at any
time, even for months, resumes where it was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date, timedelta

import msgspec

from hotpapers.base import announcement_days as days
from hotpapers.base.errors import InputError

MAX_OVERDUE_VERSIONS = 10_000
"""Most versions that may be overdue, some four days of arXiv."""


class ArxivCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cursor. Days are labels; identifiers are bare.

    `day`, `last`: the last closed day (initially, the one before the first wanted day), and the greatest identifier
    announced up to it; `doubt`: that day, if its feeds were empty without a holiday. `open`: the day being read;
    `fed`, `checked`: the archives whose feeds are in the record, and which were compared with the listing; `items`: how
    many items the feeds had; `ids`: the least and greatest new identifiers; `lacks`: what is still missing, by day.
    `exact`: the first day that the listings show in full; `least`: the least identifiers that they show for missed
    days. `gap`, `after`, `before`: the first and last day to harvest, and the identifiers around them; `stamp`,
    `token`: the datestamp being harvested, and where its list continues.
    `stale`: archives whose feed of the open or the last closed day was another day's: read again while it is up.
    `owed`: versions announced on the open or the last closed day that the API has not described yet; `overdue`: older
    ones.
    """

    day: str = ""
    last: str = ""
    doubt: str = ""
    open: str = ""
    fed: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    items: int = 0
    ids: tuple[str, str] = ("", "")
    lacks: tuple[tuple[str, str], ...] = ()
    exact: str = ""
    least: tuple[tuple[str, str], ...] = ()
    gap: tuple[str, str] = ("", "")
    after: str = ""
    before: str = ""
    stamp: str = ""
    token: str = ""
    stale: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()


def parse(cursor: str | None) -> ArxivCursor:
    """A stored cursor; an initial one if there is none. Raises InputError."""
    try:
        return msgspec.json.decode(cursor, type=ArxivCursor) if cursor else ArxivCursor()
    except msgspec.DecodeError as problem:
        raise InputError(f"arXiv's cursor cannot be read: {problem}") from problem


def encode(cursor: ArxivCursor) -> str:
    """A cursor as stored."""
    return msgspec.json.encode(cursor).decode()


def missed_days(cursor: ArxivCursor, holidays: Container[str]) -> list[str]:
    """The days with an announcement between the last closed one and the open one."""
    return list(days.between(cursor.day, cursor.open, holidays)) if cursor.day and cursor.open else []


def open_day(cursor: ArxivCursor, day: str, since: str = "", *, api_answers: bool = True) -> ArxivCursor:
    """Start reading a day; an unfinished earlier day counts as missed. `since`: the first day ever wanted.
    `api_answers`: the API works, so versions it has not described after two days are given up."""
    first = min(since or day, day)
    before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    if day != cursor.open:
        overdue = cursor.owed if api_answers else (*cursor.overdue, *cursor.owed)[-MAX_OVERDUE_VERSIONS:]
        cursor = msgspec.structs.replace(cursor, owed=(), overdue=overdue)
    return msgspec.structs.replace(
        cursor,
        day=cursor.day or before,
        open=day,
        fed=(),
        checked=(),
        items=0,
        ids=("", ""),
        lacks=(),
        exact=day,
        least=(),
        stale=(),
    )


def add_feed(cursor: ArxivCursor, archive: str, items: int, new: list[str]) -> ArxivCursor:
    """Note that an archive's feed is in the record. `new`: its new papers."""
    known = [id for id in (*cursor.ids, *new) if id]
    ids = (min(known, key=rank), max(known, key=rank)) if known else ("", "")
    return msgspec.structs.replace(cursor, fed=(*cursor.fed, archive), items=cursor.items + items, ids=ids)


def with_feed_reread(cursor: ArxivCursor, archive: str) -> ArxivCursor:
    """Note that an archive's feed of the last closed day was read again, and was that day's."""
    stale = tuple(name for name in cursor.stale if name != archive)
    return msgspec.structs.replace(cursor, stale=stale, lacks=cursor.lacks if stale else ())


def mark_described(cursor: ArxivCursor, identifiers: Iterable[str], described: Container[str]) -> ArxivCursor:
    """Note that more versions were requested from the API; those it has not described are owed."""
    owed = dict.fromkeys([*cursor.owed, *identifiers])
    return msgspec.structs.replace(
        cursor,
        owed=tuple(version for version in owed if version not in described and version not in cursor.overdue),
        overdue=tuple(version for version in cursor.overdue if version not in described),
    )


def close_day(cursor: ArxivCursor, missed: list[str], doubt: str) -> ArxivCursor:
    """Close the open day; missed days before those that the listings show become the gap."""
    unlisted = [day for day in missed if day < cursor.exact]
    after = cursor.after if cursor.stamp else cursor.last
    first = cursor.gap[0] if cursor.stamp else (unlisted[0] if unlisted else "")
    listed_ids = [id for id in (cursor.ids[0], *(id for day, id in cursor.least if day >= cursor.exact)) if id]
    return ArxivCursor(
        day=cursor.open,
        last=cursor.ids[1] or cursor.last,
        doubt=doubt,
        stale=cursor.stale,
        lacks=tuple(lack for lack in cursor.lacks if cursor.stale and lack[0] == cursor.open),
        gap=(first, unlisted[-1] if unlisted else cursor.gap[1]) if first else ("", ""),
        after=after if first else "",
        before=min(listed_ids, key=rank, default="") if unlisted else cursor.before,
        stamp=cursor.stamp or first,
        token=cursor.token,
        owed=cursor.owed,
        overdue=cursor.overdue,
    )


def with_token(cursor: ArxivCursor, token: str) -> ArxivCursor:
    """Note that part of a datestamp's list is in the record; continue with a token, or with the next datestamp."""
    following = (date.fromisoformat(cursor.stamp) + timedelta(days=1)).isoformat()
    return msgspec.structs.replace(cursor, token=token, stamp=cursor.stamp if token else following)


def without_gap(cursor: ArxivCursor) -> ArxivCursor:
    """Close the gap."""
    return msgspec.structs.replace(cursor, gap=("", ""), after="", before="", stamp="", token="")


def rank(id: str) -> tuple[int, int]:
    """Sort key of identifiers, in the order in which arXiv assigned them; old-style ones come first."""
    month, _, number = id.partition(".")
    return (int(month), int(number)) if month.isdigit() and number.isdigit() else (0, 0)
