"""What the wing hooks into the core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hotpapers.base.wings import Wing

if TYPE_CHECKING:
    from hotpapers.publish.query.tools import ToolDefinition
    from hotpapers.publish.render.html.site_context import SiteContext
    from hotpapers.wings.personal.site_part import PersonalPart


def _tools() -> tuple[ToolDefinition, ...]:
    from hotpapers.wings.personal.tools import TOOLS

    return TOOLS


def _site_part(pages: SiteContext) -> PersonalPart:
    from hotpapers.wings.personal.site_part import PersonalPart

    return PersonalPart(pages)


WING = Wing(
    "personal",
    "A reader's own order of papers, without an account.",
    commands={
        "for-me": (
            "hotpapers.wings.personal.cli:for_me_command",
            "Order a day's papers by their closeness to those that you starred.",
        ),
    },
    tools=_tools,
    site_part=_site_part,
    scripts=tuple(Path(__file__).with_name(f"{name}.js") for name in ("vectors", "library", "for_me")),
)
