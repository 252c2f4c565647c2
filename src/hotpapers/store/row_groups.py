"""The many items of a batch as rows and hashes, kind by kind and column by column, which takes a fraction of the time.

Of each item comes what `item_rows.prepare` makes of it with a fresh salt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from hotpapers import model
from hotpapers.errors import InputError
from hotpapers.store.commitments import canonical_json, fresh_salts, sha256
from hotpapers.store.item_rows import SPECS, KeyedHasher, KindSpec, Known, PreparedRow

AT_ONCE = 1_000
"""So many rows are hashed at a time: their JSON then stays in the processor's cache."""

_json_lines = msgspec.json.Encoder().encode_lines

Column = Sequence[Any]


class OfferedGroup(NamedTuple):
    """Items of one kind as they were offered: `values` are the columns of their fields; `origins`: the raw rows that
    they were read from."""

    spec: KindSpec
    items: Sequence[model.Item]
    origins: Sequence[int]
    values: Sequence[Column]


class RowGroup(NamedTuple):
    """Items of one kind ready to be written, in the order of their keys and moments as stored. `columns`: those of the
    table but for the row's number, `since` and `until`."""

    spec: KindSpec
    items: Sequence[model.Item]
    columns: Sequence[Column]
    hashes: Sequence[bytes]

    @property
    def origins(self) -> Sequence[int]:
        """The raw rows that they were read from, 0 for none."""
        return self.columns[-1]

    def filled(self, first: int, position: int) -> Iterator[tuple[Any, ...]]:
        """The whole rows, numbered from `first` on, one at a time."""
        numbers = range(first, first + len(self.items))
        return zip(numbers, *self.columns, repeat(position), repeat(0), strict=False)

    def prepared(self, index: int) -> PreparedRow:
        """One of the rows."""
        row = tuple([column[index] for column in self.columns])
        return PreparedRow(self.spec.label(row), row, self.hashes[index], self.items[index])


def grouped(offered: Iterable[tuple[model.Item, int]]) -> list[OfferedGroup]:
    """Items with their originals by kind, in the order of KINDS."""
    groups: dict[type[model.Item], list[tuple[model.Item, int]]] = {cls: [] for cls in model.KINDS}
    for offer in offered:
        groups[type(offer[0])].append(offer)
    return [_offered(SPECS[cls], group) for cls, group in groups.items() if group]


def _offered(spec: KindSpec, offers: Sequence[tuple[model.Item, int]]) -> OfferedGroup:
    items, origins = zip(*offers, strict=True)
    return OfferedGroup(spec, items, origins, list(zip(*map(msgspec.structs.astuple, items), strict=True)))


def keys_of(groups: Iterable[OfferedGroup]) -> set[str]:
    """The keys of all posts, accounts and papers that items name."""
    return set().union(*[group.values[i] for group in groups for i in group.spec.identities])


def prepare_group(group: OfferedGroup, hasher: KeyedHasher, known: Known) -> RowGroup:
    """Rows and hashes of items. `known`: the identities of all that they name."""
    spec = group.spec
    group, numbers = _in_order(group, known)
    stored, hashed = [*group.values], [*group.values]
    for i, convert in spec.stored:
        stored[i] = list(map(convert, stored[i]))
    for i, column in numbers.items():
        stored[i] = column
        if i in spec.persons:
            hashed[i] = _commitments(spec.fields[i], hashed[i], column, known)
    stored += [[derive(item, hasher, known) for item in group.items] for _, derive in spec.derived]
    if spec.words:
        salts = fresh_salts(len(group.items))
        stored += [salts, [None] * len(salts)]
        for i in (*spec.persons, *spec.words):
            hashed[i] = _salted(salts, hashed[i])
    return RowGroup(spec, group.items, [*stored, group.origins], list(_hashes(spec, hashed)))


def _in_order(group: OfferedGroup, known: Known) -> tuple[OfferedGroup, dict[int, Column]]:
    """The items in the order of their keys and moments as stored; the columns of numbers that stand for keys there."""
    spec, values = group.spec, group.values
    numbers: dict[int, Column] = {i: [known[key].number for key in values[i]] for i in spec.identities}
    labels = list(zip(*[numbers.get(i, values[i]) for i in (*spec.key, spec.observed)], strict=True))
    order = sorted(range(len(labels)), key=labels.__getitem__)
    if order == list(range(len(labels))):
        return group, numbers
    pick = itemgetter(*order)
    ordered = OfferedGroup(spec, pick(group.items), pick(group.origins), list(map(pick, values)))
    return ordered, {i: pick(column) for i, column in numbers.items()}


def _commitments(field: str, keys: Column, numbers: Column, known: Known) -> Column:
    """What stands in hashes for posts and accounts."""
    commitments = [known[key].commitment for key in keys]
    if not all(commitments) and any(number for number, stands in zip(numbers, commitments, strict=True) if not stands):
        raise InputError(f"{field} is the key of a paper")
    return commitments


def _salted(salts: Sequence[bytes], column: Column) -> Column:
    """The commitments of a column's values, each with its row's salt: those that are not empty."""
    if not any(column):
        return column
    as_bytes = str.encode if isinstance(column[0], str) else canonical_json
    return [sha256(salt + as_bytes(value)).hex() if value else value for salt, value in zip(salts, column, strict=True)]


def _hashes(spec: KindSpec, value_columns: Sequence[Column]) -> Iterator[bytes]:
    """The hashes of rows from the columns of their fields, in which commitments stand already. JSON has no line break
    within: what is written as lines can be parted again."""
    columns: list[Iterable[Any]] = [value_columns[spec.fields.index(name)] for name in sorted(spec.fields)]
    columns.insert(spec.kind_at, repeat(spec.kind))
    canonical = map(spec.canonical, *columns)
    while some := list(islice(canonical, AT_ONCE)):
        yield from map(sha256, _json_lines(some).split(b"\n")[:-1])
