"""Queries of the ingest jobs: known posts and raw payloads."""

from __future__ import annotations

from hotpapers.record import NUMBER, Record, current_time
from hotpapers.record.database import first_column, first_value
from hotpapers.record.identities import is_whole, key_of

_NEWS = """FROM post AS p WHERE p.network = ? AND p.since > ? AND p.until = 0
    AND NOT EXISTS (SELECT 1 FROM post AS q WHERE q.post = p.post AND q.until = 0 AND q.observed_at > p.observed_at)"""


def oldest_original_at(record: Record, source: str) -> int:
    """When the oldest raw payload kept from a source was seen, µs UTC; now if there is none."""
    oldest = first_value(
        record.database,
        """SELECT min(seen_at) FROM (SELECT seen_at FROM raw WHERE source = ?
        UNION ALL SELECT seen_at FROM quarantine WHERE source = ?) AS kept""",
        (source, source),
    )
    return current_time() if oldest is None else int(oldest)


def living_posts(record: Record, network: str, position: int, created_from: int) -> list[tuple[str, str, int]]:
    """(post, account, creation time in µs UTC) of a network's posts that were stored after a position, created after a
    moment and, as last observed, not gone."""
    sql = f"SELECT {key_of('p.post')}, {key_of('p.account')}, p.created_at {_NEWS} AND p.gone = ''"
    sql += f" AND p.created_at > ? AND {is_whole('p.post')}"
    return record.database.rows(sql, (network, position, created_from))


def posts_of_account(record: Record, account: str) -> list[str]:
    """The keys of an account's posts that, as last observed, are not gone."""
    sql = f"""SELECT {key_of("p.post")} FROM post AS p WHERE p.account = {NUMBER} AND p.until = 0 AND p.gone = ''
        AND NOT EXISTS (SELECT 1 FROM post AS q WHERE q.post = p.post AND q.until = 0 AND q.observed_at > p.observed_at)
        AND {is_whole("p.post")}"""
    return first_column(record.database, sql, (account,))


def gone_posts(record: Record, network: str, position: int) -> list[str]:
    """A network's posts reported gone in batches after a position."""
    sql = f"SELECT {key_of('p.post')} {_NEWS} AND p.gone <> ''"
    return first_column(record.database, sql, (network, position))
