"""Queries of archive imports: posts, accounts and reactions already in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotpapers.record import NUMBER, NUMBERS, Record, column_among, key_of


def known_keys(record: Record, kind: str, column: str, keys: Iterable[str]) -> list[str]:
    """The keys for which the record has a row of a kind."""
    sql = f"SELECT DISTINCT {key_of(f't.{column}')} FROM {kind} AS t WHERE t.{column} IN ({NUMBERS})"
    return column_among(record.database, sql, sorted(keys))


def known_identities(record: Record, keys: Iterable[str]) -> list[str]:
    """The keys that the record knows in any way."""
    return column_among(record.database, "SELECT key FROM identity WHERE key IN (…)", sorted(keys))


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
    return record.database.iterate(sql, params)


def was_held(record: Record, key: str, at: int) -> bool:
    """Whether the record had a post or an account before a moment, however old."""
    tests = (f"EXISTS (SELECT 1 FROM post WHERE {name} = {NUMBER} AND observed_at < ?)" for name in ("post", "account"))
    return bool(record.database.rows(f"SELECT {' OR '.join(tests)}", (key, at, key, at))[0][0])


def had_reaction(record: Record, post: str, account: str, type: str, at: int) -> bool:
    """Whether the record had an account's reaction to a post before a moment."""
    sql = f"""SELECT 1 FROM reaction WHERE post = {NUMBER} AND account = {NUMBER} AND type = ? AND observed_at < ?
        LIMIT 1"""
    return bool(record.database.rows(sql, (post, account, type, at)))


def known_reactions(record: Record, addresses: Iterable[str]) -> list[str]:
    """The reactions whose post is known."""
    marks = {record.hasher.reaction(address): address for address in addresses}
    sql = "SELECT mark FROM reaction_post WHERE mark IN (…)"
    known_marks = column_among(record.database, sql, sorted(marks))
    return [marks[mark] for mark in known_marks]


def all_marks(record: Record) -> Iterator[int]:
    """The marks of all reactions whose post is known."""
    return (mark for (mark,) in record.database.iterate("SELECT mark FROM reaction_post", ()))
