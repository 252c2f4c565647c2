"""Identifiers in each network's form, derived from the second in which a message is created; and back. Pure.

No two messages of a network are created in the same second. So identifiers are unique, ascend with time where the
network's do, and tell on which day to look for a message.
"""

from __future__ import annotations

import base64
import hashlib

from hotpapers.base.text.timestamps import X_EPOCH_MS as X_EPOCH
from tests.collect.sources.bluesky_events import tid

SINCE = 946_684_800
"""2000-01-01 in seconds since 1970: short identifiers count seconds from then on."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TID = {digit: value for value, digit in enumerate("234567abcdefghijklmnopqrstuvwxyz")}


def base36(number: int) -> str:
    """A number as Reddit and Lobsters write it."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def message_id(network: str, at: int) -> str:
    """The identifier of a message created at a moment, µs. On Hugging Face, the paper's is used instead."""
    second = at // 1_000_000
    if network == "bluesky":
        return tid(at)
    if network == "mastodon":
        return str(second * 1000 << 16 | 1)
    if network == "x":
        return str(second * 1000 - X_EPOCH << 22)
    if network == "reddit":
        return f"t3_{base36(second - SINCE)}"
    return base36(second - SINCE) if network == "lobsters" else str(second - SINCE)


def creation_time(network: str, id: str) -> int | None:
    """The moment in an identifier, µs; None if it is not one of that network."""
    try:
        if network == "bluesky":
            return _tid_time(id)
        if network == "mastodon":
            return (int(id) >> 16) * 1000
        if network == "x":
            return ((int(id) >> 22) + X_EPOCH) * 1000
        bare = id.removeprefix("t3_")
        return (int(bare, 36 if network in ("reddit", "lobsters") else 10) + SINCE) * 1_000_000
    except (ValueError, KeyError):
        return None


def _tid_time(id: str) -> int:
    value = 0
    for digit in id:
        value = value << 5 | _TID[digit]
    return value >> 10


def did(name: str) -> str:
    """The id of a made-up account on Bluesky."""
    digest = hashlib.sha256(f"did of {name}".encode()).digest()
    return f"did:plc:{base64.b32encode(digest)[:24].decode().lower()}"


def cid(text: str) -> str:
    """A text in the form of a record's CID."""
    return "bafyrei" + base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower().rstrip("=")
