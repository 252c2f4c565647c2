"""Parse raw payloads again with a newer parser: plan the changes and compute them.

Rows that the parser no longer returns are closed, new ones are added, even if it returns nothing. Rows from payloads
that it cannot parse stay. Frozen issues don't change: they are built from the record as it was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.model import Item, RawPayload, kind_of, typed_key
from hotpapers.record import raw_archive
from hotpapers.record.as_of import AsOfView
from hotpapers.record.batches import Offer
from hotpapers.record.item_rows import StoredRow
from hotpapers.record.parsing import ParsedPayload

SAME_MOMENT = 1_000
"""Microseconds within which observations count as simultaneous. The record stores two different observations of one
moment a little apart."""


class ReparsePlan(NamedTuple):
    """What parsing a source's raw payloads again would change. `closed`, `added`: rows by kind. `kept`: number of
    raw payloads; `unreadable`: how many of them cannot be parsed now. `apart`: number of payloads in quarantine;
    `readable`: how many of them can be parsed now."""

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
        self._view, self._lasting = view, lasting
        self._earlier_items: dict[tuple[Any, ...], list[Item]] = defaultdict(list)

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
                row = self._view._replace(as_of=row.item.observed_at - 1).latest_row(*key)
            observations = [*items, *([row.item] if row else [])]
            last = max(observations, key=lambda observation: observation.observed_at, default=None)
            if last is not None and msgspec.structs.replace(last, observed_at=item.observed_at) == item:
                return False
        return True


def differences(
    view: AsOfView,
    payloads: Sequence[tuple[int, RawPayload]],
    parse: Callable[[RawPayload], ParsedPayload],
    latest: LatestItems,
) -> tuple[list[StoredRow], list[Offer], int]:
    """The changes from some raw payloads, given by ascending number: rows that they no longer yield, additional items,
    and the number of payloads that cannot be parsed."""
    rows = raw_archive.open_rows(view.database, [number for number, _ in payloads])
    stale: list[StoredRow] = []
    new: list[Offer] = []
    unreadable = 0
    for number, payload in payloads:
        items = parse(payload)
        unreadable += bool(items.problem)
        if not items.problem:
            gone, new_items = raw_archive.compare(rows.get(number, []), items.items)
            stale += gone
            new += [(item, number) for item in latest.are_new(new_items, {row.id for row in gone})]
    return stale, new, unreadable


def plan(
    view: AsOfView, source: str, parse: Callable[[RawPayload], ParsedPayload], lasting: Collection[type[Item]]
) -> ReparsePlan:
    """What parsing a source's raw payloads again would change in the current record."""
    latest, upto, kept, unreadable = LatestItems(view, lasting), 0, 0, 0
    closed, added = Counter[str](), Counter[str]()
    while payloads := raw_archive.after(view.database, source, upto):
        upto, kept = payloads[-1][0], kept + len(payloads)
        stale, new, unparsed = differences(view, payloads, parse, latest)
        closed.update(kind_of(row.item) for row in stale)
        added.update(kind_of(item) for item, _ in new)
        unreadable += unparsed
    quarantined = [parse(payload) for payload in raw_archive.in_quarantine(view.database, source)]
    readable = [payload.items for payload in quarantined if not payload.problem]
    for items in readable:
        added.update(kind_of(item) for item in latest.are_new(items, ()))
    return ReparsePlan(dict(closed), dict(added), kept, unreadable, len(quarantined), len(readable))
