"""Parse raw payloads again with a newer parser: plan the changes and compute them.

Rows that the parser no longer returns are closed, new ones are added, even if it returns nothing. Rows from payloads
that it cannot parse stay. Frozen issues don't change: they are built from the record as it was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.model import Item, RawPayload, kind_of, typed_key
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database
from hotpapers.record.item_rows import SPECS, StoredRow, select_rows
from hotpapers.record.parsing import ParsedPayload
from hotpapers.record.raw_archive import original_payload
from hotpapers.record.row_groups import Offer

CHUNK = 2_000
"""Raw payloads parsed again per batch."""
SAME_MOMENT = 1_000
"""Microseconds within which observations count as simultaneous. The record stores two different observations of one
moment a little apart."""


class ReparsePlan(NamedTuple):
    """The changes that parsing a source's raw payloads again would make. `closed`, `added`: rows by kind. `kept`:
    number of raw payloads; `unreadable`: how many of them cannot be parsed now. `apart`: number of payloads in
    quarantine; `readable`: how many of them can be parsed now."""

    closed: dict[str, int]
    added: dict[str, int]
    kept: int
    unreadable: int
    apart: int
    readable: int

    @property
    def is_nothing(self) -> bool:
        """Whether nothing would change."""
        return not (self.closed or self.added or self.readable)


class LatestItems:
    """The latest item of each key at a moment, in the record and among the items about to be added.

    `lasting`: kinds of which unchanged observations are not stored.
    """

    def __init__(self, view: AsOfView, lasting: Collection[type[Item]]) -> None:
        self._view = view
        self._lasting = lasting
        self._earlier_items = defaultdict[tuple[Any, ...], list[Item]](list)

    def are_new(self, items: Iterable[Item], stale: Collection[int]) -> Iterator[Item]:
        """The items that differ from the latest item before them. `stale`: numbers of rows to ignore."""
        for item in items:
            if not isinstance(item, tuple(self._lasting)) or self._is_new(item, stale):
                yield item

    def _is_new(self, item: Item, stale: Collection[int]) -> bool:
        key = typed_key(item)
        items = [earlier for earlier in self._earlier_items[key] if earlier.observed_at <= item.observed_at]
        self._earlier_items[key].append(item)
        for at in (item.observed_at, item.observed_at + SAME_MOMENT):
            row = self._view._replace(as_of=at).latest_row(*key)
            while row and row.id in stale:
                as_of = row.item.observed_at - 1
                row = self._view._replace(as_of=as_of).latest_row(*key)
            last = max([*items, *([row.item] if row else [])], key=attrgetter("observed_at"), default=None)
            if last is not None and msgspec.structs.replace(last, observed_at=item.observed_at) == item:
                return False
        return True


def reparse_changes(
    view: AsOfView,
    payloads: Sequence[tuple[int, RawPayload]],
    parse: Callable[[RawPayload], ParsedPayload],
    latest: LatestItems,
) -> tuple[list[StoredRow], list[Offer], int]:
    """The changes from some raw payloads, given by ascending number: rows that they no longer yield, additional items,
    and the number of payloads that cannot be parsed."""
    rows = open_rows(view.database, [number for number, _ in payloads])
    stale = list[StoredRow]()
    new = list[Offer]()
    unreadable = 0
    for number, payload in payloads:
        _, items, problem, _ = parse(payload)
        unreadable += bool(problem)
        if not problem:
            gone, new_items = compare_rows(rows.get(number, []), items)
            stale += gone
            are_new = latest.are_new(new_items, {row.id for row in gone})
            new += [(item, number) for item in are_new]
    return stale, new, unreadable


def plan_reparse(
    view: AsOfView, source: str, parse: Callable[[RawPayload], ParsedPayload], lasting: Collection[type[Item]]
) -> ReparsePlan:
    """Plans the changes that parsing a source's raw payloads again would make in the current record."""
    latest = LatestItems(view, lasting)
    upto = 0
    kept = 0
    unreadable = 0
    closed = Counter[str]()
    added = Counter[str]()
    while payloads := payloads_after(view.database, source, upto):
        upto = payloads[-1][0]
        kept = kept + len(payloads)
        stale, new, unparsed = reparse_changes(view, payloads, parse, latest)
        closed.update(kind_of(row.item) for row in stale)
        added.update(kind_of(item) for item, _ in new)
        unreadable += unparsed
    sql = "SELECT kind, key, body, seen_at FROM quarantine WHERE source = ? ORDER BY id"
    rows = view.database.iterate(sql, (source,))
    quarantined = [parse(original_payload(*parts)) for parts in rows]
    readable = [payload.items for payload in quarantined if not payload.problem]
    for items in readable:
        added.update(kind_of(item) for item in latest.are_new(items, ()))
    return ReparsePlan(dict(closed), dict(added), kept, unreadable, len(quarantined), len(readable))


# ---- payloads and their rows -------------------------------------------------------------------------------


def payloads_after(database: Database, source: str, number: int) -> list[tuple[int, RawPayload]]:
    """The next raw payloads of a source after a number."""
    sql = f"SELECT id, kind, key, body, seen_at FROM raw WHERE source = ? AND id > ? ORDER BY id LIMIT {CHUNK}"
    rows = database.rows(sql, (source, number))
    return [(own, original_payload(*parts)) for own, *parts in rows]


def open_rows(database: Database, numbers: Sequence[int]) -> dict[int, list[StoredRow]]:
    """The open rows parsed from raw payloads, by the payload's number. `numbers`: ascending."""
    rows = defaultdict(list)
    if numbers:
        for spec in SPECS.values():
            among = "until = 0 AND origin > 0 AND origin BETWEEN ? AND ?"  # `origin > 0` as its index has it
            for row in select_rows(database, spec, among, (numbers[0], numbers[-1])):
                rows[row.origin].append(row)
    return rows


def compare_rows(rows: Sequence[StoredRow], items: Sequence[Item]) -> tuple[list[StoredRow], list[Item]]:
    """The rows that a raw payload no longer yields, and the new items. The same content at a later moment is not new: a
    raw payload is stored once, however often it was seen, and new items are added at all these moments."""
    stale = [row for row in rows if not any(_same(row.item, item) for item in items)]
    new_items = [item for item in items if not any(_same(row.item, item) for row in rows)]
    return stale, [msgspec.structs.replace(item, observed_at=at) for item in new_items for at in _moments(item, stale)]


def _moments(item: Item, stale: Iterable[StoredRow]) -> list[int]:
    """The moments of a new item: its own, and the later ones of stale rows with its key."""
    key = typed_key(item)
    later = {row.item.observed_at for row in stale if typed_key(row.item) == key}
    return sorted({item.observed_at, *(at for at in later if at > item.observed_at)})


def _same(kept: Item, item: Item) -> bool:
    if kept.observed_at < item.observed_at:
        return False
    return kept == msgspec.structs.replace(item, observed_at=kept.observed_at)
