"""A store as the previous version left it, and a migration during which the program is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw

from hotpapers.record import Record, schema
from hotpapers.record.sqlite import SqliteDatabase

CHILD = """
import sys
from hotpapers.record import Record, schema, sqlite

original_run = sqlite.SqliteDatabase.run

def run(self, sql, params=()):
    result = original_run(self, sql, params)
    if sql == schema.MIGRATIONS[-1]:
        print("migrating", flush=True)
        sys.stdin.read()
    return result

sqlite.SqliteDatabase.run = run
Record(sys.argv[1])
print("done", flush=True)
"""
"""Opens a store, and stops after the last migration has created its tables and before it is committed."""


def version_of(store: Path) -> int:
    """How many migrations a store has had."""
    return int(apsw.Connection(str(store), apsw.SQLITE_OPEN_READONLY).execute("PRAGMA user_version").get)


def layout(connection: apsw.Connection) -> dict[str, str]:
    """The SQL of every table, index and trigger by name, without virtual tables' shadow tables."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {str(name): " ".join(str(sql).replace('"', "").split()) for name, sql in rows}


def layout_of(migrations: tuple[str, ...]) -> dict[str, str]:
    """The layout of a new store after these migrations."""
    connection = apsw.Connection(":memory:")
    for migration in migrations:
        connection.execute(migration)
    return layout(connection)


COLUMN_RENAMES: dict[tuple[str, str], str] = {}
"""The columns that the last migration renames: tables and new names to old ones."""

Values = dict[tuple[str, str], list[tuple[object, int]]]
"""Row values by table and column, each with the row's id."""


def downgrade(store: Path) -> Values:
    """Undo the last migration: a store as the previous version would have it, with all its rows.

    Returns the values of columns that the migration added. Today's program wrote them; the previous version would have
    had none.
    """
    old_layout, new_layout = layout_of(schema.MIGRATIONS[:-1]), layout_of(schema.MIGRATIONS)
    connection = apsw.Connection(str(store))
    values: Values = {}
    with connection:
        for (table, column), old in COLUMN_RENAMES.items():
            connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {old}")
        for kind in ("TRIGGER", "INDEX", "TABLE"):
            for name in _names_of_kind(connection, kind.lower()):
                if name in new_layout and name not in old_layout:
                    connection.execute(f'DROP {kind} IF EXISTS "{name}"')
        for name in sorted(old_layout.keys() - layout(connection).keys()):
            connection.execute(old_layout[name])
        current_layout = layout(connection)
        for table in sorted(
            name for name in old_layout if name in new_layout and old_layout[name] != current_layout[name]
        ):
            for column in _new_columns(table):
                values[table, column] = list(connection.execute(f'SELECT "{column}", rowid FROM "{table}"'))
                connection.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) - 1}")
    current_layout = layout(connection)
    connection.close()
    assert current_layout == old_layout, "the last migration changes an existing table: undo that here too"
    return values


def restore_values(store: Path, values: Values) -> None:
    """Put values back into added columns."""
    connection = apsw.Connection(str(store))
    with connection:
        for (table, column), rows in values.items():
            connection.executemany(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', rows)
    connection.close()


def _new_columns(table: str) -> list[str]:
    """The columns that the last migration adds to existing tables."""
    columns_by_version: list[list[str]] = []
    for migrations in (schema.MIGRATIONS[:-1], schema.MIGRATIONS):
        connection = apsw.Connection(":memory:")
        for migration in migrations:
            connection.execute(migration)
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        columns_by_version.append([str(name) for (name,) in rows])
    return [
        name
        for name in columns_by_version[1]
        if name not in columns_by_version[0] and (table, name) not in COLUMN_RENAMES
    ]


def _names_of_kind(connection: apsw.Connection, kind: str) -> Iterator[str]:
    """Virtual tables come first: dropping them drops their shadow tables."""
    sql = "SELECT name FROM sqlite_schema WHERE type = ? ORDER BY rootpage > 0, name"
    yield from [str(name) for (name,) in connection.execute(sql, (kind,))]


def kill_migration(store: Path) -> None:
    """The current program opens an old store and is killed during the migration. The store must be unchanged."""
    layout_before = layout(apsw.Connection(str(store), apsw.SQLITE_OPEN_READONLY))
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "migrating\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert version_of(store) == len(schema.MIGRATIONS) - 1
    database = SqliteDatabase(store)
    assert database.integrity().damaged == ()
    assert layout(database._connection) == layout_before
    database.close()


def upgrade_store(store: Path) -> None:
    """Downgrade a store to the previous version's layout, then upgrade it again; the first attempt is killed.

    With no earlier version of the format, the program is killed while it creates a new store.
    """
    if len(schema.MIGRATIONS) == 1:
        with tempfile.TemporaryDirectory(dir=store.parent) as folder:
            new = Path(folder) / "new.db"
            apsw.Connection(str(new)).execute("PRAGMA user_version = 0")
            kill_migration(new)
            Record(str(new)).database.close()
            assert version_of(new) == version_of(store) == 1
        return
    rows = _counts(store)
    values = downgrade(store)
    kill_migration(store)
    with Record(str(store), create=False):
        pass
    restore_values(store, values)
    assert version_of(store) == len(schema.MIGRATIONS)
    assert _counts(store) == rows


def _counts(store: Path) -> dict[str, int]:
    """The number of rows in each table of items, and the number of batches."""
    connection = apsw.Connection(str(store), apsw.SQLITE_OPEN_READONLY)
    tables = [name for name in layout_of(schema.MIGRATIONS[:1]) if not name.endswith("_key")]
    names = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').get) for name in names if name in tables}
