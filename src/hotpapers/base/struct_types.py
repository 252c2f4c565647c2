"""The bases of structs, and the preparation of msgspec for use in threads."""

from __future__ import annotations

from typing import dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Value(msgspec.Struct, frozen=True):
    """A struct that never changes."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class SettingsStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of hotpapers.toml, which has no other keys than these."""


def learn_structs() -> None:
    """Makes msgspec analyze every imported struct. It otherwise does so when it first decodes a type, and crashes the
    process if two threads do that simultaneously (msgspec 0.22): call this before starting threads."""
    classes = [msgspec.Struct]
    while classes:
        cls = classes.pop()
        classes += cls.__subclasses__()
        if cls.__module__.startswith("hotpapers."):
            msgspec.json.Decoder(cls)
