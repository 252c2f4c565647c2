"""Caches values computed from frozen issues while the program runs: issue readers change with each batch, the papers of
a frozen issue do not. Values that take long to compute are also saved in a folder next to a store file, which may be
deleted.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from hotpapers.base.file_modes import PRIVATE, temporary_file
from hotpapers.base.model import IssueReader
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.commitments import sha256
from hotpapers.record.database import Database

MAX_KEPT = 250
"""Values of a kind that are kept of one store."""
FOLDER = ".vectors"
"""The end of the folder's name; the rest is the store's."""
Value = TypeVar("Value")
Values = dict[tuple[str, ...], Any]
_OF_STORES: dict[str, Values] = {}
_OF_READERS: MutableMapping[IssueReader, Values] = WeakKeyDictionary()
_LOCK = Lock()
PREPARING: dict[str, Callable[[], object]] = {}
"""The stores whose lists are being prepared, and what waits for that. Raises Refused if it takes long."""


class Saving(NamedTuple):
    """How values become bytes, none for those not worth it, and are read again; ValueError for other bytes. `format`:
    changes with either."""

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
    digests = (reader.issue_header(publication, day).digest for day in days)
    key = (kind, publication, *days, *digests)
    with _LOCK:
        where = store_of(reader)
        values = _OF_STORES.setdefault(where, {}) if where else _OF_READERS.setdefault(reader, {})
        if key in values:
            known: Value = values.pop(key)
            values[key] = known  # as the latest
            return known
    database = database_of(reader)
    if saving and database and database.name == "sqlite":
        value = saved_or_made(Path(f"{database.where}{FOLDER}"), key, make, saving)
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


def saved_or_made(folder: Path, key: tuple[str, ...], make: Callable[[], Value], saving: Saving) -> Value:
    """Returns a key's saved value, or computes it now and saves it, if the folder can be written."""
    own = sha256("\n".join((saving.format, *key)).encode())
    hasher = sha256("\n".join(key[:3]).encode())
    path = folder / hasher.hex()[:32]  # so that a later edition's takes its place
    with suppress(OSError, ValueError, zlib.error):
        data = path.read_bytes()
        if data.startswith(own):
            chunks = data[len(own) :]
            saved: Value = saving.read(zlib.decompress(chunks))
            return saved
    value = make()
    if data := saving.write(value):
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            with temporary_file(folder, PRIVATE) as file:
                file.out.write(own + zlib.compress(data, 1))
                file.out.close()
                os.replace(file.path, path)
    return value
