"""Shared by sources: decoding of responses and of their timestamps."""

from __future__ import annotations

import datetime
import hashlib
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from hotpapers.errors import InputError, NetError
from hotpapers.ids import timestamps
from hotpapers.model import Response
from hotpapers.untrusted_json import decode_json

T = TypeVar("T")


def microseconds_of(published: datetime.datetime) -> int:
    """Whole seconds as µs UTC. A time without a zone is UTC, never the machine's local time."""
    return timestamps.whole_seconds(timestamps.from_datetime(published))


def decode_response(response: Response, type: type[T]) -> T:
    """A server's decoded JSON. Raises NetError if it is anything else, such as an HTML page."""
    try:
        return decode_json(response.body, type)
    except InputError as problem:
        parts = urlsplit(response.url)
        raise NetError(f"{parts.netloc}{parts.path}: not the expected response: {problem}") from problem


def decode_or_none(raw: bytes | msgspec.Raw, type: type[T]) -> T | None:
    """The decoded part of an entry that identifies it; None if it cannot be decoded."""
    try:
        return decode_json(raw, type)
    except InputError:
        return None


def unreadable_key(raw: bytes | msgspec.Raw) -> str:
    """A key for an entry that cannot be identified: it goes to quarantine instead of being lost."""
    return "unreadable-" + hashlib.sha256(bytes(raw)).hexdigest()[:16]
