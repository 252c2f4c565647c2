"""Writes the notes of lanes (`issues.lanes`), also from and for full exports."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hotpapers.base.untrusted_json import decode_json
from hotpapers.issues.lanes import COUNT, PREFIX, NotedLane
from hotpapers.record.database import Database
from hotpapers.record.identities import find
from hotpapers.record.meta import read_meta, write_meta
from hotpapers.wings.voices.queries import keys_in


def note_lanes(database: Database, publication: str, day: str, lanes: Sequence[NotedLane]) -> None:
    """Notes the lanes beside an issue."""
    with database.write():
        _write(database, f"{PREFIX}{publication} {day}", lanes)


def _write(database: Database, name: str, lanes: Sequence[NotedLane]) -> None:
    write_meta(database, name, msgspec.json.encode(lanes).decode())
    write_meta(database, COUNT, str(int(read_meta(database, COUNT) or 0) + 1))


def lanes_with_keys(database: Database, text: str) -> str:
    """The lanes of a note as exports have them: posts by key, without those that are forgotten."""
    lanes = msgspec.json.decode(text, type=list[NotedLane])
    keys = keys_in(database, sorted({number for lane in lanes for number in lane.posts}))
    exported = [(lane.title, [keys[number] for number in lane.posts if number in keys]) for lane in lanes]
    return msgspec.json.encode(exported).decode()


def take_lanes(database: Database, name: str, text: str) -> None:
    """Notes the lanes of an export, without posts that are not in the record. Call inside `write()`. Raises
    InputError."""
    lanes = decode_json(text.encode(), list[tuple[str, list[str]]])
    known = find(database, {key for _, posts in lanes for key in posts})
    noted = [NotedLane(title, tuple(known[key].number for key in posts if key in known)) for title, posts in lanes]
    _write(database, name, noted)
