"""Commitments: hashes cover SHA-256(salt ‖ value) instead of values that may be forgotten. The commitment is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import stringzilla  # type: ignore[import-not-found]

SALT = 16
"""Bytes of a salt."""

sha256: Callable[[bytes], bytes] = stringzilla.sha256
"""The 32 bytes of a SHA-256. For a few hundred bytes up to twice as fast as hashlib."""

canonical_json = msgspec.json.Encoder(order="sorted").encode
"""RFC 8785 JSON of the values that this program hashes: ASCII names, strings, integers, no floating-point numbers."""


def fresh_salts(number: int) -> list[bytes]:
    """A number of new random salts."""
    pool = os.urandom(SALT * number)
    return [pool[at : at + SALT] for at in range(0, len(pool), SALT)]


def make_commitment(salt: bytes, value: Any) -> str:
    """SHA-256(salt ‖ value) in hexadecimal; values that are not text are encoded as canonical JSON."""
    raw = value.encode() if isinstance(value, str) else canonical_json(value)
    return sha256(salt + raw).hex()
