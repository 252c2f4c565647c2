"""Registers the wing's importer and renderer."""

from __future__ import annotations

from hotpapers.base.wings import Wing
from hotpapers.cli.hooks import Importers
from hotpapers.publish.hooks import Renderer

WING = Wing(
    "classic",
    "Read and write issues in the Markdown of 2020 to 2022.",
    hooks=(
        Importers(
            {
                "classic": (
                    "hotpapers.wings.classic.commands:import_classic",
                    "Import issues of 2020 to 2022, in Markdown.",
                )
            }
        ),
        Renderer("classic", "hotpapers.wings.classic.channel:ClassicChannel"),
    ),
)
