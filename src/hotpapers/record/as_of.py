"""The record at a moment in the past: the observations up to `as_of`, as known at a position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from hotpapers.base import model
from hotpapers.record.database import Database, Params, first_value, sql_placeholders, statement_slices
from hotpapers.record.identities import NUMBER, Known, numbers_of
from hotpapers.record.item_rows import (
    SPECS,
    ItemType,
    KindSpec,
    RowOf,
    StoredRow,
    read_row,
    select_columns,
    select_rows,
    sql_columns,
)

AnyItem = TypeVar("AnyItem", bound=model.Item)


class AsOfView(NamedTuple):
    """Rows with `observed_at <= as_of` that were open after the batch at `position`; only the latest row of a key
    counts."""

    database: Database
    as_of: int
    position: int

    def visible(self, alias: str, as_of: str | None = None) -> str:
        """The SQL condition for rows in this view; `as_of` may be an SQL expression for an earlier moment."""
        return f"{alias}.since <= {self.position} AND {self._open(alias, as_of)}"

    def visible_by_number(self, alias: str, last: int, as_of: str | None = None) -> str:
        """The SQL condition for rows in this view up to number `last`, the kind's `last_row`. An index on key,
        `observed_at` and `until` covers it, because every index contains row numbers but none contains batches."""
        return f"{alias}.id <= {last} AND {self._open(alias, as_of)}"

    def _open(self, alias: str, as_of: str | None) -> str:
        return (
            f"({alias}.until = 0 OR {alias}.until > {self.position}) AND {alias}.observed_at <= {as_of or self.as_of}"
        )

    def newest(self, spec: KindSpec, alias: str) -> str:
        """The SQL condition that no later row with the same key is in this view."""
        return (
            f"NOT EXISTS (SELECT 1 FROM {spec.kind} AS later WHERE {_same_key(spec, alias)}"
            f" AND later.observed_at > {alias}.observed_at AND {self.visible('later')})"
        )

    def last_row(self, cls: ItemType) -> int:
        """The highest number of a kind's rows added up to the position, 0 for none. Rows are numbered in the order of
        their batches."""
        return max(self.first_row(model.kind_of(cls), "since", self.position + 1) - 1, 0)

    def first_row(self, table: str, grows: str, least: int, number: str = "id") -> int:
        """The number of a table's first row in which `grows`, a column that grows with the numbers, is `least` or more;
        without one, that after the last row."""

        def row(at: int) -> tuple[int, int]:
            sql = f"SELECT {number}, {grows} FROM {table} WHERE {number} >= ? ORDER BY {number} LIMIT 1"
            return self.database.rows(sql, (at,))[0]

        last = first_value(self.database, f"SELECT max({number}) FROM {table}")
        return bisect_numbers(row, last, least) if last else 0

    def iterate(
        self, cls: type[AnyItem], where: str = "", params: Params = (), order: str = ""
    ) -> Iterator[RowOf[AnyItem]]:
        """The latest row of each key of a kind, if it meets a condition on `t`."""
        for row in self.database.iterate(self._statement(cls, where, order), params):
            yield read_row(SPECS[cls], row)

    def latest(self, cls: type[AnyItem], where: str = "", params: Params = (), order: str = "") -> list[RowOf[AnyItem]]:
        """The latest row of each key of a kind, as a list: faster than `iterate` if there are few."""
        return [read_row(SPECS[cls], row) for row in self.database.rows(self._statement(cls, where, order), params)]

    def items(self, cls: type[AnyItem], where: str = "", params: Params = (), order: str = "") -> Iterator[AnyItem]:
        """The items of these rows."""
        return (row.item for row in self.iterate(cls, where, params, order))

    def notices(self, where: str = "1 = 1", params: Params = ()) -> Iterator[model.Notice]:
        """The publishers' notices that still stand, in the order of their days."""
        return self.items(model.Notice, f"t.day <> '' AND {where}", params, "t.day, t.notice")

    def taken_back(self, where: str = "1 = 1") -> dict[str, str]:
        """The papers that were taken back, each with how: those with a notice, and those that meet a condition and were
        withdrawn by their latest metadata."""
        withdrawn = self.items(model.Paper, f"t.withdrawn = 1 AND {where}")
        return model.taken_back((paper.paper for paper in withdrawn), self.notices())

    def taken_back_at(self, paper: str) -> int:
        """When it first became known, up to this view, that a paper was taken back, in µs UTC; 0 if it did not."""
        sql = f"""SELECT min(at) FROM batch WHERE position <= {self.position} AND position IN (
            SELECT since FROM paper WHERE paper = {NUMBER} AND withdrawn = 1
            UNION SELECT since FROM notice
            WHERE paper = {NUMBER} AND type IN ({sql_placeholders(model.TAKEN_BACK)}))"""
        return int(first_value(self.database, sql, (paper, paper, *model.TAKEN_BACK)) or 0)

    def items_among(self, cls: type[AnyItem], name: str, keys: Iterable[str]) -> Iterator[AnyItem]:
        """The items of a kind with one of some keys in a field."""
        for chunk in statement_slices(sorted(set(keys))):
            yield from self.items(cls, f"t.{name} IN ({numbers_of(chunk)})", chunk)

    def by_key(self, cls: type[AnyItem], keys: Iterable[str]) -> dict[str, AnyItem]:
        """The items of a kind with some of its keys, each a single value, by key."""
        [name] = cls.key
        return {getattr(item, name): item for item in self.items_among(cls, name, keys)}

    def observations(self, cls: type[AnyItem], where: str, params: Params) -> Iterator[RowOf[AnyItem]]:
        """All rows of a kind that meet a condition on `t` (which may end in ORDER BY): not only the latest of each key,
        and also rows that are not in the view."""
        return select_rows(self.database, SPECS[cls], where, params)

    def item(self, cls: type[AnyItem], *key: Any) -> AnyItem | None:
        """The item of the latest row of one key."""
        row = self.latest_row(cls, *key)
        return row.item if row else None

    def latest_row(self, cls: type[AnyItem], *key: Any) -> RowOf[AnyItem] | None:
        """The latest row of one key."""
        spec = SPECS[cls]
        where = " AND ".join(f't."{name}" = {NUMBER if name in spec.identities else "?"}' for name in cls.key)
        return next(iter(self.latest(cls, where, key, "t.id")), None)

    def of_keys(self, cls: ItemType, keys: Iterable[Sequence[Any]], known: Known) -> Iterator[StoredRow]:
        """The latest rows of many keys of a kind. `known`: the identities of the posts, accounts and papers in these
        keys, as far as they exist."""
        spec = SPECS[cls]
        names = [f'"{name}"' for name in cls.key]
        same = _same_key(spec, "wanted")
        stored = [values for key in keys if None not in (values := _stored_key(spec, key, known))]
        for chunk in statement_slices(stored):
            wanted = ", ".join([f"({sql_placeholders(names)})"] * len(chunk))
            sql = f"""WITH wanted ({", ".join(names)}) AS (VALUES {wanted})
                SELECT {select_columns(spec, "t")} FROM wanted JOIN {spec.kind} AS t ON t.id = (
                    SELECT later.id FROM {spec.kind} AS later WHERE {same} AND {self.visible("later")}
                    ORDER BY later.observed_at DESC LIMIT 1)"""
            for row in self.database.rows(sql, [*chain.from_iterable(chunk)]):
                yield read_row(spec, row)

    def _statement(self, cls: ItemType, where: str, order: str) -> str:
        spec = SPECS[cls]
        return (
            f"SELECT {select_columns(spec, 't')} FROM {spec.kind} AS t"
            f" WHERE {self.visible('t')} AND {self.newest(spec, 't')}"
            f"{' AND ' + where if where else ''} ORDER BY {order or sql_columns(spec, cls.key, 't')}"
        )


def bisect_numbers(row: Callable[[int], tuple[int, int]], last: int, least: int) -> int:
    """Bisects numbers that have gaps. `row`: (number, value) of the first row from a number on, up to `last`."""
    low = 0
    high = last + 1
    while low < high:
        middle = (low + high) // 2
        number, value = row(middle)
        low, high = (low, middle) if value >= least else (number + 1, high)
    return low


@cache
def _same_key(spec: KindSpec, alias: str) -> str:
    return " AND ".join(f'later."{name}" = {alias}."{name}"' for name in spec.type.key)


def _stored_key(spec: KindSpec, key: Sequence[Any], known: Known) -> list[Any]:
    """The values of a key as columns store them; None for identities that are not in the record."""

    def stored(name: str, value: Any) -> Any:
        if name not in spec.identities:
            return value
        return known[value].number if value in known else None

    return list(map(stored, spec.type.key, key))
