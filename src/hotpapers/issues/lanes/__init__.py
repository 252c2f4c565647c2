"""Lanes: posts that a page shows beside an issue, with their papers. They count for nothing, and no digest covers them.

A lane is noted once, when its issue is frozen. It holds numbers of posts (`record.identities`), not keys, so it says
nothing about whoever is forgotten later.

queries    posts and keys by number, numbers by key
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.untrusted_json import decode_json
from hotpapers.issues.lanes.queries import keys_in, numbers_in
from hotpapers.record.database import Database
from hotpapers.record.identities import find
from hotpapers.record.meta import read_meta, read_prefixed, write_meta

PREFIX = "beside "
COUNT = "lanes noted"
"""How often lanes were noted, which changes pages."""
MAX_PAPERS = 20
"""Papers of a lane that are shown."""


class NotedLane(NamedTuple):
    """A lane's title, and the numbers of its posts."""

    title: str
    posts: tuple[int, ...]


def note_lanes(database: Database, publication: str, day: str, lanes: Sequence[NotedLane]) -> None:
    """Notes the lanes beside an issue."""
    with database.write():
        _write(database, f"{PREFIX}{publication} {day}", lanes)


def _write(database: Database, name: str, lanes: Sequence[NotedLane]) -> None:
    write_meta(database, name, msgspec.json.encode(lanes).decode())
    write_meta(database, COUNT, str(int(read_meta(database, COUNT) or 0) + 1))


def noted_lanes(database: Database, publication: str, day: str) -> list[NotedLane] | None:
    """The lanes beside an issue; None if none were noted."""
    text = read_meta(database, f"{PREFIX}{publication} {day}")
    return None if text is None else msgspec.json.decode(text, type=list[NotedLane])


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


def issues_beside(database: Database, posts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(publication, day) of the issues with any of these posts in a lane."""
    numbers = numbers_in(database, posts)
    for name, text in read_prefixed(database, PREFIX).items() if numbers else ():
        if any(not numbers.isdisjoint(lane.posts) for lane in msgspec.json.decode(text, type=list[NotedLane])):
            publication, _, day = name.rpartition(" ")
            yield publication, day
