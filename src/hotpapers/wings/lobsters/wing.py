"""Registers the wing's reader of Lobsters."""

from __future__ import annotations

from hotpapers.base.networks import NetworkReader
from hotpapers.base.wings import Wing

SOURCE = "hotpapers.wings.lobsters.source"
READER = NetworkReader("lobsters", f"{SOURCE}:LobstersSource", f"{SOURCE}:LobstersSettings")
WING = Wing(
    "lobsters",
    "Read stories of Lobsters that link to arXiv.",
    hooks=(READER,),
)
"""`[source.lobsters]`."""
