"""What a log asks of the store: digests of issues, and the chain as it was at the end of each day."""

from __future__ import annotations

from hotpapers.model import DAY
from hotpapers.store.database import Database


def frozen_digests(database: Database, publication: str) -> list[tuple[int, str]]:
    """(position, digest) of every edition of a publication's issues, in the order in which they were frozen."""
    sql = 'SELECT since, digest FROM issue WHERE publication = ? ORDER BY since, "day", edition'
    return [(int(since), str(digest)) for since, digest in database.rows(sql, (publication,))]


def digests_by_day(database: Database, publication: str) -> list[tuple[str, str]]:
    """(day, digest) of every edition of a publication's issues."""
    sql = 'SELECT "day", digest FROM issue WHERE publication = ? ORDER BY "day", edition'
    return [(str(day), str(digest)) for day, digest in database.rows(sql, (publication,))]


def chain_at_ends_of_days(database: Database, after: int, before: int) -> list[tuple[int, bytes]]:
    """(position, chain value) of the last batch of each day, UTC, that is over at the moment `before` and whose batches
    come after a position; in their order."""
    sql = """SELECT b.position, b.chain FROM batch AS b WHERE b.position IN (
        SELECT max(position) FROM batch WHERE position > ? AND at < ? GROUP BY at / ?) ORDER BY b.position"""
    rows = database.rows(sql, (after, before - before % DAY, DAY))
    return [(int(position), bytes(chain)) for position, chain in rows]
