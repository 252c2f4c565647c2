"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading

SUMMARY = "Freeze the issues that a past period would have had."
WING = Wing(
    "history",
    SUMMARY,
    {"Publish": {"history": ("hotpapers.wings.history.commands:history", SUMMARY)}},
    history=loading("hotpapers.wings.history.past_period:history"),
)
