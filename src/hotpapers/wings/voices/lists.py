"""The lists as they were last read, in the store: who is on them, by a hash of the list's address, which may contain a
password. Whoever is forgotten leaves them at once, and is not taken in again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from hotpapers.record import Record
from hotpapers.record.commitments import sha256
from hotpapers.record.meta import read_meta, write_meta

LISTS = "voices lists"


class KeptList(NamedTuple):
    """A list's accounts. `read_at`: µs UTC."""

    read_at: int
    members: tuple[str, ...]


def mark_of(name: str) -> str:
    """What stands for a list's address."""
    return sha256(name.encode()).hex()[:32]


def kept_lists(record: Record) -> dict[str, KeptList]:
    """The lists, by mark."""
    return msgspec.json.decode(read_meta(record.database, LISTS) or "{}", type=dict[str, KeptList])


def keep_lists(record: Record, lists: Mapping[str, KeptList], wanted: Collection[str]) -> None:
    """Keeps lists, those that are wanted, without whoever is forgotten."""
    forgotten = record.forgotten()
    kept = {
        mark: kept_list._replace(members=tuple(key for key in kept_list.members if not forgotten.names(key)))
        for mark, kept_list in lists.items()
        if mark in wanted
    }
    if kept != kept_lists(record):
        with record.database.write():
            write_meta(record.database, LISTS, msgspec.json.encode(kept).decode())


def drop_forgotten(record: Record) -> None:
    """Removes whoever was forgotten."""
    lists = kept_lists(record)
    keep_lists(record, lists, lists)
