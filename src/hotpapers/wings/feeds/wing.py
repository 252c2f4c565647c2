"""Registers the wing's reader of feeds."""

from __future__ import annotations

from hotpapers.base.networks import NetworkReader
from hotpapers.base.wings import Wing

READER = NetworkReader(
    "feeds", "hotpapers.wings.feeds.source:FeedsSource", "hotpapers.wings.feeds.source:FeedsSettings"
)
WING = Wing(
    "feeds",
    "Read feeds, such as those of blogs.",
    hooks=(READER,),
)
"""`[source.feeds]`."""
