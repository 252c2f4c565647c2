"""Files with a JSON value in each line, from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from hotpapers.base.errors import InputError
from hotpapers.base.untrusted_json import decode_json

T = TypeVar("T")
UNBOUNDED = sys.maxsize
MAX_REASON_CHARS = 300
"""Maximum characters of the reason given for a bad line."""


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
