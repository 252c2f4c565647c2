"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing

SOURCE = "hotpapers.wings.lobsters.source"
CONNECTOR = (f"{SOURCE}:LobstersSource", f"{SOURCE}:LobstersSettings")
WING = Wing("lobsters", "Read stories of Lobsters that link to arXiv.", connectors={"lobsters": CONNECTOR})
"""`[source.lobsters]`."""
