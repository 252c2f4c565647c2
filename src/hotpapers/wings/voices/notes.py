"""The wing's notes in the store: lists and lanes.

Lists are kept as they were last read: who is on them, by a hash of the list's address, which may contain a password.
Whoever is forgotten leaves them immediately, and is not taken in again. Notes of lanes (`issues.lanes`) are also
written from and for full exports.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.untrusted_json import decode_json
from hotpapers.discussion.lanes import COUNT, PREFIX, NotedLane
from hotpapers.record import Record
from hotpapers.record.commitments import sha256
from hotpapers.record.database import Database
from hotpapers.record.identities import find_identities
from hotpapers.record.meta import read_meta, save_meta, write_meta
from hotpapers.wings.voices.queries import keys_in

LISTS = "voices lists"


class KeptList(NamedTuple):
    """A list's accounts. `read_at`: µs UTC."""

    read_at: int
    members: tuple[str, ...]


def mark_of(name: str) -> str:
    """The mark that replaces a list's address: half of the SHA-256's digits."""
    return sha256(name.encode()).hex()[:32]


def kept_lists(record: Record) -> dict[str, KeptList]:
    """The lists, by mark."""
    meta = read_meta(record.database, LISTS)
    return msgspec.json.decode(meta or "{}", type=dict[str, KeptList])


def keep_lists(record: Record, lists: Mapping[str, KeptList], wanted: Collection[str]) -> None:
    """Keeps lists, those that are wanted, without whoever is forgotten."""
    forgotten = record.forgotten()
    kept = {
        mark: kept_list._replace(members=tuple(key for key in kept_list.members if not forgotten.names(key)))
        for mark, kept_list in lists.items()
        if mark in wanted
    }
    if kept != kept_lists(record):
        save_meta(record.database, LISTS, msgspec.json.encode(kept).decode())


def drop_forgotten(record: Record) -> None:
    """Removes whoever was forgotten."""
    lists = kept_lists(record)
    keep_lists(record, lists, lists)


# ---- lanes ---------------------------------------------------------------------------------------------


def note_lanes(database: Database, publication: str, day: str, lanes: Sequence[NotedLane]) -> None:
    """Notes the lanes beside an issue."""
    with database.write():
        _write(database, f"{PREFIX}{publication} {day}", lanes)


def _write(database: Database, name: str, lanes: Sequence[NotedLane]) -> None:
    write_meta(database, name, msgspec.json.encode(lanes).decode())
    meta = read_meta(database, COUNT)
    write_meta(database, COUNT, str(int(meta or 0) + 1))


def lanes_with_keys(database: Database, text: str) -> str:
    """The lanes of a note as exports have them: posts by key, without those that are forgotten."""
    lanes = msgspec.json.decode(text, type=list[NotedLane])
    numbers = {number for lane in lanes for number in lane.posts}
    keys = keys_in(database, sorted(numbers))
    exported = [(lane.title, [keys[number] for number in lane.posts if number in keys]) for lane in lanes]
    return msgspec.json.encode(exported).decode()


def take_lanes(database: Database, name: str, text: str) -> None:
    """Notes the lanes of an export, without posts that are not in the record. Call inside `write()`. Raises
    InputError."""
    lanes = decode_json(text.encode(), list[tuple[str, list[str]]])
    keys = {key for _, posts in lanes for key in posts}
    known = find_identities(database, keys)
    noted = [NotedLane(title, tuple(known[key].number for key in posts if key in known)) for title, posts in lanes]
    _write(database, name, noted)
