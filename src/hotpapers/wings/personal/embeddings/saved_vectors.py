"""Where the vectors of a store are saved: in files beside its file, or in a table on its server."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.model import IssueReader
from hotpapers.record.database import Database
from hotpapers.wings.personal.embeddings.queries import EmbeddingRows, VectorTable
from hotpapers.wings.personal.embeddings.vector_files import EmbeddingFiles, VectorFolder
from hotpapers.wings.personal.kept import database_of, vectors_folder

FOLDER = "embeddings"

SavedVectors = EmbeddingFiles | EmbeddingRows
VectorPlace = VectorFolder | VectorTable


def place_for(database: Database) -> VectorPlace:
    """Where the vectors of a store are."""
    if database.name == "sqlite":
        return VectorFolder(vectors_folder(Path(database.where)) / FOLDER)
    return VectorTable(database)


def saved_vectors(reader: IssueReader) -> SavedVectors | None:
    """The vectors of the store that is read; None if there are none."""
    database = database_of(reader)
    return place_for(database).saved() if database else None
