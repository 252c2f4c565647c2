"""Copies of a whole store in one file, taken while others read and write; and the way back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import NoSuch, UsageError
from hotpapers.record import schema
from hotpapers.record.database import Database
from hotpapers.record.forget import REFERENCES, forget
from hotpapers.record.items import SPECS, is_pseudonym
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.record.store import Record, connect, now

KEPT_BY_DATABASE = frozenset({"sqlite_sequence"})


class Restored(NamedTuple):
    """Where the restored record ends, how many later batches the replaced store had, and what was forgotten again."""

    position: int
    lost_batches: int
    forgotten_again: int


def backup(record: Record, target: Path) -> int:
    """Copies the store into a SQLite store at `target`; the position it holds. The copy is noted, see `forget`."""
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder for the backup; make it first.")
    if isinstance(record.database, SqliteDatabase):
        record.database.backup(target)
    else:
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        copy = SqliteDatabase(part)
        copy.migrate(schema.MIGRATIONS)
        with record.database.snapshot():
            copy_tables(record.database, copy)
        copy.erase_traces()
        copy.run("PRAGMA journal_mode = DELETE")
        copy.close()
        os.replace(part, target)
    note_copy(record, "backup", str(target.resolve()))
    with Record(str(target), create=False) as copied:
        return copied.head.position


def note_copy(record: Record, way: str, target: str) -> None:
    """Remembers that a copy left the store, so that forgetting can name it as out of reach."""
    with record.database.write():
        record.database.run("INSERT INTO copy (at, way, target) VALUES (?, ?, ?)", (now(), way, target))


def copy_tables(source: Database, target: Database) -> None:
    """Copies every row of every table; both have the same schema."""
    with target.write():
        for table in tables_of(target):
            names = [row[1] for row in target.rows(f"PRAGMA table_info({table})")] if target.name == "sqlite" else []
            columns = ", ".join(f'"{name}"' for name in names or _columns(source, table))
            values = ", ".join("?" * (columns.count(",") + 1))
            if table == "meta":
                target.run("DELETE FROM meta")
            rows = source.iterate(f"SELECT {columns} FROM {table} {'' if table == 'meta' else 'ORDER BY 1'}")
            target.many(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)


def _columns(source: Database, table: str) -> list[str]:
    return [row[1] for row in source.rows(f"PRAGMA table_info({table})")]


def tables_of(database: Database) -> list[str]:
    """The record's tables, by name."""
    if database.name == "sqlite":
        rows = database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    else:
        rows = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return sorted(row[0] for row in rows if row[0] not in KEPT_BY_DATABASE)


def restore(source: Path, store: str, *, replace: bool = False) -> Restored:
    """Puts a backup in a store's place. What was forgotten since then is forgotten again.

    Raises NoSuch without a backup, UsageError where a record would be overwritten and `replace` is not given.
    """
    if not source.is_file():
        raise NoSuch(f"{source}: no such backup")
    with Record(str(source), create=False) as copied:
        position = copied.head.position
    before, tombstones = _what_is_there(store)
    if before and not replace:
        raise UsageError(f"{store}: holds a record of {before} batches; add --replace to put the backup in its place.")
    _put(source, store)
    with Record(store) as record:
        forgotten = _forget_again(record, tombstones)
    return Restored(position, max(before - position, 0), forgotten)


def _what_is_there(store: str) -> tuple[int, list[tuple[str, int]]]:
    try:
        database = connect(store, create=False)
    except NoSuch:
        return 0, []
    database.migrate(schema.MIGRATIONS)
    with Record(store) as record:
        return record.head.position, [(row[0], row[1]) for row in database.rows("SELECT mark, at FROM tombstone")]


def _put(source: Path, store: str) -> None:
    target = connect(store)
    if not isinstance(target, SqliteDatabase):
        target.migrate(schema.MIGRATIONS)
        copied = SqliteDatabase(source)
        with target.write():
            for table in tables_of(target):
                target.run(f"DELETE FROM {table}")
        copy_tables_to_server(copied, target)
        return
    target.close()
    for suffix in ("-wal", "-shm"):
        Path(str(target.path) + suffix).unlink(missing_ok=True)
    part = target.path.with_name(target.path.name + ".part")
    copied = SqliteDatabase(source)
    copied.backup(part)
    copied.close()
    os.replace(part, target.path)


def copy_tables_to_server(source: Database, target: Database) -> None:
    """Copies into PostgreSQL and moves its row numbers on past what was copied."""
    copy_tables(source, target)
    for table in tables_of(target):
        if "id" in _columns(source, table):
            highest = target.rows(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")[0][0]
            target.run(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {int(highest)}")


def _forget_again(record: Record, tombstones: list[tuple[str, int]]) -> int:
    marks = {mark for mark, _ in tombstones}
    if not marks:
        return 0
    keys = set()
    for cls, names in REFERENCES.items():
        for name in names:
            for (value,) in record.database.rows(f'SELECT DISTINCT "{name}" FROM {SPECS[cls].kind}'):
                if value and not is_pseudonym(value) and record.marks.tombstone(value) in marks:
                    keys.add(value)
    for key in sorted(keys):
        forget(record, key)
    with record.database.write():
        record.database.many("INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO NOTHING", tombstones)
    return len(keys)
