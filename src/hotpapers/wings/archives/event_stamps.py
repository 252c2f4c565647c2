"""When Bluesky events happened, their order within a moment, and the marks by which other events refer to them."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.bluesky.parser import address
from hotpapers.wings.archives.format import FIRST

COLLECTIONS = frozenset((schemas.POST, schemas.LIKE, schemas.REPOST))
ANYWAY = -1
"""For events that are relevant whatever else is known."""


class EventStamp(NamedTuple):
    """`at`: when the network learned of the event, µs UTC. `rank`: its place among events of the same moment.
    `needed_mark`: the mark of the post, reaction or account that must be known for it to be relevant, or ANYWAY.
    `known_marks`: the marks of what it makes known."""

    at: int
    rank: int
    needed_mark: int = ANYWAY
    known_marks: tuple[int, ...] = ()


def mark_of(address: str) -> int:
    """A short mark of an address, 32 bits. Different addresses may share one."""
    return zlib.crc32(address.encode("utf-8", "replace"))


def check_moment(at: int, latest: int) -> int:
    """A valid moment. Raises InputError if it is impossible."""
    if not FIRST <= at <= latest:
        raise InputError(f"event at impossible time {at}")
    return at


def event_stamp(event: schemas.StreamEvent) -> EventStamp:
    """An event's stamp. Within a moment, posts come first, then reactions, deletions and accounts."""
    at, commit = event.time_us, event.commit
    if commit is None:
        return EventStamp(at, 3, mark_of(event.did))
    uri = address(event.did, commit.collection, commit.rkey)
    if commit.operation == "delete":
        return EventStamp(at, 2, mark_of(uri))
    if commit.collection == schemas.POST:
        return EventStamp(at, 0, ANYWAY, (mark_of(uri), mark_of(event.did)))
    return EventStamp(at, 1, ANYWAY, (mark_of(uri),))
