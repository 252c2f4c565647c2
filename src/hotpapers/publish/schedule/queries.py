"""The schedule's queries: which posts changed, and which issues show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import Paper
from hotpapers.base.networks import network_names
from hotpapers.discussion.engagement.queries import VOICE, limited_sql, persons_sql
from hotpapers.record import (
    NUMBERS,
    Database,
    Record,
    column_among,
    first_column,
    key_of,
    placeholders,
    rows_among,
)


def changed_posts(record: Record, position: int) -> frozenset[str]:
    """The posts that, according to batches after a position, are gone, limited or hidden, or no longer so."""
    names = network_names()
    gone_sql = f"""SELECT DISTINCT {key_of("p.post")} FROM post AS p WHERE p.network IN ({placeholders(names)})
        AND p.since > ? AND ({limited_sql("p")} OR EXISTS (SELECT 1 FROM post AS o
            WHERE o.post = p.post AND o.since <= ? AND {limited_sql("o")}))"""
    any_judged_sql = "SELECT 1 FROM verdict WHERE since > ? AND judgement IN ('hidden', 'shown') LIMIT 1"
    hidden_sql = f"""WITH {persons_sql(record.view(), ())}, told (subject, voice) AS (
            SELECT v.subject, coalesce(w.stable_voice, v.subject) FROM verdict AS v LEFT JOIN stable_account AS w
            ON w.voice = v.subject WHERE v.since > ? AND v.judgement IN ('hidden', 'shown'))
        SELECT DISTINCT {key_of("p.post")} FROM post AS p LEFT JOIN stable_account AS w ON w.voice = p.voice
        WHERE p.post IN (SELECT subject FROM told) OR {VOICE} IN (SELECT voice FROM told)"""
    rows = record.database.rows
    changes = rows(gone_sql, (*names, position, position))
    changes += rows(hidden_sql, (position,)) if rows(any_judged_sql, (position,)) else []
    return frozenset(post for (post,) in changes)


def revised_papers(record: Record, position: int) -> list[str]:
    """The papers that, according to batches after a position, are withdrawn or have a new version."""
    sql = f"""SELECT DISTINCT {key_of("t.paper")} FROM paper AS t WHERE t.id > ? AND (t.withdrawn = 1
        OR EXISTS (SELECT 1 FROM paper AS o WHERE o.paper = t.paper AND o.version < t.version))"""
    last_row = record.view(position=position).last_row(Paper)
    return first_column(record.database, sql, (last_row,))


def issues_showing(database: Database, posts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(publication, day) of the issues and listings that show any of these posts."""
    sql = f'SELECT DISTINCT publication, "day" FROM shown WHERE post IN ({NUMBERS})'
    return ((publication, day) for publication, day in rows_among(database, sql, posts))


def papers_named_by(database: Database, posts: Sequence[str]) -> list[str]:
    """The papers that these posts name."""
    sql = f"SELECT DISTINCT {key_of('m.paper')} FROM mention AS m WHERE m.post IN ({NUMBERS})"
    return column_among(database, sql, posts)
