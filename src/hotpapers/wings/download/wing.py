"""Registers the wing's part of the API: the export and its description."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading
from hotpapers.publish.hooks import Operations
from hotpapers.serve.hooks import Answers

STREAM = "hotpapers.wings.download.export_stream"
WING = Wing(
    "download",
    "The whole record for the public, from the app's API.",
    hooks=(
        Answers(loading(f"{STREAM}:answers")),
        Operations(loading(f"{STREAM}:operations")),
    ),
)
