"""Tools for language models that read a published site instead of a store."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from hotpapers.base.errors import NotFound
from hotpapers.publish.query import request_params
from hotpapers.publish.query.session import bare_id, paper_key
from hotpapers.wings.mcp.hot_papers import HotList, HotPaper
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import MAX_EARLIER, HotParams, ToolDefinition, by_name


class SiteSearchParams(request_params.Params, kw_only=True):
    """A search."""

    q: request_params.Query
    limit: Annotated[int, Meta(ge=1, le=20, description="Most papers to return")] = 10


class SiteHits(msgspec.Struct, frozen=True, kw_only=True):
    """Papers, best first."""

    papers: tuple[HotPaper, ...]


def _hot(site: PublishedSite, params: HotParams) -> HotList:
    papers = site.hot(params.day)[: params.limit]
    latest, *earlier = islice(site.days(), 1 + MAX_EARLIER)
    day = latest if params.day == "latest" else params.day
    return HotList(day=day, papers=papers, earlier=tuple(earlier))


def _paper(site: PublishedSite, params: request_params.PaperParams) -> SiteHits:
    paper = bare_id(paper_key(params.paper))
    try:
        return SiteHits(papers=tuple(site.appearances(paper)))
    except NotFound:
        hits = site.search(paper, 2)  # an article's DOI finds the preprint that became it
        if len(hits) != 1:
            raise
        return SiteHits(papers=tuple(site.appearances(hits[0].paper)))


SITE_TOOLS = (
    ToolDefinition(
        "hot",
        "Hot papers",
        "The papers that people talk about, ranked, with scores, counts and links to discussions: the site's latest "
        "issue, or that of a day.",
        HotParams,
        HotList,
        _hot,
    ),
    ToolDefinition(
        "paper",
        "Paper",
        "A paper, with each issue it was in, the latest first, and its page.",
        request_params.PaperParams,
        SiteHits,
        _paper,
    ),
    ToolDefinition(
        "search",
        "Search papers",
        "Papers of all issues with all words of a query in title, names or text; also title:…, author:…, cat:cs.LG, "
        "date:2026-11, -word, and OR, as in the site's own search.",
        SiteSearchParams,
        SiteHits,
        lambda site, params: SiteHits(papers=tuple(site.search(params.q, params.limit))),
    ),
)
"""Those of this wing."""


def all_site_tools() -> dict[str, ToolDefinition]:
    """Tools by name, also those of wings."""
    return by_name(SITE_TOOLS, "site")


def about_tools(address: str, is_live: bool) -> str:
    """A line for language models about the tools for a site. `is_live`: whether the app serves it."""
    if is_live:
        return f"- `/mcp` below {address}: tools by the Model Context Protocol, over HTTP"
    names = ", ".join(all_site_tools())
    return f"- `hotpapers mcp --site {address}`: tools by the Model Context Protocol: {names}"
