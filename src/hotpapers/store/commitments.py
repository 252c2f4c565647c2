"""What stands in hashes for what may be forgotten: SHA-256(salt ‖ value). A value can go, its commitment stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import stringzilla  # type: ignore[import-not-found]

SALT = 16
"""Bytes of a salt."""

sha256: Callable[[bytes], bytes] = stringzilla.sha256
"""The 32 bytes of a SHA-256: of a few hundred bytes in a third of the time that hashlib's object takes."""

canonical_json = msgspec.json.Encoder(order="sorted").encode
"""RFC 8785 JSON of what this program hashes: ASCII names, strings, integers, no floating point numbers."""


def fresh_salts(number: int) -> list[bytes]:
    """So many salts."""
    pool = os.urandom(SALT * number)
    return [pool[at : at + SALT] for at in range(0, len(pool), SALT)]


def commitment(salt: bytes, value: Any) -> str:
    """SHA-256(salt ‖ value) in hexadecimal; a value that is not text counts as its canonical JSON."""
    raw = value.encode() if isinstance(value, str) else canonical_json(value)
    return sha256(salt + raw).hex()
