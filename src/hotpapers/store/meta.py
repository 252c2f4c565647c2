"""What a store says of itself by name: its secret, its schema, the operator's notes to it. No items."""

from __future__ import annotations

from hotpapers.store.database import Database

SECRET = "secret"
"""The name under which the key of the store's marks is kept, in hexadecimal."""


def read_meta(database: Database, name: str) -> str | None:
    """What is kept under a name; None where nothing is."""
    rows = database.rows("SELECT value FROM meta WHERE name = ?", (name,))
    return str(rows[0][0]) if rows else None


def write_meta(database: Database, name: str, value: str) -> None:
    """Keeps a value under a name, in place of what was there. Call inside `write()`."""
    database.run(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )
