"""Vectors in files beside the store, so that a server is asked about a paper once:

    hotpapers.db.vectors/embeddings/model        the model, and how many numbers its vectors have
    hotpapers.db.vectors/embeddings/2611.01      the vectors of arXiv's papers 2611.01000 to 2611.01999
    hotpapers.db.vectors/embeddings/hep-th-0101

A file has a place of the same size for each of a thousand papers, which holds a checksum and a vector: what was half
written, or belongs to another model, is as if it were not there. All may be deleted.
"""

from __future__ import annotations

import os
import re
import shutil
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.base.file_modes import PRIVATE, write_atomically
from hotpapers.wings.personal.embeddings.embedding_server import MAX_NUMBERS

FOLDER, MODEL = "embeddings", "model"
CHECKSUM_BYTES = 4
_KEY = re.compile(r"arxiv:(?:(\d{4}\.\d{1,2})|([a-z-]{1,20})/(\d{4}))(\d{3})", re.ASCII)


class SavedModel(msgspec.Struct, frozen=True):
    """The model that vectors are of. `numbers`: of a vector."""

    model: str
    numbers: int


class EmbeddingFiles(NamedTuple):
    """The saved vectors of one model."""

    folder: Path
    model: SavedModel

    def vector(self, paper: str) -> bytes | None:
        """The vector of a paper, by key; None if there is none, zeros if the server refused its text."""
        name, place = place_of(paper)
        if not name:
            return None
        size = CHECKSUM_BYTES + self.model.numbers
        try:
            with (self.folder / name).open("rb") as file:
                file.seek(place * size)
                data = file.read(size)
        except OSError:
            return None
        vector = data[CHECKSUM_BYTES:]
        return vector if len(data) == size and data[:CHECKSUM_BYTES] == self._checksum(vector) else None

    def save(self, paper: str, vector: bytes) -> None:
        """Saves the vector of a paper that has a place. Raises OSError, ValueError for one of another length."""
        if len(vector) != self.model.numbers:
            raise ValueError(f"{len(vector):,} numbers, not {self.model.numbers:,}")
        name, place = place_of(paper)
        file = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        try:
            os.pwrite(file, self._checksum(vector) + vector, place * (CHECKSUM_BYTES + len(vector)))
        finally:
            os.close(file)

    def _checksum(self, vector: bytes) -> bytes:
        return zlib.crc32(self.model.model.encode() + vector).to_bytes(CHECKSUM_BYTES, "big")


def place_of(paper: str) -> tuple[str, int]:
    """The file for a paper, by key, and its place there; no file for papers of other servers."""
    match = _KEY.fullmatch(paper)
    if match is None:
        return "", 0
    new, archive, month, number = match.groups()
    return new or f"{archive}-{month}", int(number)


def saved_vectors(vectors: Path | None) -> EmbeddingFiles | None:
    """The vectors in the folder of what was made of issues (`kept`); None if there are none."""
    if vectors is None:
        return None
    with suppress(OSError, msgspec.MsgspecError):
        data = (vectors / FOLDER / MODEL).read_bytes()
        model = msgspec.json.decode(data, type=SavedModel)
        if 0 < model.numbers <= MAX_NUMBERS:
            return EmbeddingFiles(vectors / FOLDER, model)
    return None


def begin(vectors: Path, model: SavedModel) -> EmbeddingFiles:
    """Files for a model, in place of any other's. Raises OSError."""
    clear(vectors)
    folder = vectors / FOLDER
    folder.mkdir(mode=0o700, parents=True)
    write_atomically(folder / MODEL, msgspec.json.encode(model), PRIVATE)
    return EmbeddingFiles(folder, model)


def clear(vectors: Path) -> None:
    """Deletes all vectors. Raises OSError."""
    with suppress(FileNotFoundError):
        shutil.rmtree(vectors / FOLDER)
