"""A store's own values by name: its secret, its schema, the program's notes about it. Not items."""

from __future__ import annotations

from hotpapers.record.database import Database, first_value

SECRET = "secret"
"""The name of the store's secret, the key of its keyed hashes, in hexadecimal."""
HOME = "folder of the store"
"""The name of the folder of the file from which a store was moved to a server, to which its targets are relative."""


def read_meta(database: Database, name: str) -> str | None:
    """The value of a name; None if there is none."""
    value = first_value(database, "SELECT value FROM meta WHERE name = ?", (name,))
    return None if value is None else str(value)


def read_prefixed(database: Database, prefix: str) -> dict[str, str]:
    """The values of the names with a prefix, by the rest of the name, ascending."""
    sql = "SELECT name, value FROM meta WHERE substr(name, 1, ?) = ? ORDER BY name"
    rows = database.rows(sql, (len(prefix), prefix))
    return {name.removeprefix(prefix): str(value) for name, value in rows}


def save_meta(database: Database, name: str, value: str) -> None:
    """Set the value of a name, by itself."""
    with database.write():
        write_meta(database, name, value)


def write_meta(database: Database, name: str, value: str) -> None:
    """Set the value of a name. Call inside `write()`."""
    database.run(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )
