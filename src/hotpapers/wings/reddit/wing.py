"""Registers the wing's reader of Reddit."""

from __future__ import annotations

from hotpapers.base.networks import NetworkReader
from hotpapers.base.wings import Wing

SOURCE = "hotpapers.wings.reddit.source"
SUMMARY = "Read subreddits, with a key of your own or from their feeds."
WING = Wing(
    "reddit",
    SUMMARY,
    hooks=(NetworkReader("reddit", f"{SOURCE}:RedditSource", f"{SOURCE}:RedditSettings"),),
)
"""`[source.reddit]`."""
