"""Store queries for answers: the posts about a paper that may be shown, and their counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hotpapers.base import model
from hotpapers.discussion.engagement.queries import (
    VOICE,
    hidden_sql,
    limited_sql,
    persons_sql,
    posts_about_papers,
    show_tables,
)
from hotpapers.record import NUMBER, SPECS, AsOfView, Database, RowOf, key_of, read_row, select_columns


def all_withheld_posts(view: AsOfView) -> Iterator[str]:
    """Posts that are deleted, no longer to be quoted, or from a hidden account."""
    newest = view.newest(SPECS[model.Post], "post")
    sql = f"""WITH {persons_sql(view, ())}, {hidden_sql(view)}
        SELECT {key_of("post.post")}
            FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice WHERE {view.visible("post")}
                AND {newest}
          AND ({limited_sql("post")} OR {VOICE} IN (SELECT voice FROM hidden))"""
    for (post,) in view.database.iterate(sql):
        yield post


def _posts_about_paper(view: AsOfView, join: str = "") -> str:
    """Posts `post` about a paper, from one network or all (parameters: paper, network, network)."""
    return f"""{posts_about_papers(view, f"= {NUMBER}", join)} AND (post.network = ? OR ? = '')
          AND substr({key_of("post.post")}, length(post.network) + 2, 1) <> '~' AND {VOICE} NOT IN (SELECT voice
              FROM own)"""


def is_paper_known(database: Database, paper: str) -> bool:
    """Whether the record has anything about a paper."""
    tables = ("paper", "mention", "announcement", "place")
    return any(database.rows(f"SELECT 1 FROM {table} WHERE paper = {NUMBER} LIMIT 1", (paper,)) for table in tables)


class FirstAnnouncement(NamedTuple):
    """When a paper was first announced, and when that was first observed, µs UTC."""

    at: int
    observed_at: int


def first_announced(view: AsOfView, paper: str) -> FirstAnnouncement | None:
    """When a paper was first announced; None if it never was."""
    sql = f"""SELECT announcement.announced_at, announcement.observed_at FROM announcement
        WHERE announcement.paper = {NUMBER} AND announcement.type <> 'replacement'
        AND {view.visible("announcement")} ORDER BY 1, 2 LIMIT 1"""
    return next((FirstAnnouncement(*row) for row in view.database.rows(sql, (paper,))), None)


def posts_about(
    view: AsOfView, own_voices: tuple[int, ...], paper: str, network: str, end: tuple[int, str], limit: int
) -> list[tuple[bool, RowOf[model.Post]]]:
    """(whether the account is a bot, post) for posts about a paper before a (moment, post), newest first; on one
    network, or on all if `network` is empty."""
    spec = SPECS[model.Post]
    at, post = end
    sql = f"""{show_tables(view, own_voices)}
        SELECT CASE WHEN {VOICE} IN (SELECT voice FROM bot) THEN 1 ELSE 0 END, {select_columns(spec, "post")}
        {_posts_about_paper(view)} AND (post.created_at < ? OR (post.created_at = ? AND {key_of("post.post")} < ?))
        ORDER BY post.created_at DESC, {key_of("post.post")} DESC LIMIT {int(limit)}"""
    rows = view.database.rows(sql, (paper, network, network, at, at, post))
    return [(bool(automated), read_row(spec, row)) for automated, *row in rows]


def snapshots_about(
    view: AsOfView, own_voices: tuple[int, ...], paper: str, network: str, start: tuple[int, str], limit: int
) -> list[tuple[Any, ...]]:
    """(post, network, observed at, counts as in `model.COUNTS`) for posts about a paper, after a (moment, post)."""
    at, post = start
    sql = f"""{show_tables(view, own_voices)}
        SELECT {key_of("snapshot.post")}, post.network, snapshot.observed_at,
            {", ".join(f"snapshot.{name}" for name in model.COUNTS)}
        {_posts_about_paper(view, f"JOIN snapshot ON snapshot.post = post.post AND {view.visible('snapshot')}")}
          AND (snapshot.observed_at > ? OR (snapshot.observed_at = ? AND {key_of("snapshot.post")} > ?))
        ORDER BY snapshot.observed_at, {key_of("snapshot.post")} LIMIT {int(limit)}"""
    return view.database.rows(sql, (paper, network, network, at, at, post))
