"""Corkboard for Hot Papers: a source, a channel and a ranking in a package of their own."""

from hotpapers.base.wings import NetworkSource, Wing

WING = Wing(
    "corkboard",
    "Read Corkboard; issues as plain text.",
    sources={
        "corkboard": NetworkSource(
            "Corkboard", "corkboard.source:Corkboard", "corkboard.source:CorkboardSettings",
            "2026-11-25", "notes are public", "https://corkboard.example/terms",
        )
    },
    renderers={"text": "corkboard.issues:TextChannel"},
    rankings={"loudest/1": "corkboard.issues:rank"},
)  # fmt: skip
