"""Decoding of untrusted JSON, which may be deeply nested, broken or not even UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

import msgspec

from hotpapers.base.errors import InputError

T = TypeVar("T")
BROKEN = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""The decoder's errors: for invalid JSON or a wrong shape, for invalid UTF-8, for thousands of nested lists."""

PaperId = Annotated[str, msgspec.Meta(max_length=340)]
"""A paper's id in another's file: a DOI may be so long."""


_HEX = rb"[0-9A-Fa-f]{2}"
_ESCAPE = re.compile(rb"\\(?:u[Dd][89ABab]%b\\u[Dd][C-Fc-f]%b|(u[Dd][89A-Fa-f]%b)|.)" % (_HEX, _HEX, _HEX), re.DOTALL)
"""An escape in JSON: a pair of surrogates, one alone as a group, or another one."""
_SURROGATE = re.compile(rb"\\u[Dd][89A-Fa-f]")


def decode_json(body: bytes | str | msgspec.Raw, type: type[T]) -> T:
    """Decodes a value of a type. Raises InputError for anything else."""
    try:
        octets = body.encode() if isinstance(body, str) else bytes(body)
        decode: Callable[[bytes], T] = partial(msgspec.json.decode, type=type)
        return decode_or_mend(decode, octets)
    except BROKEN as problem:
        raise InputError(str(problem)) from problem


def decode_or_mend(decode: Callable[[bytes], T], body: bytes) -> T:
    """Decodes JSON; without lone surrogates if the decoder refuses it for these. Raises the decoder's errors."""
    try:
        return decode(body)
    except msgspec.DecodeError:
        mended = without_lone_surrogates(body)
        if mended == body:
            raise
        return decode(mended)


def without_lone_surrogates(body: bytes) -> bytes:
    """JSON with U+FFFD for each escaped surrogate that is not half of a pair. RFC 8259 §8.2 allows these, and programs
    write them for texts that were cut in the middle of a character; msgspec refuses the whole document."""
    if not _SURROGATE.search(body):
        return body
    return _ESCAPE.sub(lambda match: rb"\ufffd" if match[1] else match[0], body)


def refuse_repeated_names(text: str | bytes) -> None:
    """Raises InputError if an object has a name twice: programs differ in which of the values they use."""

    def once(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) < len(pairs):
            raise InputError("a JSON object has a name twice")

    try:
        json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"not JSON that every program can read: {problem}") from problem
