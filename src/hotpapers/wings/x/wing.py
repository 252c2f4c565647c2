"""Registers the wing's reader of X."""

from __future__ import annotations

from hotpapers.base.networks import NetworkReader
from hotpapers.base.wings import Wing

SOURCE = "hotpapers.wings.x.source"
WING = Wing(
    "x",
    "Read X with a paid key.",
    hooks=(NetworkReader("x", f"{SOURCE}:XSource", f"{SOURCE}:XSettings"),),
)
"""`[source.x]`."""
