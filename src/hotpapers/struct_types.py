"""What msgspec knows of this program's structs."""

from __future__ import annotations

import msgspec


def learn_structs() -> None:
    """Has msgspec learn every struct that is imported. It does so when a type is first decoded, and two threads that do
    so at the same moment end the process (msgspec 0.22): to be called before threads start."""
    classes: list[type[msgspec.Struct]] = [msgspec.Struct]
    while classes:
        cls = classes.pop()
        classes += cls.__subclasses__()
        if cls.__module__.startswith("hotpapers."):
            msgspec.json.Decoder(cls)
