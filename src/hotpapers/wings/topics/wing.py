"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hotpapers.base.wings import NoteKind, Wing

if TYPE_CHECKING:
    from hotpapers.collect.job_factory import IngestContext
    from hotpapers.publish.render.html.site_context import SiteContext
    from hotpapers.record import Record
    from hotpapers.record.verify import VerifyFinding
    from hotpapers.site.site import Site
    from hotpapers.wings.mcp.record_tools import ToolDefinition
    from hotpapers.wings.topics.freezing import TopicFreezing
    from hotpapers.wings.topics.site_part import TopicsPart


def _publishing(site: Site, shared: IngestContext) -> TopicFreezing:
    from hotpapers.wings.topics.freezing import TopicFreezing

    return TopicFreezing()


def _findings(record: Record, publication: str | None) -> Iterator[VerifyFinding]:
    from hotpapers.wings.topics.freezing import check_notes

    return check_notes(record, publication)


def _tools() -> tuple[ToolDefinition, ...]:
    from hotpapers.wings.topics.tools import TOOLS

    return TOOLS


def _site_tools() -> tuple[ToolDefinition, ...]:
    from hotpapers.wings.topics.tools import SITE_TOOLS

    return SITE_TOOLS


def _site_part(pages: SiteContext) -> TopicsPart:
    from hotpapers.wings.topics.site_part import TopicsPart

    return TopicsPart(pages)


WING = Wing(
    "topics",
    "What the papers of a week are about more than before.",
    commands={
        "topics": (
            "hotpapers.wings.topics.commands:topics",
            "Show what a week's discussed papers are about more than those before.",
        ),
    },
    publishing=_publishing,
    findings=_findings,
    notes=(NoteKind("topics/"),),
    tools=_tools,
    site_tools=_site_tools,
    site_part=_site_part,
)
