"""Vectors in a table of the store, so that a server is asked about a paper once. It may be dropped.

A row has a paper's key and its vector; the row without a key, the model, as JSON. No batch or export has them, and no
copy of a store in another kind of database, as the table's name begins like those of the search index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import NamedTuple

import msgspec

from hotpapers.record.database import Database, blob_bytes, rows_among

NAME, MODEL = "search_embedding", ""
MAX_NUMBERS = 4_096
"""Numbers of a vector."""
_TABLES = "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = ?"
_SQLITE_TABLES = "SELECT 1 FROM sqlite_schema WHERE name = ?"
_PUT = f"INSERT INTO {NAME} VALUES (?, ?) ON CONFLICT (paper) DO UPDATE SET vector = excluded.vector"


class SavedModel(msgspec.Struct, frozen=True):
    """The model that vectors are of. `numbers`: of a vector."""

    model: str
    numbers: int


class SavedVectors(NamedTuple):
    """The saved vectors of one model."""

    database: Database
    model: SavedModel

    def vectors(self, papers: Collection[str]) -> Mapping[str, bytes]:
        """The vectors of papers, by key, as far as there are any; zeros where the server refused a text."""
        rows = _rows(self.database, papers)
        return {paper: vector for paper, vector in rows.items() if len(vector) == self.model.numbers}

    def save(self, vectors: Mapping[str, bytes]) -> None:
        """Saves the vectors of papers, by key. Raises StoreError."""
        with self.database.write():
            self.database.many(_PUT, vectors.items())


def saved_vectors(database: Database) -> SavedVectors | None:
    """The vectors in a store; None if there are none."""
    if _is_made(database):
        text = _rows(database, [MODEL]).get(MODEL, b"")
    else:
        text = b""
    with suppress(msgspec.MsgspecError):
        model = msgspec.json.decode(text, type=SavedModel)
        return SavedVectors(database, model) if 0 < model.numbers <= MAX_NUMBERS else None
    return None


def begin_model(database: Database, model: SavedModel) -> SavedVectors:
    """A table for a model, in place of any other's vectors. Raises StoreError."""
    with database.write():
        database.run(f"CREATE TABLE IF NOT EXISTS {NAME} (paper text PRIMARY KEY, vector bytea NOT NULL)")
        database.run(f"DELETE FROM {NAME}")
        database.run(_PUT, (MODEL, msgspec.json.encode(model)))
    return SavedVectors(database, model)


def delete_vectors(database: Database) -> None:
    """Deletes all vectors. Raises StoreError."""
    if _is_made(database):
        with database.write():
            database.run(f"DELETE FROM {NAME}")


def _is_made(database: Database) -> bool:
    rows = database.rows(_SQLITE_TABLES if database.name == "sqlite" else _TABLES, (NAME,))
    return bool(rows)


def _rows(database: Database, papers: Collection[str]) -> dict[str, bytes]:
    rows = rows_among(database, f"SELECT paper, vector FROM {NAME} WHERE paper IN (…)", papers)
    return {paper: blob_bytes(vector) for paper, vector in rows}
