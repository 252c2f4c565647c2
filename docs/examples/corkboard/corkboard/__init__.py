"""Corkboard for Hot Papers: a source, a channel and a ranking in a package of their own."""

from hotpapers.base.networks import Network, NetworkReader
from hotpapers.base.wings import Wing
from hotpapers.issues.hooks import RankingRule
from hotpapers.publish.hooks import Renderer

WING = Wing(
    "corkboard", "Read Corkboard; issues as plain text.",
    hooks=(
        Network("corkboard", "Corkboard", "2026-11-25", "notes are public", "https://corkboard.example/terms"),
        NetworkReader("corkboard", "corkboard.source:Corkboard", "corkboard.source:CorkboardSettings"),
        Renderer("text", "corkboard.issues:TextChannel"),
        RankingRule("loudest/1", "corkboard.issues:rank"),
    ),
)  # fmt: skip
