"""The tool `topics` for language models."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from msgspec import Meta

from hotpapers.base.errors import NotFound
from hotpapers.base.untrusted_json import decode_json
from hotpapers.publish.query import QuerySession, request_params
from hotpapers.publish.view.tops import period_of
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import ToolDefinition
from hotpapers.wings.topics.site_part import data_path
from hotpapers.wings.topics.weeks import TopicWeeks, WeekTopics, weeks_up_to

MAX_WEEKS = 6
"""Weeks in which a site's latest topics are looked for."""


class SiteTopicsParams(request_params.Params, kw_only=True):
    """A week."""

    week: Annotated[
        str,
        Meta(
            pattern="^(latest|[0-9]{4}-W[0-9]{2})$",
            description="An ISO week such as 2026-W47, or latest",
        ),
    ] = "latest"


class TopicsParams(SiteTopicsParams, kw_only=True):
    """A week of a publication."""

    publication: request_params.Publication = ""


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


def _site_topics(site: PublishedSite, params: SiteTopicsParams) -> WeekTopics:
    """The topics of a week, or of the latest with topics, by their file."""
    weeks = [params.week]
    if params.week == "latest":
        last = next(site.days(), "")
        if last:
            weeks = weeks_up_to(period_of("week", "daily", last), MAX_WEEKS)[::-1]
        else:
            weeks = []
    for week in weeks:
        with suppress(NotFound):
            return decode_json(site.file(data_path(week)), WeekTopics)
    raise NotFound(f"the site has no topics of {params.week}" if params.week != "latest" else "the site has no topics")


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
SITE_TOOLS = (TOOLS[0]._replace(params=SiteTopicsParams, ask=_site_topics),)
