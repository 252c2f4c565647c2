"""Registers the wing's commands."""

from __future__ import annotations

from hotpapers.base.wings import Wing
from hotpapers.cli.hooks import Commands

SUMMARY = "Try every source, sender and folder of the settings, and say what each needs."
WING = Wing(
    "check",
    SUMMARY,
    hooks=(Commands({"Begin": {"check": ("hotpapers.wings.check.command:check", SUMMARY)}}),),
)
