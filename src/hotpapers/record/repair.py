"""Rows that nothing can show, as what they are found by is empty. No import takes such rows any more."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.record import writing
from hotpapers.record.checks import needed
from hotpapers.record.database import Database
from hotpapers.record.items import SPECS, Row, Spec, read_row, select_columns
from hotpapers.record.store import Record, now


def unusable(database: Database) -> list[Row]:
    """The open rows that lack what they are found by."""
    return [row for spec in SPECS.values() for row in _of_kind(database, spec)]


def _of_kind(database: Database, spec: Spec) -> Iterator[Row]:
    empty = " OR ".join(f"\"{name}\" = ''" for name in needed(spec.type))
    sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE until = 0 AND ({empty}) ORDER BY id"
    return (read_row(spec, found) for found in database.rows(sql) if empty)


def close_unusable(record: Record, *, at: int | None = None) -> list[Row]:
    """Closes these rows in a batch of their own; which they were. What was frozen with them stays as it was."""
    with record.database.write():
        rows = unusable(record.database)
        writing.write_batch(record.database, (), record.marks, at=at or now(), source="repair", close=rows)
    return rows
