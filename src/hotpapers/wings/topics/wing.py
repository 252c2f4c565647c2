"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import NoteKind, Wing, load, loading

TOPICS = "hotpapers.wings.topics"
WING = Wing(
    "topics",
    "What the papers of a week are about more than before.",
    commands={
        "Read": {
            "topics": (
                f"{TOPICS}.commands:topics",
                "Show what a week's discussed papers are about more than those before.",
            ),
        }
    },
    publishing=lambda site, shared: load(f"{TOPICS}.freezing:TopicFreezing")(),
    findings=loading(f"{TOPICS}.freezing:check_notes"),
    notes=(NoteKind("topics/"),),
    tools=lambda: load(f"{TOPICS}.tools:TOOLS"),
    site_tools=lambda: load(f"{TOPICS}.tools:SITE_TOOLS"),
    demo=loading("hotpapers.wings.topics.demo_topics:add_topics"),
    site_part=loading(f"{TOPICS}.site_part:TopicsPart"),
)
