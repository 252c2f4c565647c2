"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing

WING = Wing(
    "classic",
    "Read and write issues in the Markdown of 2020 to 2022.",
    importers={
        "classic": ("hotpapers.wings.classic.commands:import_classic", "Import issues of 2020 to 2022, in Markdown.")
    },
    renderers={"classic": "hotpapers.wings.classic.channel:ClassicChannel"},
)
