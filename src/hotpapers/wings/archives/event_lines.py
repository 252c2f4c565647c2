"""Bluesky's events as lines of Jetstream's JSON: when they happened, their order within a moment, and the marks by
which others refer to them.

A line for an entry that could not be converted has the reason, which reading it raises, so that it is quarantined.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.bluesky.parser import record_address
from hotpapers.wings.archives.format import FIRST
from hotpapers.wings.archives.framing import ANYWAY, EventStamp

COLLECTIONS = frozenset((schemas.POST, schemas.LIKE, schemas.REPOST))
PROBLEM = b'{"problem":"'


class _Problem(msgspec.Struct):
    problem: str


def problem_line(reason: str, **evidence: Any) -> bytes:
    """The line for an entry that cannot be converted. `evidence`: its known parts."""
    problem = reason.encode("utf-8", "replace").decode()
    return msgspec.json.encode({"problem": problem, **evidence}) + b"\n"


def event_of(line: bytes) -> schemas.StreamEvent:
    """A line's event. Raises InputError with the reason of a line without one, and the decoders' errors."""
    if line.startswith(PROBLEM):
        raise InputError(msgspec.json.decode(line, type=_Problem).problem[:300])
    return schemas.read_event(line)


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
    at = event.time_us
    commit = event.commit
    if commit is None:
        return EventStamp(at, 3, mark_of(event.did))
    uri = record_address(event.did, commit.collection, commit.rkey)
    if commit.operation == "delete":
        return EventStamp(at, 2, mark_of(uri))
    if commit.collection == schemas.POST:
        return EventStamp(at, 0, ANYWAY, (mark_of(uri), mark_of(event.did)))
    return EventStamp(at, 1, ANYWAY, (mark_of(uri),))
