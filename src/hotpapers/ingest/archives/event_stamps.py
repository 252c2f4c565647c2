"""When Bluesky's events happened, which of them come first in the same moment, and by what they are known to others."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.errors import InputError, NetError
from hotpapers.ingest.archives.format import FIRST
from hotpapers.sources.bluesky import firehose, schemas
from hotpapers.sources.bluesky.parser import address

COLLECTIONS = frozenset((schemas.POST, schemas.LIKE, schemas.REPOST))
ANYWAY = -1
"""Of what concerns us whatever else there is."""


class EventStamp(NamedTuple):
    """`at`: when the network learned of it, µs UTC. `rank`: its place among those of the same moment. `asks`: the mark
    of the post, reaction or account that must be known for it to concern us, or ANYWAY. `tells`: marks of what is known
    by it."""

    at: int
    rank: int
    asks: int = ANYWAY
    tells: tuple[int, ...] = ()


def mark_of(address: str) -> int:
    """A short mark of an address, 32 bits. What differs may have the same."""
    return zlib.crc32(address.encode("utf-8", "replace"))


def check_moment(at: int, latest: int) -> int:
    """A moment. Raises InputError where it cannot be."""
    if not FIRST <= at <= latest:
        raise InputError(f"an event at {at}, which cannot be")
    return at


def event_stamp(event: schemas.StreamEvent) -> EventStamp:
    """Of an event. In the same moment posts come first, then reactions, then what is deleted, then accounts."""
    at, commit = event.time_us, event.commit
    if commit is None:
        return EventStamp(at, 3, mark_of(event.did))
    uri = address(event.did, commit.collection, commit.rkey)
    if commit.operation == "delete":
        return EventStamp(at, 2, mark_of(uri))
    if commit.collection == schemas.POST:
        return EventStamp(at, 0, ANYWAY, (mark_of(uri), mark_of(event.did)))
    return EventStamp(at, 1, ANYWAY, (mark_of(uri),))


def frame_stamp(frame: bytes, events: Sequence[schemas.StreamEvent]) -> EventStamp:
    """Of a frame; in the same moment as the relay counts them. Raises what decoders raise for nonsense."""
    return EventStamp(events[0].time_us, min(firehose.frame(frame).seq, 2**62))


def frame_events(frame: bytes) -> Sequence[bytes]:
    """A frame's events, each as a line of Jetstream's. Raises what decoders raise for nonsense."""
    try:
        return firehose.events(firehose.frame(frame), COLLECTIONS)
    except NetError:
        return ()  # what the relay told whoever listened, not what happened on the network
