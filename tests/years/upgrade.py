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

from hotpapers.store import Record, schema
from hotpapers.store.sqlite import SqliteDatabase

CHILD = """
import sys
from hotpapers.store import Record, schema, sqlite

whole = sqlite.SqliteDatabase.run

def run(self, sql, params=()):
    done = whole(self, sql, params)
    if sql == schema.MIGRATIONS[-1]:
        print("in the midst", flush=True)
        sys.stdin.read()
    return done

sqlite.SqliteDatabase.run = run
Record(sys.argv[1])
print("done", flush=True)
"""
"""Opens a store, and stops once the last migration has made its tables, before the commit."""


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
    for one in migrations:
        connection.execute(one)
    return layout(connection)


RENAMED: dict[tuple[str, str], str] = {
    ("account", "redacted"): "lost",
    ("post", "redacted"): "lost",
    ("post", "text_fingerprint"): "same",
    ("copy", "kind"): "way",
    ("report", "text"): "said",
}
"""The columns that the last migration renames: tables and new names to old ones."""

Values = dict[tuple[str, str], list[tuple[object, int]]]
"""Row values by table and column, each with the row's id."""


def turn_back(store: Path) -> Values:
    """Undo the last migration: a store as the previous version would have it, with all its rows.

    Returns the values of columns that the migration added. Today's program wrote them; the previous version would have
    had none.
    """
    before, now = layout_of(schema.MIGRATIONS[:-1]), layout_of(schema.MIGRATIONS)
    connection = apsw.Connection(str(store))
    values: Values = {}
    with connection:
        for (table, column), old in RENAMED.items():
            connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {old}")
        for kind in ("TRIGGER", "INDEX", "TABLE"):
            for name in _named(connection, kind.lower()):
                if name in now and name not in before:
                    connection.execute(f'DROP {kind} IF EXISTS "{name}"')
        for name in sorted(before.keys() - layout(connection).keys()):
            connection.execute(before[name])
        turned = layout(connection)
        for table in sorted(name for name in before if name in now and before[name] != turned[name]):
            for column in _new_columns(table):
                values[table, column] = list(connection.execute(f'SELECT "{column}", id FROM "{table}"'))
                connection.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) - 1}")
    found = layout(connection)
    connection.close()
    assert found == before, "the last migration changes a table that was there: it has to be taken back here too"
    return values


def put_back(store: Path, values: Values) -> None:
    """Put values back into added columns."""
    connection = apsw.Connection(str(store))
    with connection:
        for (table, column), found in values.items():
            connection.executemany(f'UPDATE "{table}" SET "{column}" = ? WHERE id = ?', found)
    connection.close()


def _new_columns(table: str) -> list[str]:
    """The columns that the last migration adds to existing tables."""
    sides: list[list[str]] = []
    for migrations in (schema.MIGRATIONS[:-1], schema.MIGRATIONS):
        connection = apsw.Connection(":memory:")
        for one in migrations:
            connection.execute(one)
        found = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        sides.append([str(name) for (name,) in found])
    return [name for name in sides[1] if name not in sides[0] and (table, name) not in RENAMED]


def _named(connection: apsw.Connection, kind: str) -> Iterator[str]:
    """Virtual tables come first: dropping them drops their shadow tables."""
    sql = "SELECT name FROM sqlite_schema WHERE type = ? ORDER BY rootpage > 0, name"
    yield from [str(name) for (name,) in connection.execute(sql, (kind,))]


def killed_in_the_midst(store: Path) -> None:
    """The current program opens an old store and is killed during migration. The store must be unchanged."""
    before = layout(apsw.Connection(str(store), apsw.SQLITE_OPEN_READONLY))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout and child.stdout.readline() == "in the midst\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert version_of(store) == len(schema.MIGRATIONS) - 1
    database = SqliteDatabase(store)
    assert database.integrity().damaged == ()
    assert layout(database._connection) == before
    database.close()


def upgraded(store: Path) -> None:
    """Downgrade a store to the previous version's layout, then upgrade it again, killed once on the way.

    With no earlier version of the format, the program is killed while it creates a new store.
    """
    if len(schema.MIGRATIONS) == 1:
        with tempfile.TemporaryDirectory(dir=store.parent) as folder:
            new = Path(folder) / "new.db"
            apsw.Connection(str(new)).execute("PRAGMA user_version = 0")
            killed_in_the_midst(new)
            Record(str(new)).database.close()
            assert version_of(new) == version_of(store) == 1
        return
    rows = _counts(store)
    values = turn_back(store)
    killed_in_the_midst(store)
    with Record(str(store), create=False):
        pass
    put_back(store, values)
    assert version_of(store) == len(schema.MIGRATIONS)
    assert _counts(store) == rows


def _counts(store: Path) -> dict[str, int]:
    """The number of rows in each table of items, and the number of batches."""
    connection = apsw.Connection(str(store), apsw.SQLITE_OPEN_READONLY)
    tables = [name for name in layout_of(schema.MIGRATIONS[:1]) if not name.endswith("_key")]
    names = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').get) for name in names if name in tables}
