"""Answers about what people said about a paper: the posts that may be shown, and their counts.

Left out are posts that are deleted, marked as not to be quoted, hidden, from a hidden account, doubtful as to whether
they are about the paper, or forgotten, and posts by the publications' own accounts. The networks' terms decide how much
of the others is shown.
"""

from __future__ import annotations

from typing import Any

from hotpapers.base import model, terms
from hotpapers.issues.moderation.quotation_policy import QuotationPolicy, policy_for, showing
from hotpapers.publish.query import queries, request_params, schemas
from hotpapers.publish.query.issues import as_post
from hotpapers.publish.query.papers import known_paper, own_voices
from hotpapers.publish.query.request_params import cursor_of, key_of, key_start
from hotpapers.publish.query.session import QuerySession
from hotpapers.record.item_rows import StoredRow

POSTS, SNAPSHOTS = "posts", "snapshots"
"""The kinds of their cursors."""
LAST_CHARACTER = "\U0010ffff"


def posts(session: QuerySession, params: request_params.PostsParams) -> schemas.PostPage:
    """The posts about a paper that may be shown, latest first."""
    key = known_paper(session, params.paper)
    cursor_key = key_of(params.cursor, POSTS, int, str)
    page_of_posts = queries.posts_about(
        session.record.view(),
        own_voices(session),
        key,
        params.network,
        cursor_key or (model.MAX_INTEGER, ""),
        params.limit + 1,
    )
    has_more, page = len(page_of_posts) > params.limit, page_of_posts[: params.limit]
    page_posts = (row.item for _, row in page if isinstance(row.item, model.Post))
    policy = policy_for(session.record.view(), session.terms, page_posts)
    last = page[-1][1].item if has_more else None
    return schemas.PostPage(
        paper=key,
        posts=tuple(_post_details(policy, key, row, automated) for automated, row in page),
        next=cursor_of(POSTS, last.created_at, key_start(last.post)) if isinstance(last, model.Post) else None,
    )


def _post_details(policy: QuotationPolicy, paper: str, row: StoredRow, automated: bool) -> schemas.PostDetails:
    """What may be shown of a post: only a link if it may not be quoted or came without its words."""
    post = row.item
    assert isinstance(post, model.Post)
    mode = "link" if "text" in (row.redacted or ()) else showing(policy, post, paper)
    return as_post(terms.as_shown(post, mode), mode, automated)


def snapshots(session: QuerySession, params: request_params.PostsParams) -> schemas.PostCountsPage:
    """The counts of the posts about a paper, with times, oldest first."""
    key = known_paper(session, params.paper)
    cursor_key = key_of(params.cursor, SNAPSHOTS, int, str) or (-model.MAX_INTEGER, "")
    rows = queries.snapshots_about(
        session.record.view(), own_voices(session), key, params.network, cursor_key, params.limit + 1
    )
    counts = [_snapshot(row) for row in rows[: params.limit]]
    has_more = len(rows) > params.limit
    return schemas.PostCountsPage(
        paper=key,
        snapshots=tuple(counts),
        next=cursor_of(SNAPSHOTS, counts[-1].observed_at, _key_after(counts[-1].post)) if has_more else None,
    )


def _key_after(post: str) -> str:
    """Where the next page of counts begins: after a post, or after all posts whose keys begin like its long one."""
    start = key_start(post)
    return start if start == post else start + LAST_CHARACTER


def _snapshot(row: tuple[Any, ...]) -> schemas.PostCounts:
    post, network, at, *counts = row
    return schemas.PostCounts(
        post=post, network=network, observed_at=at, **dict(zip(model.COUNTS, counts, strict=True))
    )
