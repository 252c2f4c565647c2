"""Queries of announcements."""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.discussion.engagement.queries import VOICE, posts_about_papers, show_tables
from hotpapers.record.as_of import AsOfView
from hotpapers.record.identities import key_of, numbers_of


def posters_of(view: AsOfView, voices: Sequence[int], papers: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """(paper, network, name, handle) of the posts by some voices about some papers that may be shown; by paper, newest
    first."""
    sql = f"""{show_tables(view, voices)} SELECT {key_of("mention.paper")}, post.network, post.name, post.handle
        {posts_about_papers(view, f"IN ({numbers_of(papers)})")} AND {VOICE} IN (SELECT voice FROM own)
        ORDER BY 1, post.created_at DESC, {key_of("post.post")}"""
    return view.database.rows(sql, papers)
