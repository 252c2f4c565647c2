"""What the wing hooks into the core."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.wings import SendingChannel, Wing, load, loading

PERSONAL = "hotpapers.wings.personal"
PAPER_SCRIPTS = ("vectors", "choices", "day_files", "page_papers", "own_order", "for_me")
"""Each uses those before it."""
WING = Wing(
    "personal",
    "A reader's own order of papers, without an account.",
    commands={
        "Read": {
            "for-me": (
                f"{PERSONAL}.commands:for_me_command",
                "Order a day's papers by their closeness to those that you starred.",
            ),
        }
    },
    settings=lambda: (load(f"{PERSONAL}.settings:TABLE"), load(f"{PERSONAL}.embeddings.settings:TABLE")),
    publishing=loading(f"{PERSONAL}.embeddings.filling:vector_filling"),
    trials=loading(f"{PERSONAL}.embeddings.embedding_server:trials"),
    channels={
        "reader": SendingChannel(
            loading(f"{PERSONAL}.readers:destinations"),
            lambda settings: bool(settings.table("reader")),
            page="wings/own-order",
        )
    },
    tools=lambda: load(f"{PERSONAL}.tools:TOOLS"),
    site_tools=lambda: load(f"{PERSONAL}.site_tools:SITE_TOOLS"),
    public_tools=lambda: load(f"{PERSONAL}.tools:PUBLIC_TOOLS"),
    site_part=loading(f"{PERSONAL}.site_part:PersonalPart"),
    questions=lambda: load(f"{PERSONAL}.tools:QUESTIONS"),
    neighbors=loading(f"{PERSONAL}.neighbors:Neighbors"),
    prepare=loading(f"{PERSONAL}.preparing:prepare"),
    scripts=(Path(__file__).with_name("my_papers_link.js"),),
    paper_scripts=tuple(Path(__file__).with_name(f"{name}.js") for name in PAPER_SCRIPTS),
)
