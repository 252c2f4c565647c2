"""The queries of evaluations: all of this package's SQL."""

from __future__ import annotations

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
