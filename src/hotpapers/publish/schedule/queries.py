"""The schedule's queries: which posts changed, and which issues show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import Paper
from hotpapers.base.networks import network_names
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.discussion.engagement.queries import VOICE, edited_sql, limited_sql, persons_sql
from hotpapers.record import (
    NUMBERS,
    AsOfView,
    Database,
    Record,
    column_among,
    first_column,
    key_begins,
    key_of,
    rows_among,
    sql_placeholders,
)


def changed_posts(record: Record, position: int) -> frozenset[str]:
    """The posts that, according to batches after a position, are gone, limited or hidden, or no longer so, or were
    edited, or whose authors changed their names."""
    names = network_names()
    gone_sql = f"""SELECT DISTINCT {key_of("post.post")} FROM post WHERE post.network IN ({sql_placeholders(names)})
        AND post.since > ? AND ({limited_sql("post")} OR EXISTS (SELECT 1 FROM post AS other
            WHERE other.post = post.post AND other.since <= ?
            AND ({limited_sql("other")} OR {edited_sql("post", "other")})))"""
    any_judged_sql = "SELECT 1 FROM verdict WHERE since > ? AND judgement IN ('hidden', 'shown') LIMIT 1"
    hidden_sql = f"""WITH {persons_sql(record.view(), ())}, told (subject, voice) AS (
            SELECT verdict.subject, coalesce(stable_account.stable_voice, verdict.subject) FROM verdict LEFT
            JOIN stable_account
            ON stable_account.voice = verdict.subject WHERE verdict.since > ? AND verdict.judgement IN ('hidden',
                'shown'))
        SELECT DISTINCT {key_of("post.post")} FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.post IN (SELECT subject FROM told) OR {VOICE} IN (SELECT voice FROM told)"""
    rows = record.database.rows
    changes = rows(gone_sql, (*names, position, position))
    changes += rows(hidden_sql, (position,)) if rows(any_judged_sql, (position,)) else []
    return frozenset(post for (post,) in changes)


def revised_papers(record: Record, position: int) -> list[str]:
    """The papers that, according to batches after a position, are withdrawn, have a new version, became an article, or
    have a notice."""
    sql = f"""SELECT DISTINCT {key_of("paper.paper")} FROM paper WHERE paper.id > ? AND (paper.withdrawn = 1
        OR EXISTS (SELECT 1 FROM paper AS other WHERE other.paper = paper.paper AND other.version < paper.version)
        OR paper.doi <> '' AND {key_begins("paper.paper", DOI)} AND EXISTS (
            SELECT 1 FROM paper AS other WHERE other.paper = paper.paper AND other.doi <> paper.doi))"""
    notices_sql = f"SELECT DISTINCT {key_of('notice.paper')} FROM notice WHERE notice.since > ?"
    last_row = record.view(position=position).last_row(Paper)
    revised = first_column(record.database, sql, (last_row,))
    return [*revised, *first_column(record.database, notices_sql, (position,))]


def taken_back_papers(view: AsOfView) -> dict[str, str]:
    """The papers that were taken back of those that somebody mentioned or that have a notice, each with how."""
    return view.taken_back("EXISTS (SELECT 1 FROM mention WHERE mention.paper = t.paper)")


def issues_showing(database: Database, posts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(publication, day) of the issues and listings that show any of these posts."""
    sql = f'SELECT DISTINCT publication, "day" FROM shown WHERE post IN ({NUMBERS})'
    return rows_among(database, sql, posts)


def papers_named_by(database: Database, posts: Sequence[str]) -> list[str]:
    """The papers that these posts name."""
    sql = f"SELECT DISTINCT {key_of('mention.paper')} FROM mention WHERE mention.post IN ({NUMBERS})"
    return column_among(database, sql, posts)
