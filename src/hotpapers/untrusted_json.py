"""JSON from outside: nested as deep, broken as badly and written in whatever bytes a stranger likes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from hotpapers.errors import InputError

T = TypeVar("T")
BROKEN = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What the decoder raises: for what is no JSON or of another shape, for bytes that are no UTF-8, for thousands of lists
within each other."""
UNBOUNDED = sys.maxsize
LONGEST_REASON = 300
"""Characters that are told of what is wrong with a line."""


def decode_json(body: bytes | str | msgspec.Raw, type: type[T]) -> T:
    """A value of a type. Raises InputError for all that is none."""
    try:
        return msgspec.json.decode(body, type=type)
    except BROKEN as problem:
        raise InputError(str(problem)) from problem


def decode_once(text: str, type: type[T]) -> T:
    """The same, but refused where an object has a name twice."""
    value = decode_json(text, type)
    refuse_repeated_names(text)
    return value


def refuse_repeated_names(text: str | bytes) -> None:
    """Raises InputError where an object of some JSON has a name twice: of its values each program takes its own."""
    try:
        json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"JSON that not every program reads: {problem}") from problem


def _once(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise InputError("JSON with an object that has a name twice")


def decode_lines(
    lines: Iterable[bytes], type: type[T], file: str, *, most: int = UNBOUNDED, longest: int = UNBOUNDED
) -> Iterator[T]:
    """The values of JSON lines. `most`: so many lines; `longest`: bytes of one. Raises InputError, with file and line,
    and with nothing of a stranger's in it that a terminal would obey."""
    for number, line in enumerate(lines, 1):
        try:
            if number > most:
                raise InputError(f"more than {most:,} lines")
            if len(line) > longest:
                raise InputError(f"a line longer than {longest:,} bytes")
            yield decode_json(line, type)
        except InputError as problem:
            raise InputError(_printable(problem.reason), file=file, line=number) from problem


def _printable(reason: str) -> str:
    return "".join([sign if sign.isprintable() else "\ufffd" for sign in reason[:LONGEST_REASON]])
