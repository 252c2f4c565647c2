"""What ingesting asks of the store: known posts and papers, and raw payloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotpapers.record import Record, now
from hotpapers.record.database import placeholders, slices
from hotpapers.record.identities import NUMBER, is_whole, key_of, numbers_of

_NEWS = """FROM post AS p WHERE p.network = ? AND p.since > ? AND p.until = 0
    AND NOT EXISTS (SELECT 1 FROM post AS q WHERE q.post = p.post AND q.until = 0 AND q.observed_at > p.observed_at)"""


def count_unknown_papers(record: Record, job: str, position: int) -> int:
    """How many papers named in a job's batches after a position are missing from the record."""
    sql = """SELECT count(DISTINCT m.paper) FROM mention AS m JOIN batch AS b ON b.position = m.since
        WHERE b.source = ? AND b.position > ? AND NOT EXISTS (SELECT 1 FROM paper AS p WHERE p.paper = m.paper)"""
    return int(record.database.rows(sql, (job, position))[0][0])


def known_keys(record: Record, kind: str, column: str, keys: Iterable[str]) -> Iterator[str]:
    """The keys for which the record has a row of a kind."""
    for chunk in slices(sorted(keys)):
        sql = f"SELECT DISTINCT {key_of(f't.{column}')} FROM {kind} AS t WHERE t.{column} IN ({numbers_of(chunk)})"
        yield from (row[0] for row in record.database.rows(sql, chunk))


def known_identities(record: Record, keys: Iterable[str]) -> Iterator[str]:
    """The keys that the record knows in any way."""
    for chunk in slices(sorted(keys)):
        sql = f"SELECT key FROM identity WHERE key IN ({placeholders(chunk)})"
        yield from (row[0] for row in record.database.rows(sql, chunk))


def oldest_original_at(record: Record, source: str) -> int:
    """When the oldest raw payload kept from a source was seen, µs UTC; now if there is none."""
    sql = """SELECT min(seen_at) FROM (SELECT seen_at FROM raw WHERE source = ?
        UNION ALL SELECT seen_at FROM quarantine WHERE source = ?) AS kept"""
    oldest = record.database.rows(sql, (source, source))[0][0]
    return now() if oldest is None else int(oldest)


def living_posts(record: Record, network: str, position: int, created_from: int) -> list[tuple[str, str, int]]:
    """(post, account, creation time in µs UTC) of a network's posts that were stored after a position, created after a
    moment and, as last observed, not gone."""
    sql = f"SELECT {key_of('p.post')}, {key_of('p.account')}, p.created_at {_NEWS} AND p.gone = ''"
    sql += f" AND p.created_at > ? AND {is_whole('p.post')}"
    return [(post, account, at) for post, account, at in record.database.rows(sql, (network, position, created_from))]


def gone_posts(record: Record, network: str, position: int) -> list[str]:
    """A network's posts reported gone in batches after a position."""
    sql = f"SELECT {key_of('p.post')} {_NEWS} AND p.gone <> ''"
    return [post for (post,) in record.database.rows(sql, (network, position))]


def posts_of(record: Record, network: str) -> Iterator[str]:
    """The keys of all of a network's posts in the record."""
    sql = f"SELECT {key_of('t.post')} FROM (SELECT DISTINCT post FROM post WHERE network = ?) AS t"
    return (key for (key,) in record.database.iterate(sql, (network,)))


def tracked_posts(record: Record, at: int, born: tuple[int, int]) -> Iterator[tuple[str, int, int]]:
    """(post, creation time, when first recorded) for each version of each Bluesky post that was created between two
    moments and not gone at a third, oldest version first. µs UTC.

    An edit may change a post's creation time; posts whose earlier version was created before the period are left out.
    """
    gone = "g.post = t.post AND g.until = 0 AND g.gone <> ''"
    older = f"""SELECT 1 FROM post AS o WHERE o.post = t.post AND o.until = 0 AND o.gone = '' AND o.created_at <= ?
        AND o.observed_at < t.observed_at AND NOT EXISTS (SELECT 1 FROM post AS g
            WHERE {gone} AND g.observed_at >= o.observed_at AND g.observed_at <= t.observed_at)"""
    sql = f"""SELECT {key_of("t.post")}, t.created_at, t.observed_at FROM post AS t
        WHERE t.network = 'bluesky' AND t.until = 0 AND t.gone = '' AND t.created_at > ? AND t.created_at < ?
            AND NOT EXISTS (SELECT 1 FROM post AS g
                WHERE {gone} AND g.observed_at >= t.observed_at AND g.observed_at <= ?) AND NOT EXISTS ({older})
        ORDER BY t.observed_at"""
    params = (*born, at, born[0])
    return ((post, created_at, since) for post, created_at, since in record.database.iterate(sql, params))


def was_held(record: Record, key: str, at: int) -> bool:
    """Whether the record had a post or an account before a moment, however old."""
    tests = (f"EXISTS (SELECT 1 FROM post WHERE {name} = {NUMBER} AND observed_at < ?)" for name in ("post", "account"))
    return bool(record.database.rows(f"SELECT {' OR '.join(tests)}", (key, at, key, at))[0][0])


def had_reaction(record: Record, post: str, account: str, type: str, at: int) -> bool:
    """Whether the record had an account's reaction to a post before a moment."""
    sql = f"""SELECT 1 FROM reaction WHERE post = {NUMBER} AND account = {NUMBER} AND type = ? AND observed_at < ?
        LIMIT 1"""
    return bool(record.database.rows(sql, (post, account, type, at)))
