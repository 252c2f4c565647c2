"""Vectors in a table of a store on a server, so that the processes on all machines share them. It may be deleted.

A row has a paper's key and its vector; the row without a key, the model, as JSON. No batch, export or backup has them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from hotpapers.record.database import Database, blob, placeholders, slices
from hotpapers.wings.personal.embeddings.vector_files import SavedModel, read_model

NAME, MODEL = "embedding", ""
_EXISTS = "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = ?"
_PUT = f"INSERT INTO {NAME} VALUES (?, ?) ON CONFLICT (paper) DO UPDATE SET vector = excluded.vector"


class EmbeddingRows(NamedTuple):
    """The saved vectors of one model."""

    database: Database
    model: SavedModel

    @property
    def where(self) -> str:
        return f"table {NAME} of {self.database.where}"

    def vectors(self, papers: Collection[str]) -> Mapping[str, bytes]:
        """The vectors of papers, by key, as far as there are any; zeros where the server refused a text."""
        rows = _rows(self.database, papers)
        return {paper: vector for paper, vector in rows.items() if len(vector) == self.model.numbers}

    def save(self, vectors: Mapping[str, bytes]) -> None:
        """Saves the vectors of papers, by key. Raises StoreError."""
        with self.database.write():
            self.database.many(_PUT, vectors.items())


class VectorTable(NamedTuple):
    """The table, which need not exist."""

    database: Database

    def saved(self) -> EmbeddingRows | None:
        """The vectors in the table; None if there are none."""
        rows = _rows(self.database, [MODEL]) if self.database.rows(_EXISTS, (NAME,)) else {}
        model = read_model(rows.get(MODEL, b""))
        return EmbeddingRows(self.database, model) if model else None

    def begin(self, model: SavedModel) -> EmbeddingRows:
        """Rows for a model, in place of any other's. Raises StoreError."""
        with self.database.write():
            self.database.run(f"CREATE TABLE IF NOT EXISTS {NAME} (paper text PRIMARY KEY, vector bytea NOT NULL)")
            self.database.run(f"DELETE FROM {NAME}")
            self.database.run(_PUT, (MODEL, msgspec.json.encode(model)))
        return EmbeddingRows(self.database, model)

    def clear(self) -> None:
        """Deletes all vectors. Raises StoreError."""
        if self.database.rows(_EXISTS, (NAME,)):
            with self.database.write():
                self.database.run(f"DELETE FROM {NAME}")


def _rows(database: Database, papers: Collection[str]) -> dict[str, bytes]:
    return {
        paper: blob(vector)
        for batch in slices(list(papers))
        for paper, vector in database.rows(
            f"SELECT paper, vector FROM {NAME} WHERE paper IN ({placeholders(batch)})", batch
        )
    }
