"""Caches values computed from frozen issues while the program runs: issue readers change with each batch, the papers of
a frozen issue do not. Values that take long to compute are also saved in a folder next to a store file, which may be
deleted.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from hotpapers.base.file_modes import PRIVATE, temporary_file
from hotpapers.base.model import IssueReader
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.commitments import sha256
from hotpapers.record.database import Database

MAX_KEPT = 180
"""Values of a kind that are kept of one store."""
FOLDER = ".vectors"
"""The end of the folder's name; the rest is the store's."""
Value = TypeVar("Value")
Values = dict[tuple[str, ...], Any]
_OF_STORES: dict[str, Values] = {}
_LOCK = Lock()
PREPARING: dict[str, Callable[[], object]] = {}
"""The stores whose lists are being prepared, and what waits for that. Raises Refused if it takes long."""


class Saving(NamedTuple):
    """How values become bytes, and are read again; ValueError for other bytes. `format`: changes with either."""

    format: str
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]


def cached_value(
    reader: IssueReader,
    kind: str,
    publication: str,
    days: Sequence[str],
    make: Callable[[], Value],
    most: int = MAX_KEPT,
    saving: Saving | None = None,
) -> Value:
    """Returns the cached value for the latest editions of some days' issues, or computes it now."""
    where = store_of(reader)
    if not where:
        return make()
    digests = (reader.issue_header(publication, day).digest for day in days)
    key = (kind, publication, *days, *digests)
    with _LOCK:
        values = _OF_STORES.setdefault(where, {})
        if key in values:
            known: Value = values.pop(key)
            values[key] = known  # as the latest
            return known
    folder = saving_folder(reader)
    if saving and folder:
        value = saved_or_made(folder, key, make, saving)
    else:
        value = make()
    with _LOCK:
        values[key] = value
        same_kind = [other for other in values if other[0] == kind]
        if len(same_kind) > most:
            del values[same_kind[0]]
    return value


def store_of(reader: IssueReader) -> str:
    """Where the store is that is read; empty if none is."""
    return database.where if (database := database_of(reader)) else ""


def database_of(reader: IssueReader) -> Database | None:
    """The store that is read; None if none is."""
    return reader.record.database if isinstance(reader, RecordIssueReader) else None


def saving_folder(reader: IssueReader) -> Path | None:
    """The folder next to the store file that is read; None if there is no such file."""
    database = database_of(reader)
    if database and database.name == "sqlite":
        return Path(f"{database.where}{FOLDER}")
    return None


def saved_or_made(folder: Path, key: tuple[str, ...], make: Callable[[], Value], saving: Saving) -> Value:
    """Returns a key's saved value, or computes it now and saves it, if the folder can be written."""
    place = SavedPlace(folder, key, saving)
    value: Value | None = place.read()
    if value is None:
        value = make()
        place.write(value)
    return value


class SavedPlace(NamedTuple):
    """The place of a key's value in a folder. Its file is named by the first three parts, so that a later edition's
    value takes its place."""

    folder: Path
    key: tuple[str, ...]
    saving: Saving

    @property
    def path(self) -> Path:
        hasher = sha256("\n".join(self.key[:3]).encode())
        return self.folder / hasher.hex()[:32]

    @property
    def _head(self) -> bytes:
        return sha256("\n".join((self.saving.format, *self.key)).encode())

    def read(self) -> Any:
        """Returns the value; None if there is none that can be read."""
        head = self._head
        with suppress(OSError, ValueError, zlib.error):
            data = self.path.read_bytes()
            if data.startswith(head):
                packed = data[len(head) :]
                return self.saving.read(zlib.decompress(packed))
        return None

    def write(self, value: Any) -> None:
        """Saves a value, if the folder can be written."""
        data = zlib.compress(self.saving.write(value), 1)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with temporary_file(self.folder, PRIVATE) as file:
                file.out.write(self._head + data)
                file.out.close()
                os.replace(file.path, self.path)
