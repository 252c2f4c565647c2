"""Folders that issues are published to, as deliveries name them: `file:site?store=hotpapers.db`.

A folder within the store's own is named from there, so that both can move together; any other by its whole path. Beside
it stands the store that wrote it. A copy of a store holds the same deliveries and must leave the original's folders
alone; a store that was moved keeps its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from hotpapers.store.database import Database, server_database

PREFIX = "file:"
"""How a delivery's target names a folder."""
_STORE = "?store="


class PublishedFolder(NamedTuple):
    """A folder that was published to. `owner`: the other store to which it belongs; empty where it is this one's."""

    path: Path
    owner: str = ""


def target_of(database: Database, output: Path) -> str:
    """What deliveries to a folder are known by."""
    folder, store = output.resolve(), _file(database)
    if store is None:
        return _target(folder, server_database(database))
    if folder.is_relative_to(store.parent):
        return _target(folder.relative_to(store.parent), store.name)
    return _target(folder, str(store))


def folder_of(database: Database, target: str) -> PublishedFolder | None:
    """The folder that a delivery went to; None where it went to none."""
    if not target.startswith(PREFIX):
        return None
    parts = target.removeprefix(PREFIX).partition(_STORE)
    folder, _, owner = (os.fsdecode(unquote_to_bytes(part)) for part in parts)
    store = _file(database)
    if store is None:
        return PublishedFolder(Path(folder), "" if owner == server_database(database) else owner)
    writer = store.parent / owner
    return PublishedFolder(store.parent / folder, "" if writer == store or not writer.exists() else str(writer))


def _target(folder: Path, store: str) -> str:
    return f"{PREFIX}{quote(os.fsencode(folder))}{_STORE}{quote(store)}"


def _file(database: Database) -> Path | None:
    """The store's file; None for a database on a server."""
    return Path(database.where).resolve() if database.name == "sqlite" else None
