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
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.base.file_modes import PRIVATE, write_atomically
from hotpapers.wings.personal.embeddings.embedding_server import MAX_NUMBERS

MODEL = "model"
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

    @property
    def where(self) -> str:
        return str(self.folder)

    def vectors(self, papers: Iterable[str]) -> Mapping[str, bytes]:
        """The vectors of papers, by key, as far as there are any; zeros where the server refused a text."""
        return {paper: vector for paper in papers if (vector := self._vector(paper)) is not None}

    def _vector(self, paper: str) -> bytes | None:
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

    def save(self, vectors: Mapping[str, bytes]) -> None:
        """Saves the vectors of papers that have a place, by key. Raises OSError."""
        for paper, vector in vectors.items():
            self._save(paper, vector)

    def _save(self, paper: str, vector: bytes) -> None:
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


def read_model(text: bytes) -> SavedModel | None:
    """The model that a text names; None for any other text."""
    with suppress(msgspec.MsgspecError):
        model = msgspec.json.decode(text, type=SavedModel)
        return model if 0 < model.numbers <= MAX_NUMBERS else None
    return None


class VectorFolder(NamedTuple):
    """The folder, which need not exist."""

    folder: Path

    def saved(self) -> EmbeddingFiles | None:
        """The vectors in the folder; None if there are none."""
        with suppress(OSError):
            if model := read_model((self.folder / MODEL).read_bytes()):
                return EmbeddingFiles(self.folder, model)
        return None

    def begin(self, model: SavedModel) -> EmbeddingFiles:
        """Files for a model, in place of any other's. Raises OSError."""
        self.clear()
        self.folder.mkdir(mode=0o700, parents=True)
        write_atomically(self.folder / MODEL, msgspec.json.encode(model), PRIVATE)
        return EmbeddingFiles(self.folder, model)

    def clear(self) -> None:
        """Deletes all vectors. Raises OSError."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder)
