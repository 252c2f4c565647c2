"""Registers the wing's reader of Mastodon."""

from __future__ import annotations

from hotpapers.base.networks import NetworkReader
from hotpapers.base.wings import Wing

READER = NetworkReader(
    "mastodon", "hotpapers.wings.mastodon.source:MastodonSource", "hotpapers.wings.mastodon.settings:MastodonSettings"
)
WING = Wing(
    "mastodon",
    "Read servers of Mastodon and of others like it.",
    hooks=(READER,),
)
"""`[source.mastodon]`."""
