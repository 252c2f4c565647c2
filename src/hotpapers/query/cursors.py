"""Cursors: where a page ended, opaque to who asks. By keys and not by numbers, so what comes in meanwhile shifts
nothing; a cursor stays good for as long as the record does."""

import base64
import binascii
from typing import Any

import msgspec

from hotpapers.errors import InputError, UsageError
from hotpapers.untrusted_json import decode_json

LONGEST = 600
"""Characters of a cursor: a post's key may be long."""

Key = tuple[Any, ...]
"""Texts and numbers, as a page orders its rows by."""


def cursor_of(kind: str, *key: str | int) -> str:
    """The cursor of what comes after a key, on pages of a kind."""
    return base64.urlsafe_b64encode(msgspec.json.encode([kind, *key])).rstrip(b"=").decode()


def key_of(cursor: str, kind: str, *types: type) -> Key | None:
    """The key in a cursor, None where there is no cursor. Raises UsageError for what no page of that kind gave out."""
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = decode_json(base64.b64decode(padded, altchars=b"-_", validate=True), list[Any])
    except (UnicodeEncodeError, binascii.Error, InputError):
        key = []
    right = [type(part) for part in key] == [str, *types] and key[0] == kind
    if not right or cursor != cursor_of(*key):
        raise UsageError("cursor: take it from `next`, or from the header Link, of an answer to the same question")
    return tuple(key[1:])
