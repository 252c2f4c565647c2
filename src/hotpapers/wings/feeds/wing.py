"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing

CONNECTOR = ("hotpapers.wings.feeds.source:FeedsSource", "hotpapers.wings.feeds.source:FeedsSettings")
WING = Wing("feeds", "Read feeds, such as those of blogs.", connectors={"feeds": CONNECTOR})
"""`[source.feeds]`."""
