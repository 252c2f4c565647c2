"""Read all rows in the order of their batches, kind by kind, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from hotpapers.base.errors import CorruptStore
from hotpapers.record.commitments import canonical_json
from hotpapers.record.database import Database
from hotpapers.record.item_rows import (
    SPECS,
    KindSpec,
    StoredRow,
    columns_with_commitments,
    read_with_commitments,
    stored_values,
)
from hotpapers.record.manifest import RowName


class OrderedScan:
    """All rows, kind by kind in the order in which they were added."""

    def __init__(self, database: Database) -> None:
        self._kinds = [_KindScan(database, spec) for spec in SPECS.values()]

    def upto(self, position: int) -> Iterator[StoredRow | RowName]:
        """The next rows, those of batches up to a position; for a damaged row, its kind and number.

        Also returns rows with a later batch than the row after them: they are damaged and would block the rest.
        """
        return chain.from_iterable(kind.upto(position) for kind in self._kinds)


class _KindScan:
    """The rows of one kind, with a lookahead of two."""

    def __init__(self, database: Database, spec: KindSpec) -> None:
        self._spec = spec
        self._rows = chain(_readable(database, spec), [None, None])
        self._next = next(self._rows)
        self._second = next(self._rows)

    def upto(self, position: int) -> Iterator[StoredRow | RowName]:
        while (row := self._next) is not None:
            is_out_of_order = self._second is not None and self._batch(self._second) < self._batch(row)
            if self._batch(row) > position and not is_out_of_order:
                return
            self._next = self._second
            self._second = next(self._rows, None)
            yield _read_strictly(self._spec, row)

    def _batch(self, row: Sequence[Any]) -> int:
        """The batch that a row claims to belong to. In a damaged row, it may not be a number."""
        since = row[len(self._spec.columns) - 2]
        return since if isinstance(since, int) else 0


def _readable(database: Database, spec: KindSpec) -> Iterator[Sequence[Any]]:
    """All rows, ordered by number. For unreadable rows, only number and batch are set."""
    sql = f"SELECT {columns_with_commitments(spec)} FROM {spec.kind} WHERE id > ? ORDER BY id"
    number = -(2**63)
    while True:
        try:
            for row in database.iterate(sql, (number,)):
                number = row[0]
                yield row
            return
        except CorruptStore:
            unread = ", NULL" * (len(spec.columns) - 3)
            numbers = f"SELECT id{unread}, since, until FROM {spec.kind} WHERE id > ? ORDER BY id LIMIT 1"
            rows = database.rows(numbers, (number,))
            if not rows:
                raise
            number = rows[0][0]
            yield rows[0]


def _read_strictly(spec: KindSpec, stored: Sequence[Any]) -> StoredRow | RowName:
    try:
        row = read_with_commitments(spec, stored)
        values = [*stored_values(spec, row.item).values()]
        redacted = canonical_json(row.redacted).decode() if row.redacted else None
        numbers = (row.origin, row.since, row.until, *row.derived[: "voice" in spec.committed])
        is_as_written = values == [*stored[1 : 1 + len(values)]] and (
            not spec.words or stored[len(spec.columns) - 4] == redacted
        )
        if is_as_written and all(isinstance(number, int) for number in numbers):
            return row
    except (CorruptStore, ValueError, TypeError):
        pass
    return spec.kind, int(stored[0])
