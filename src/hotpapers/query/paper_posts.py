"""Answers about what people said of a paper: the posts that may be shown, and their counts.

Left out are posts that are gone, not to be quoted, hidden, of a hidden account, in doubt to be about the paper,
forgotten, and those of the publications' own accounts. How much of the others is shown is their networks' terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hotpapers import model, terms
from hotpapers.engagement.attention import doubtful_sql, persons_sql
from hotpapers.issues.posts import hidden_sql
from hotpapers.moderation.quotation_policy import QuotationPolicy, policy_for, showing
from hotpapers.query import request_params, schemas
from hotpapers.query.cursors import cursor_of, key_of
from hotpapers.query.issues import as_post
from hotpapers.query.papers import known_paper, own_voices
from hotpapers.query.session import QuerySession
from hotpapers.store.as_of import AsOfView
from hotpapers.store.item_rows import SPECS, StoredRow, read_row, select_columns

POSTS, SNAPSHOTS = "posts", "snapshots"
"""What their cursors call themselves."""
COUNTS = ("reposts", "likes", "replies", "quotes", "views")


def posts(session: QuerySession, what: request_params.PostsParams) -> schemas.PostPage:
    """The posts about a paper that may be shown, the latest first."""
    key = known_paper(session, what.paper)
    after = key_of(what.cursor, POSTS, int, str)
    found = _showable(session, key, what, after or (model.LARGEST, ""))
    more, page = len(found) > what.limit, found[: what.limit]
    policy = _gate(session, page)
    last = page[-1][1].item if page else None
    return schemas.PostPage(
        paper=key, posts=tuple(_as_shown(policy, key, row, automated) for automated, row in page),
        next=cursor_of(POSTS, last.created_at, last.post) if more and isinstance(last, model.Post) else None,
    )  # fmt: skip


def _showable(
    session: QuerySession, key: str, what: request_params.PostsParams, after: tuple[Any, ...]
) -> list[tuple[bool, StoredRow]]:
    """One post more than asked for: whether its account is a bot, and its row."""
    view, spec = session.record.view(), SPECS[model.Post]
    sql = f"""{_tables(view, own_voices(session))}
        SELECT CASE WHEN {VOICE} IN (SELECT voice FROM bot) THEN 1 ELSE 0 END, {select_columns(spec, "p")}
        {_about(view)} AND (p.created_at < ? OR (p.created_at = ? AND p.post < ?))
        ORDER BY p.created_at DESC, p.post DESC LIMIT {what.limit + 1}"""
    at, post = after
    rows = session.record.database.rows(sql, (key, what.network, what.network, at, at, post))
    return [(bool(automated), read_row(spec, row)) for automated, *row in rows]


def _gate(session: QuerySession, page: Sequence[tuple[bool, StoredRow]]) -> QuotationPolicy:
    found = (row.item for _, row in page)
    return policy_for(session.record.view(), session.terms, (one for one in found if isinstance(one, model.Post)))


def _as_shown(policy: QuotationPolicy, paper: str, row: StoredRow, automated: bool) -> schemas.PostDetails:
    """What may be shown of a post: of one that may not be quoted, or came without its words, no more than a link."""
    post = row.item
    assert isinstance(post, model.Post)
    how = "link" if "text" in (row.lost or ()) else showing(policy, post, paper)
    return as_post(terms.as_shown(post, how), how, automated)


def snapshots(session: QuerySession, what: request_params.PostsParams) -> schemas.PostCountsPage:
    """What the posts about a paper counted, and when, the first first."""
    key = known_paper(session, what.paper)
    view = session.record.view()
    at, post = key_of(what.cursor, SNAPSHOTS, int, str) or (-model.LARGEST, "")
    sql = f"""{_tables(view, own_voices(session))}
        SELECT c.post, p.network, c.observed_at, {", ".join(f"c.{name}" for name in COUNTS)}
        {_about(view, f"JOIN snapshot AS c ON c.post = p.post AND {view.visible('c')}")}
          AND (c.observed_at > ? OR (c.observed_at = ? AND c.post > ?))
        ORDER BY c.observed_at, c.post LIMIT {what.limit + 1}"""
    rows = session.record.database.rows(sql, (key, what.network, what.network, at, at, post))
    found = [_snapshot(row) for row in rows[: what.limit]]
    more = len(rows) > what.limit
    return schemas.PostCountsPage(
        paper=key, snapshots=tuple(found),
        next=cursor_of(SNAPSHOTS, found[-1].observed_at, found[-1].post) if more else None,
    )  # fmt: skip


def _snapshot(row: tuple[Any, ...]) -> schemas.PostCounts:
    post, network, at, *counts = row
    return schemas.PostCounts(post=post, network=network, observed_at=at, **dict(zip(COUNTS, counts, strict=True)))


# ---- which posts: SQL --------------------------------------------------------------------------------------


VOICE = "coalesce(w.stable_voice, p.voice)"
"""Whose a post is: a mark of its stable account."""


def _tables(view: AsOfView, own: tuple[int, ...]) -> str:
    return f"WITH {persons_sql(view, own)}, {doubtful_sql(view)}, {hidden_sql(view)}"


def _about(view: AsOfView, join: str = "") -> str:
    """Posts `p` about a paper, of a network or of all (the parameters: paper, network, network)."""
    return f"""FROM mention AS m
        JOIN post AS p ON p.post = m.post AND {view.visible("p")} AND {view.newest(SPECS[model.Post], "p")}
        LEFT JOIN known AS w ON w.voice = p.voice
        {join}
        WHERE m.paper = ? AND {view.visible("m")} AND {view.newest(SPECS[model.Mention], "m")}
          AND (p.network = ? OR ? = '') AND p.gone = '' AND p.limits = '[]'
          AND substr(p.post, length(p.network) + 2, 1) <> '~'
          AND {VOICE} NOT IN (SELECT voice FROM own) AND {VOICE} NOT IN (SELECT voice FROM hidden)
          AND p.post NOT IN (SELECT subject FROM hidden)
          AND NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper)"""
