"""What of an archive's items is new to the record, at the moment at which each was observed.

An archive tells of the past: an item is not compared with what the record says now, but with what it said then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hotpapers.ingest import queries
from hotpapers.model import Item, Post, kind_of, typed_key
from hotpapers.store import AsOfView, Record


def only_new(record: Record, groups: Sequence[Sequence[Item]], *, in_order: bool = False) -> list[list[Item]]:
    """Of each group, which is what was seen at once, those items that say something else than was said on the same key
    just before, in the record or by another group. `in_order`: groups are events, as they happened, each moment whole.
    Of others, what was gone by then is not brought back: an archive without moments of its own may be older than it
    seems."""
    words = _Words(record, [item for group in groups for item in group], in_order=in_order)
    if in_order:
        return [[item for item in group if words.is_new(item)] for group in groups]
    news: list[list[Item]] = [[] for _ in groups]
    for number in sorted(range(len(groups)), key=lambda number: _order(groups[number])):
        if not any(words.was_gone(item) for item in groups[number]):
            news[number] = [item for item in groups[number] if words.is_new(item)]
    return news


def _order(group: Sequence[Item]) -> tuple[int, bool]:
    """As it happened; of the same moment, what is gone comes first."""
    is_gone = any(isinstance(item, Post) and item.gone for item in group)
    return (max((item.observed_at for item in group), default=0), not is_gone)


class _Words:
    """What was said before a moment: in the record, and by what is about to go in. Items are asked about in the order
    in which they happened. `in_order`: what the record has of an item's own moment is of what is asked about now, so
    that it comes before nothing but itself."""

    def __init__(self, record: Record, items: Sequence[Item], *, in_order: bool) -> None:
        self._record, self._position = record, record.head.position
        self._recorded = _recorded(record, items)
        self._said: dict[tuple[Any, ...], Item] = {}
        self._in_order = in_order

    def is_new(self, item: Item) -> bool:
        """Whether an item says something else than the word before it; from now on it has been said."""
        before = self._before(item)
        self._said[typed_key(item)] = item
        return before is None or msgspec.structs.replace(before, observed_at=item.observed_at) != item

    def was_gone(self, item: Item) -> bool:
        """Whether an item is a post that had been gone before it was seen."""
        if not isinstance(item, Post) or item.gone:
            return False
        before = self._before(item)
        return isinstance(before, Post) and bool(before.gone)

    def _before(self, item: Item) -> Item | None:
        kind, *key = typed_key(item)
        at, words = item.observed_at, [self._said.get((kind, *key))]
        if key[0] in self._recorded[kind_of(item)]:
            recorded = self._last(at, kind, key)
            if self._in_order and recorded is not None and recorded.observed_at == at and recorded != item:
                recorded = self._last(at - 1, kind, key)
            words.insert(0, recorded)
        return max((word for word in words if word is not None), key=_moment, default=None)

    def _last(self, at: int, kind: type[Item], key: Sequence[Any]) -> Item | None:
        row = AsOfView(self._record.database, at, self._position).one(kind, *key)
        return row.item if row else None


def _moment(item: Item) -> int:
    return item.observed_at


def _recorded(record: Record, items: Iterable[Item]) -> dict[str, set[str]]:
    """By kind, the posts, accounts and so on of which the record has rows: what is not among them needs no closer look,
    and of most things an archive tells for the first time."""
    keys_by_kind: dict[str, set[str]] = defaultdict(set)
    columns = {}
    for item in items:
        columns[kind_of(item)] = item.key[0]
        keys_by_kind[kind_of(item)].add(getattr(item, item.key[0]))
    return defaultdict(
        set, {kind: set(queries.known_keys(record, kind, columns[kind], keys)) for kind, keys in keys_by_kind.items()}
    )
