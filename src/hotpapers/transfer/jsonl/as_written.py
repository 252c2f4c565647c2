"""Check whether a line of a full export is exactly as written. Hashes cover the fields that are present. With a default
filled in or an omitted value written out, anyone recomputing the hash without this program would get another one."""

from __future__ import annotations

from typing import Any

import msgspec


def has_fields_of(body: dict[str, Any], value: msgspec.Struct, *, in_order: bool = False) -> bool:
    """Whether a line has exactly the fields with which a value is written. `in_order`: also in the same order, for
    hashes that depend on it."""
    written = msgspec.to_builtins(value)
    return list(body) == list(written) if in_order else body.keys() == written.keys()


def has_no_nulls(row: object) -> bool:
    """Whether an item's `row` omits missing values instead of writing null."""
    return not isinstance(row, dict) or None not in row.values()


def is_plain_hex(text: str) -> bool:
    """Whether a text consists only of lowercase hexadecimal digits."""
    return all(sign in "0123456789abcdef" for sign in text)


def hex_bytes(text: str) -> bytes:
    """The bytes of a hexadecimal text; empty for any other text."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
