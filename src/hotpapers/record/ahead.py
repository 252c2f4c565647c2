"""Reading all rows in the order of their batches, kind by kind, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.record.database import Database
from hotpapers.record.items import SPECS, Row, Spec, read_row, select_columns


class Ahead:
    """The rows of one kind in the order in which they were added, with one row of look-ahead."""

    def __init__(self, database: Database, spec: Spec) -> None:
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} ORDER BY id"
        self._spec = spec
        self._rows = iter(database.iterate(sql))
        self._next = next(self._rows, None)

    def upto(self, position: int) -> Iterator[Row | int]:
        """Rows whose batch is not later than a position; the id of one that cannot be read."""
        while self._next is not None and (since := self._next[-2]) <= position:
            row, self._next = self._next, next(self._rows, None)
            try:
                yield read_row(self._spec, row)
            except (ValueError, TypeError):
                yield int(row[0]) if since is not None else 0

    def rest(self) -> Iterator[Row | int]:
        """Rows of batches that do not exist."""
        return self.upto(2**63 - 1)


def all_ahead(database: Database) -> dict[str, Ahead]:
    """One for every kind."""
    return {spec.kind: Ahead(database, spec) for spec in SPECS.values()}
