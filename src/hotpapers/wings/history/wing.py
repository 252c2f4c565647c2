"""Registers the wing's commands and its issues of past days."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.cli.hooks import Commands
from hotpapers.site.hooks import PastIssues

SUMMARY = "Freeze the issues that a past period would have had."
WING = Wing(
    "history",
    SUMMARY,
    hooks=(
        Commands({"Publish": {"history": ("hotpapers.wings.history.commands:history", SUMMARY)}}),
        PastIssues(load_lazily("hotpapers.wings.history.past_period:history")),
    ),
)
