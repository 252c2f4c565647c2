"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading

STREAM = "hotpapers.wings.download.export_stream"
WING = Wing(
    "download",
    "The whole record for the public, from the app's API.",
    answers=loading(f"{STREAM}:answers"),
    operations=loading(f"{STREAM}:operations"),
)
