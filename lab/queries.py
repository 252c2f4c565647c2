"""The queries of evaluations: all of this package's SQL."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.discussion.engagement.standing.queries import PaperActivity
from hotpapers.record.as_of import AsOfView


def names_accounts(view: AsOfView, network: str, since: int) -> bool:
    """Whether a network names who liked or reposted any of its posts made since a moment, µs UTC."""
    sql = f"""SELECT 1 FROM post AS p WHERE p.network = ? AND p.created_at > ? AND {view.visible("p")}
        AND EXISTS (SELECT 1 FROM reaction AS r WHERE r.post = p.post AND r.type IN ('like', 'repost')
            AND {view.visible("r")}) LIMIT 1"""
    return bool(view.database.rows(sql, (network, since)))


def posts_made(view: AsOfView, voice: int, since: int) -> int:
    """How many posts an account, given by its number, has made since a moment, µs UTC."""
    sql = f"SELECT count(DISTINCT p.post) FROM post AS p WHERE p.voice = ? AND p.created_at > ? AND {view.visible('p')}"
    return int(view.database.rows(sql, (voice, since))[0][0])


def activities_but_replies(view: AsOfView) -> Iterator[PaperActivity]:
    """What gives accounts standing, without replies and quotes, by batch, and by moment within a batch."""
    sql = f"""SELECT (SELECT p.voice FROM post AS p WHERE p.post = m.post AND p.since <= m.since
            ORDER BY p.since DESC, p.id DESC LIMIT 1) AS account, m.paper, m.observed_at AS at, m.since AS position
        FROM mention AS m WHERE m.since <= {view.position}
        UNION ALL SELECT r.account, (SELECT CASE WHEN min(m.paper) = max(m.paper) THEN min(m.paper) END
            FROM mention AS m WHERE m.post = r.post AND m.since <= r.since), r.observed_at, r.since
        FROM reaction AS r WHERE r.since <= {view.position} AND r.type IN ('like', 'repost')
        ORDER BY position, at"""
    for row in view.database.iterate(sql):
        if row[0] and row[1]:
            yield PaperActivity(*row)
