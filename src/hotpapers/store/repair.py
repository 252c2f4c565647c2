"""Unusable rows: nothing can show them, because their key is empty. Imports now refuse such rows."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.store import batches
from hotpapers.store.database import Database
from hotpapers.store.item_checks import needed
from hotpapers.store.item_rows import SPECS, KindSpec, StoredRow, read_row, select_columns
from hotpapers.store.manifest import BatchStamp
from hotpapers.store.record import Record, now


def unusable(database: Database) -> list[StoredRow]:
    """The open rows in which a key field is empty."""
    return [row for spec in SPECS.values() for row in _of_kind(database, spec)]


def _of_kind(database: Database, spec: KindSpec) -> Iterator[StoredRow]:
    named = {spec.fields[i] for i in spec.identities}
    empty = " OR ".join(f'"{name}" = {0 if name in named else chr(39) * 2}' for name in needed(spec.type))
    sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE until = 0 AND ({empty}) ORDER BY id"
    return (read_row(spec, row) for row in database.rows(sql) if empty)


def close_unusable(record: Record, *, at: int | None = None) -> list[StoredRow]:
    """Close unusable rows in one batch; the closed rows. Frozen issues do not change."""
    with record.database.write():
        rows = unusable(record.database)
        batches.write_batch(record.database, (), record.hasher, BatchStamp(at or now(), "repair"), close=rows)
    return rows
