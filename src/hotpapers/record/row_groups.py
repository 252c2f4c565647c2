"""Prepare the rows and hashes of a batch's items, kind by kind and column by column, which is several times faster.

The result for each item is that of `item_rows.prepare_row` with a new salt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec

from hotpapers.base import model
from hotpapers.record.commitments import canonical_json, fresh_salts, sha256
from hotpapers.record.identities import Known
from hotpapers.record.item_rows import SPECS, ItemType, KeyedHasher, KindSpec, PreparedRow, commitments_in

AT_ONCE = 1_000
"""Rows hashed at a time, few enough for their JSON to stay in the processor's cache."""

_json_lines = msgspec.json.Encoder().encode_lines

Column = Sequence[Any]
Offer = tuple[model.Item, int]
"""An item, and the number of the raw row from which it was parsed (0 for none)."""


class OfferedGroup(NamedTuple):
    """Items of one kind as offered. `values`: the columns of their fields, by name. `origins`: the raw rows from which
    they were parsed."""

    spec: KindSpec
    items: Sequence[model.Item]
    origins: Sequence[int]
    values: dict[str, Column]


class RowGroup(NamedTuple):
    """Items of one kind ready to be written, ordered by stored key and `observed_at`. `columns`: all columns of the
    table except the row's number, `since` and `until`."""

    spec: KindSpec
    items: Sequence[model.Item]
    columns: dict[str, Column]
    hashes: Sequence[bytes]

    def filled(self, first: int, position: int) -> Iterator[tuple[Any, ...]]:
        """The complete rows, numbered from `first`, one at a time."""
        numbers = range(first, first + len(self.items))
        return zip(numbers, *self.columns.values(), repeat(position), repeat(0), strict=False)

    def prepared(self, index: int) -> PreparedRow:
        """The row at an index."""
        row = {name: column[index] for name, column in self.columns.items()}
        label = self.spec.label(row)
        item = self.items[index]
        return PreparedRow(label, tuple(row.values()), self.hashes[index], item)


def group_items(offered: Iterable[Offer]) -> list[OfferedGroup]:
    """Items with their raw payloads, grouped by kind in the order of KINDS."""
    groups: dict[ItemType, list[Offer]] = {cls: [] for cls in model.KINDS}
    for offer in offered:
        groups[type(offer[0])].append(offer)
    result = []
    for spec, group in zip(SPECS.values(), groups.values(), strict=True):
        if group:
            items, origins = zip(*group, strict=True)
            values: dict[str, Column] = {name: list(map(attrgetter(name), items)) for name in spec.fields}
            result.append(OfferedGroup(spec, items, origins, values))
    return result


def keys_of(groups: Iterable[OfferedGroup]) -> set[str]:
    """The keys of all posts, accounts and papers in some items."""
    return set().union(*[group.values[name] for group in groups for name in group.spec.identities])


def prepare_group(group: OfferedGroup, hasher: KeyedHasher, known: Known) -> RowGroup:
    """The rows and hashes of items. `known`: the identities of all keys in them."""
    spec = group.spec
    values = group.values
    named = {name: [known[key] for key in values[name]] for name in spec.identities}
    stored = values | {name: [identity.number for identity in column] for name, column in named.items()}
    hashed = values | {name: commitments_in(name, named[name]) for name in spec.persons}
    for name, convert, _ in spec.converted:
        stored[name] = list(map(convert, stored[name]))
    for name, derive in spec.derived.items():
        stored[name] = [derive(item, hasher, known) for item in group.items]
    if spec.words:
        salts = fresh_salts(len(group.items))
        stored |= {"salt": salts, "redacted": [None] * len(salts)}
        hashed |= {name: _salted(salts, hashed[name]) for name in spec.salted}
    stored["origin"] = group.origins
    hashes = _hashes(spec, hashed)
    return _in_order(RowGroup(spec, group.items, stored, list(hashes)))


def _in_order(group: RowGroup) -> RowGroup:
    labels = list(zip(*group.spec.label(group.columns), strict=True))
    order = sorted(range(len(labels)), key=labels.__getitem__)
    if order == list(range(len(labels))):
        return group
    pick = itemgetter(*order)
    columns = {name: pick(column) for name, column in group.columns.items()}
    return RowGroup(group.spec, pick(group.items), columns, pick(group.hashes))


def _salted(salts: Sequence[bytes], column: Column) -> Column:
    """The commitments to a column's values, each with its row's salt; empty values stay."""
    if not any(column):
        return column
    as_bytes = str.encode if isinstance(column[0], str) else canonical_json
    return [sha256(salt + as_bytes(value)).hex() if value else value for salt, value in zip(salts, column, strict=True)]


def _hashes(spec: KindSpec, hashed: Mapping[str, Column]) -> Iterator[bytes]:
    """The hashes of rows from the columns of their fields, which contain commitments already. JSON contains no line
    breaks, so rows encoded as lines can be split again."""
    kind = repeat(spec.kind)
    canonical = map(spec.canonical, *spec.hashed({**hashed, "kind": kind}))
    while lines := list(islice(canonical, AT_ONCE)):
        yield from map(sha256, _json_lines(lines).split(b"\n")[:-1])
