"""Registers the wing's commands, notes, site files, tools and other hooks."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily, load_object
from hotpapers.cli.hooks import Commands
from hotpapers.keep.hooks import NoteKind
from hotpapers.publish.page_hooks import SiteFiles
from hotpapers.serve.hooks import ModelTools
from hotpapers.site.hooks import DemoPart, Findings, Publishing

TOPICS = "hotpapers.wings.topics"
WING = Wing(
    "topics",
    "What the papers of a week are about more than before.",
    hooks=(
        Commands(
            {
                "Read": {
                    "topics": (
                        f"{TOPICS}.commands:topics",
                        "Show what a week's discussed papers are about more than those before.",
                    ),
                }
            }
        ),
        Publishing(lambda site, shared: load_object(f"{TOPICS}.freezing:TopicFreezing")()),
        Findings(load_lazily(f"{TOPICS}.freezing:check_notes")),
        NoteKind("topics/"),
        DemoPart(load_lazily("hotpapers.wings.topics.demo_topics:add_topics")),
        SiteFiles(load_lazily(f"{TOPICS}.site_part:TopicsPart")),
        ModelTools(f"{TOPICS}.tools:TOOLS", site=f"{TOPICS}.tools:SITE_TOOLS"),
    ),
)
