"""How far the reading of arXiv has come: its cursor, and how it advances. Pure.

The days between `day`, the last closed one, and `open`, the one being read, were missed. When `open` is closed, the
listings have shown the last few of them; those before are the gap, to be harvested by OAI-PMH. A program stopped at any
time, even for months, resumes where it was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date, timedelta
from typing import Any, Self

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.papers.arxiv import calendar as days

MAX_OVERDUE_VERSIONS = 10_000
"""Most versions that may be overdue, some four days of arXiv."""

Lack = tuple[str, str]
"""A day, and the parts of it that are still missing."""


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
    lacks: tuple[Lack, ...] = ()
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

    def replace(self, **changes: Any) -> Self:
        """The cursor with other fields."""
        return msgspec.structs.replace(self, **changes)

    def missed_days(self, holidays: Container[str]) -> list[str]:
        """The days with an announcement between the last closed one and the open one."""
        if self.day and self.open:
            return list(days.labels_between(self.day, self.open, holidays))
        return []

    def open_day(self, day: str, since: str = "", *, api_answers: bool = True) -> Self:
        """Start reading a day; an unfinished earlier day counts as missed. `since`: the first day ever wanted.
        `api_answers`: the API works, so versions it has not described after two days are given up."""
        owed = self.owed
        overdue = self.overdue
        if day != self.open:
            if api_answers:
                overdue = owed
            else:
                overdue = (*overdue, *owed)[-MAX_OVERDUE_VERSIONS:]
            owed = ()
        first = date.fromisoformat(min(since or day, day))
        before = (first - timedelta(days=1)).isoformat()
        return self.replace(
            day=self.day or before,
            open=day,
            fed=(),
            checked=(),
            items=0,
            ids=("", ""),
            lacks=(),
            exact=day,
            least=(),
            stale=(),
            owed=owed,
            overdue=overdue,
        )

    def add_feed(self, archive: str, items: int, new: list[str]) -> Self:
        """Note that an archive's feed is in the record. `new`: its new papers."""
        known = [id for id in (*self.ids, *new) if id]
        if known:
            ids = (min(known, key=id_rank), max(known, key=id_rank))
        else:
            ids = ("", "")
        fed = (*self.fed, archive)
        return self.replace(fed=fed, items=self.items + items, ids=ids)

    def add_check(
        self, archive: str, items: int, lacks: Iterable[Lack], exact: str, least: Iterable[tuple[str, str]] = ()
    ) -> Self:
        """Note that an archive was compared with its listing, which had more items than the feed. `lacks`: the missing
        ones; `exact`, `least`: of this archive."""
        return self.replace(
            checked=(*self.checked, archive),
            items=self.items + items,
            lacks=(*self.lacks, *lacks),
            least=(*self.least, *least),
            exact=max(self.exact, exact) if self.checked else exact,
        )

    def with_feed_reread(self, archive: str) -> Self:
        """Note that an archive's feed of the last closed day was read again, and was that day's."""
        stale = tuple(name for name in self.stale if name != archive)
        return self.replace(stale=stale, lacks=self.lacks if stale else ())

    def mark_described(self, identifiers: Iterable[str], described: Container[str]) -> Self:
        """Note that more versions were requested from the API; those it has not described are owed."""
        owed = dict.fromkeys([*self.owed, *identifiers])
        overdue = tuple(version for version in self.overdue if version not in described)
        return self.replace(
            owed=tuple(version for version in owed if version not in described and version not in self.overdue),
            overdue=overdue,
        )

    def close_day(self, missed: list[str], doubt: str) -> ArxivCursor:
        """Close the open day; missed days before those that the listings show become the gap."""
        unlisted = [day for day in missed if day < self.exact]
        if self.stamp:
            first = self.gap[0]
            after = self.after
        else:
            first = unlisted[0] if unlisted else ""
            after = self.last
        listed_ids = [id for id in (self.ids[0], *(id for day, id in self.least if day >= self.exact)) if id]
        return ArxivCursor(
            day=self.open,
            last=self.ids[1] or self.last,
            doubt=doubt,
            stale=self.stale,
            lacks=tuple(lack for lack in self.lacks if self.stale and lack[0] == self.open),
            gap=(first, unlisted[-1] if unlisted else self.gap[1]) if first else ("", ""),
            after=after if first else "",
            before=min(listed_ids, key=id_rank, default="") if unlisted else self.before,
            stamp=self.stamp or first,
            token=self.token,
            owed=self.owed,
            overdue=self.overdue,
        )

    def with_token(self, token: str) -> Self:
        """Note that part of a datestamp's list is in the record; continue with a token, or with the next datestamp."""
        following = (date.fromisoformat(self.stamp) + timedelta(days=1)).isoformat()
        return self.replace(token=token, stamp=self.stamp if token else following)

    def without_gap(self) -> Self:
        """Close the gap."""
        return self.replace(gap=("", ""), after="", before="", stamp="", token="")


def parse_cursor(cursor: str | None) -> ArxivCursor:
    """A stored cursor; an initial one if there is none. Raises InputError."""
    try:
        return msgspec.json.decode(cursor, type=ArxivCursor) if cursor else ArxivCursor()
    except msgspec.DecodeError as problem:
        raise InputError(f"arXiv's cursor cannot be read: {problem}") from problem


def encode_cursor(cursor: ArxivCursor) -> str:
    """A cursor as stored."""
    return msgspec.json.encode(cursor).decode()


def id_rank(id: str) -> tuple[int, int]:
    """Sort key of identifiers, in the order in which arXiv assigned them; old-style ones come first."""
    month, _, number = id.partition(".")
    if month.isdigit() and number.isdigit():
        return (int(month), int(number))
    return (0, 0)
