"""Registers the wing's commands and importers."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_object
from hotpapers.cli.hooks import Commands, Importers

FORMATS = {
    "arxiv": "Import papers from arXiv's metadata snapshot.",
    "jetstream": "Import Bluesky's stream, as Jetstream events.",
    "bluesky": "Import Bluesky's history, from its archive.",
    "car": "Import AT Protocol repositories, one in each file.",
    "hackernews": "Import stories and comments of Hacker News.",
    "reddit": "Import submissions and comments of Reddit.",
    "x": "Import posts of X.",
}
"""Each format's line in the list of formats."""
CLI = "hotpapers.wings.archives.cli"
WING = Wing(
    "archives",
    "Import what others have archived of networks, and find papers in any text.",
    settings=lambda: (load_object("hotpapers.wings.archives.replay.settings:TABLE"),),
    hooks=(
        Commands({"Read": {"find": (f"{CLI}.find:find", "Find the papers mentioned in a text.")}}),
        Importers(
            {
                name: (f"{CLI}.replay:import_bluesky" if name == "bluesky" else f"{CLI}.commands:{name}", line)
                for name, line in FORMATS.items()
            }
        ),
    ),
)
