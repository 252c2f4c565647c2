"""The tool `topics` for language models."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hotpapers.base.errors import NotFound
from hotpapers.publish.query import QuerySession, request_params
from hotpapers.wings.mcp.record_tools import ToolDefinition
from hotpapers.wings.topics.weeks import TopicWeeks, WeekTopics


class TopicsParams(request_params.Params, frozen=True, kw_only=True):
    """A week of a publication."""

    publication: request_params.Publication = ""
    week: Annotated[
        str, Meta(pattern=r"^(latest|[0-9]{4}-W[0-9]{2})$", description="An ISO week such as 2026-W47, or latest")
    ] = "latest"


def topics_of(session: QuerySession, publication: str, week: str) -> WeekTopics:
    """The topics of a week, or of the latest that is over. Raises NotFound."""
    name = session.publication(publication).publication
    weeks = TopicWeeks(session.issue_reader(), name)
    chosen = weeks.latest() if week == "latest" else week
    if not chosen:
        raise NotFound(
            f"{name}: no topics yet: they need a week that is over, and at least four earlier weeks with issues"
        )
    return weeks.topics(chosen)


TOOLS = (
    ToolDefinition(
        "topics",
        "Topics of a week",
        "The word groups that the discussed papers of a week have more than those of the thirteen weeks before, with "
        "their papers, counts and z scores. They come from words and counts alone, and some are chance.",
        TopicsParams,
        WeekTopics,
        lambda session, params: topics_of(session, params.publication, params.week),
    ),
)
