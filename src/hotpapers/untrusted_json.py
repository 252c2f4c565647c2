"""JSON from outside: nested as deep, broken as badly and written in whatever bytes a stranger likes."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hotpapers.errors import InputError

T = TypeVar("T")
BROKEN = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What the decoder raises: for what is no JSON or of another shape, for bytes that are no UTF-8, for thousands of lists
within each other."""


def decode_json(body: bytes | str | msgspec.Raw, type: type[T]) -> T:
    """A value of a type. Raises InputError for all that is none."""
    try:
        return msgspec.json.decode(body, type=type)
    except BROKEN as problem:
        raise InputError(str(problem)) from problem
