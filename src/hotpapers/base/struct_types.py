"""Preparation of msgspec for use in threads."""

from __future__ import annotations

import msgspec


def learn_structs() -> None:
    """Makes msgspec analyze every imported struct. It otherwise does so when it first decodes a type, and crashes the
    process if two threads do that at once (msgspec 0.22): call this before starting threads."""
    classes: list[type[msgspec.Struct]] = [msgspec.Struct]
    while classes:
        cls = classes.pop()
        classes += cls.__subclasses__()
        if cls.__module__.startswith("hotpapers."):
            msgspec.json.Decoder(cls)
