"""Whether a line of a full export stands as it was written. Its hashes cover what is there: a field that is filled in,
or one that only says what its absence says, has another hash for whoever recomputes it without this program."""

from __future__ import annotations

from typing import Any

import msgspec


def has_fields_of(body: dict[str, Any], value: msgspec.Struct, *, in_order: bool = False) -> bool:
    """Whether a line has the fields that a value is written with, no fewer and no more. `in_order`: and in its order,
    where a hash goes by it."""
    written = msgspec.to_builtins(value)
    return list(body) == list(written) if in_order else body.keys() == written.keys()


def has_no_nulls(row: object) -> bool:
    """Whether what stands beside an item leaves out what is not there."""
    return not isinstance(row, dict) or None not in (row.get("salt", ""), row.get("derived", ""))


def is_plain_hex(text: str) -> bool:
    """Whether bytes are written in small hexadecimal digits and nothing else."""
    return all(sign in "0123456789abcdef" for sign in text)


def hex_bytes(text: str) -> bytes:
    """The bytes that hexadecimal digits stand for; none for other text."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
