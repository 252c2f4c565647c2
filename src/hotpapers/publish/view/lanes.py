"""Lanes beside an issue in words: each paper with those who shared it, as far as their networks' terms allow names."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.model import LanePaper, PublishedIssue, Quotation
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.post_views import LinkedPiece, byline

MAX_POSTS = 5
"""Posts of a paper that are linked."""


class LaneLine(NamedTuple):
    """A paper. `title`: as written; `posts`: each with its author and network; `more`: those left out, in words."""

    title: str
    url: str
    posts: tuple[LinkedPiece, ...]
    more: str


class LaneView(NamedTuple):
    """A lane."""

    title: str
    lines: tuple[LaneLine, ...]


def lane_views(issue: PublishedIssue) -> tuple[LaneView, ...]:
    """The lanes of an issue."""
    return tuple(LaneView(phrases.one_line(lane.title), tuple(map(_line, lane.papers))) for lane in issue.lanes)


def _line(lane_paper: LanePaper) -> LaneLine:
    paper, posts = lane_paper
    title = phrases.one_line(paper.title) or phrases.paper_name(paper.paper)
    omitted = len(posts) - MAX_POSTS
    more = f"and {omitted} more" if omitted > 0 else ""
    return LaneLine(title, site_paths.abs_url(paper.paper), tuple(map(_source, posts[:MAX_POSTS])), more)


def _source(quotation: Quotation) -> LinkedPiece:
    source = byline(quotation.post)
    return LinkedPiece(f"{source['author']}, {source['network']}", source["url"])
