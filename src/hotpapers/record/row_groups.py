"""Prepare the rows and hashes of a batch's items, kind by kind and column by column, which is several times faster.

The result for each item is that of `item_rows.prepare` with a new salt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec

from hotpapers.base import model
from hotpapers.base.errors import InputError
from hotpapers.record.commitments import canonical_json, fresh_salts, sha256
from hotpapers.record.item_rows import SPECS, KeyedHasher, KindSpec, Known, PreparedRow

AT_ONCE = 1_000
"""Rows hashed at a time, few enough for their JSON to stay in the processor's cache."""

_json_lines = msgspec.json.Encoder().encode_lines

Column = Sequence[Any]


class OfferedGroup(NamedTuple):
    """Items of one kind as offered. `values`: the columns of their fields. `origins`: the raw rows from which they were
    parsed."""

    spec: KindSpec
    items: Sequence[model.Item]
    origins: Sequence[int]
    values: Sequence[Column]


class RowGroup(NamedTuple):
    """Items of one kind ready to be written, ordered by stored key and `observed_at`. `columns`: all columns of the
    table except the row's number, `since` and `until`."""

    spec: KindSpec
    items: Sequence[model.Item]
    columns: Sequence[Column]
    hashes: Sequence[bytes]

    @property
    def origins(self) -> Sequence[int]:
        """The raw rows from which the items were parsed, 0 for none."""
        return self.columns[-1]

    def filled(self, first: int, position: int) -> Iterator[tuple[Any, ...]]:
        """The complete rows, numbered from `first`, one at a time."""
        numbers = range(first, first + len(self.items))
        return zip(numbers, *self.columns, repeat(position), repeat(0), strict=False)

    def prepared(self, index: int) -> PreparedRow:
        """The row at an index."""
        row = tuple([column[index] for column in self.columns])
        return PreparedRow(self.spec.label(row), row, self.hashes[index], self.items[index])


def grouped(offered: Iterable[tuple[model.Item, int]]) -> list[OfferedGroup]:
    """Items with their raw payloads, grouped by kind in the order of KINDS."""
    groups: dict[type[model.Item], list[tuple[model.Item, int]]] = {cls: [] for cls in model.KINDS}
    for offer in offered:
        groups[type(offer[0])].append(offer)
    return [_offered(SPECS[cls], group) for cls, group in groups.items() if group]


def _offered(spec: KindSpec, offers: Sequence[tuple[model.Item, int]]) -> OfferedGroup:
    items, origins = zip(*offers, strict=True)
    return OfferedGroup(spec, items, origins, [list(map(attrgetter(name), items)) for name in spec.fields])


def keys_of(groups: Iterable[OfferedGroup]) -> set[str]:
    """The keys of all posts, accounts and papers in some items."""
    return set().union(*[group.values[i] for group in groups for i in group.spec.identities])


def prepare_group(group: OfferedGroup, hasher: KeyedHasher, known: Known) -> RowGroup:
    """The rows and hashes of items. `known`: the identities of all keys in them."""
    spec = group.spec
    group, numbers = _in_order(group, known)
    stored, hashed = [*group.values], [*group.values]
    for i, convert in spec.stored:
        stored[i] = list(map(convert, stored[i]))
    for i, column in numbers.items():
        stored[i] = column
        if i in spec.persons:
            field = spec.fields[i]
            commitments = [known[key].commitment for key in hashed[i]]
            if not all(commitments) and any(
                number for number, stands in zip(column, commitments, strict=True) if not stands
            ):
                raise InputError(f"{field} is the key of a paper")
            hashed[i] = commitments
    stored += [[derive(item, hasher, known) for item in group.items] for _, derive in spec.derived]
    if spec.words:
        salts = fresh_salts(len(group.items))
        stored += [salts, [None] * len(salts)]
        for i in (*spec.persons, *spec.words):
            hashed[i] = _salted(salts, hashed[i])
    return RowGroup(spec, group.items, [*stored, group.origins], list(_hashes(spec, hashed)))


def _in_order(group: OfferedGroup, known: Known) -> tuple[OfferedGroup, dict[int, Column]]:
    """The items ordered by stored key and `observed_at`; the columns of numbers that are stored instead of keys."""
    spec, values = group.spec, group.values
    numbers: dict[int, Column] = {i: [known[key].number for key in values[i]] for i in spec.identities}
    labels = list(zip(*[numbers.get(i, values[i]) for i in (*spec.key, spec.observed)], strict=True))
    order = sorted(range(len(labels)), key=labels.__getitem__)
    if order == list(range(len(labels))):
        return group, numbers
    pick = itemgetter(*order)
    ordered = OfferedGroup(spec, pick(group.items), pick(group.origins), list(map(pick, values)))
    return ordered, {i: pick(column) for i, column in numbers.items()}


def _salted(salts: Sequence[bytes], column: Column) -> Column:
    """The commitments to a column's values, each with its row's salt; empty values stay."""
    if not any(column):
        return column
    as_bytes = str.encode if isinstance(column[0], str) else canonical_json
    return [sha256(salt + as_bytes(value)).hex() if value else value for salt, value in zip(salts, column, strict=True)]


def _hashes(spec: KindSpec, value_columns: Sequence[Column]) -> Iterator[bytes]:
    """The hashes of rows from the columns of their fields, which contain commitments already. JSON contains no line
    breaks, so rows encoded as lines can be split again."""
    columns: list[Iterable[Any]] = [value_columns[spec.fields.index(name)] for name in sorted(spec.fields)]
    columns.insert(spec.kind_at, repeat(spec.kind))
    canonical = map(spec.canonical, *columns)
    while lines := list(islice(canonical, AT_ONCE)):
        yield from map(sha256, _json_lines(lines).split(b"\n")[:-1])
