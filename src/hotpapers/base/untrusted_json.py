"""Decoding of untrusted JSON, which may be deeply nested, broken or not even UTF-8."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from hotpapers.base.errors import InputError

T = TypeVar("T")
BROKEN = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""The decoder's errors: for invalid JSON or a wrong shape, for invalid UTF-8, for thousands of nested lists."""
UNBOUNDED = sys.maxsize
MAX_REASON_CHARS = 300
"""Maximum characters of the reason given for a bad line."""


def decode_json(body: bytes | str | msgspec.Raw, type: type[T]) -> T:
    """Decodes a value of a type. Raises InputError for anything else."""
    try:
        return msgspec.json.decode(body, type=type)
    except BROKEN as problem:
        raise InputError(str(problem)) from problem


def refuse_repeated_names(text: str | bytes) -> None:
    """Raises InputError if an object has a name twice: programs differ in which of the values they use."""

    def once(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) < len(pairs):
            raise InputError("a JSON object has a name twice")

    try:
        json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"not JSON that every program can read: {problem}") from problem


def decode_lines(
    lines: Iterable[bytes], type: type[T], file: str, *, max_lines: int = UNBOUNDED, max_bytes: int = UNBOUNDED
) -> Iterator[T]:
    """The values of JSON lines. `max_bytes`: of a line. Raises InputError
    with file and line, and without control characters from the input."""
    for number, line in enumerate(lines, 1):
        try:
            if number > max_lines:
                raise InputError(f"more than {max_lines:,} lines")
            if len(line) > max_bytes:
                raise InputError(f"a line longer than {max_bytes:,} bytes")
            yield decode_json(line, type)
        except InputError as problem:
            raise InputError(
                "".join([sign if sign.isprintable() else "\ufffd" for sign in problem.reason[:MAX_REASON_CHARS]]),
                file=file,
                line=number,
            ) from problem
