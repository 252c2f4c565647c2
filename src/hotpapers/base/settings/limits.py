"""Limits of settings: part of their types, so that errors and docs/reference/settings.md name the same ones."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

from msgspec import Meta

from hotpapers.base.model import MAX_INTEGER

AnyNumber = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
"""A whole number without a limit that matters."""
AtLeastOne = Annotated[int, Meta(ge=1)]
"""With 0 seconds between rounds, servers would be asked without a pause; 0 parts would read nothing."""
MAX_NAME_CHARS = 64
Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]


def limit_of(hint: Any) -> str:
    """The limit in a type, such as `0 to 10`; empty if it has none."""
    if get_origin(hint) is not Annotated:
        return next(filter(None, map(limit_of, get_args(hint))), "")
    meta: Meta = hint.__metadata__[0]
    if meta.max_length is not None:
        return f"up to {meta.max_length:,} characters"
    if meta.le is None or meta.le == MAX_INTEGER:
        return f"{meta.ge:,} or more"
    return f"{meta.ge:,} to {meta.le:,}".removesuffix(".0")
