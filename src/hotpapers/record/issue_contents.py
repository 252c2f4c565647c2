"""Decodes the contents of frozen issues, which may be damaged like any stored text."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hotpapers.base.errors import CorruptStore

T = TypeVar("T")


def decode_content(text: str, type: type[T]) -> T:
    """A frozen content, or the parts of it that a type has. Raises CorruptStore."""
    try:
        return msgspec.json.decode(text.encode(), type=type)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise CorruptStore(f"cannot read a frozen issue ({problem}); `hotpapers verify --all` says which") from problem
