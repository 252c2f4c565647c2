"""Tools for language models that read a published site instead of a store."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from hotpapers.base.wings import wings
from hotpapers.publish.query import request_params
from hotpapers.publish.query.session import bare, paper_key
from hotpapers.publish.view import site_paths
from hotpapers.wings.mcp.published_site import PaperInIssue, PublishedSite
from hotpapers.wings.mcp.record_tools import MAX_EARLIER, HotList, HotPaper, HotParams, ToolDefinition


class SiteSearchParams(request_params.Params, frozen=True, kw_only=True):
    """A search."""

    q: request_params.Query
    limit: Annotated[int, Meta(ge=1, le=20, description="Most papers to return")] = 10


class SiteHits(msgspec.Struct, frozen=True, kw_only=True):
    """Papers, best first."""

    papers: tuple[HotPaper, ...]


def _shown(site: PublishedSite, shown: PaperInIssue) -> HotPaper:
    paper = shown.paper
    return HotPaper(
        paper=paper.id,
        title=paper.title,
        authors=paper.authors,
        categories=paper.categories,
        text=paper.text,
        day=shown.day,
        place=paper.place,
        page=site_paths.paper_url(site.address, paper_key(paper.id)),
    )


def _hot(site: PublishedSite, params: HotParams) -> HotList:
    papers = site.issue(params.day)[: params.limit]
    earlier = tuple(islice(site.days(), 1, 1 + MAX_EARLIER))
    day = papers[0].day if papers else params.day
    return HotList(day=day, papers=tuple(_shown(site, paper) for paper in papers), earlier=earlier)


def _hits(site: PublishedSite, papers: Iterable[PaperInIssue]) -> SiteHits:
    return SiteHits(papers=tuple(_shown(site, paper) for paper in papers))


SITE_TOOLS: dict[str, ToolDefinition] = {
    tool.name: tool
    for tool in (
        ToolDefinition(
            "hot",
            "Hot papers",
            "The papers that people talk about, ranked: the site's latest issue, or that of a day.",
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
            lambda site, params: _hits(site, site.appearances(bare(paper_key(params.paper)))),
        ),
        ToolDefinition(
            "search",
            "Search papers",
            "Papers of all issues with all words of a query in title, names or text.",
            SiteSearchParams,
            SiteHits,
            lambda site, params: _hits(site, site.search(params.q, params.limit)),
        ),
    )
}
"""Tools by name, without those of wings."""


def all_site_tools() -> dict[str, ToolDefinition]:
    """Tools by name, also those of wings."""
    return {**SITE_TOOLS, **{tool.name: tool for wing in wings() for tool in wing.site_tools()}}


def about_tools(address: str) -> str:
    """A line for language models about the tools for a site."""
    names = ", ".join(all_site_tools())
    return f"- `hotpapers mcp --site {address}`: tools by the Model Context Protocol: {names}"
