"""Lanes: posts that a page shows beside an issue, with their papers. They count for nothing, and no digest covers them.

A lane is noted once, when its issue is frozen. It holds numbers of posts (`record.identities`), not keys, so it says
nothing about whoever is forgotten later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.record import Database, read_meta, read_prefixed
from hotpapers.record.identities import find_identities

PREFIX = "beside "
COUNT = "lanes noted"
"""How often lanes were noted, which changes pages."""
MAX_PAPERS = 20
"""Papers of a lane that are shown."""


class NotedLane(NamedTuple):
    """A lane's title, and the numbers of its posts."""

    title: str
    posts: tuple[int, ...]


def noted_lanes(database: Database, publication: str, day: str) -> list[NotedLane] | None:
    """The lanes beside an issue; None if none were noted."""
    text = read_meta(database, f"{PREFIX}{publication} {day}")
    return None if text is None else msgspec.json.decode(text, type=list[NotedLane])


def issues_beside(database: Database, posts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(publication, day) of the issues with any of these posts in a lane."""
    numbers = {identity.number for key, identity in find_identities(database, posts).items() if key}
    for name, text in read_prefixed(database, PREFIX).items() if numbers else ():
        if any(not numbers.isdisjoint(lane.posts) for lane in msgspec.json.decode(text, type=list[NotedLane])):
            publication, _, day = name.rpartition(" ")
            yield publication, day
