"""Registers the wing's part of the API: the export and its description."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.publish.hooks import Operations
from hotpapers.serve.hooks import Answers

STREAM = "hotpapers.wings.download.export_stream"
WING = Wing(
    "download",
    "The whole record for the public, from the app's API.",
    hooks=(
        Answers(load_lazily(f"{STREAM}:answers")),
        Operations(load_lazily(f"{STREAM}:operations")),
    ),
)
