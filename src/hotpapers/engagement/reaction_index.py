"""Which reaction was for which post: a network that tells of a withdrawal names the reaction alone.

Of the reaction a keyed mark is kept and nothing that names its account. These rows are about the work, not about the
world: they are no items, are in no batch and in no export. `follow.forget` removes those of a forgotten post.
"""

from __future__ import annotations

from collections.abc import Iterable

from hotpapers.model import DAY
from hotpapers.store.record import Record

KEPT = 30 * DAY
"""Microseconds for which a reaction is remembered: as long as a post is followed."""


def remember(record: Record, reactions: Iterable[tuple[str, str]], at: int) -> int:
    """Keeps pairs of a reaction's address and the key of its post; how many were new or are for another post now.

    Before the batch that holds the reactions: what is told twice is kept once, what is never told again is not lost.
    """
    rows = [(record.marks.reaction(address), post, at) for address, post in reactions]
    if not rows:
        return 0
    sql = """INSERT INTO reacted VALUES (?, ?, ?)
        ON CONFLICT (mark) DO UPDATE SET post = excluded.post WHERE reacted.post <> excluded.post"""
    with record.database.write():
        return record.database.many(sql, rows)


def post_of(record: Record, address: str) -> str | None:
    """The key of the post that a reaction was for; None where that is not known, or no longer."""
    found = record.database.rows("SELECT post FROM reacted WHERE mark = ?", (record.marks.reaction(address),))
    return str(found[0][0]) if found else None


def drop_older(record: Record, before: int) -> int:
    """Removes what was kept before a moment; how many there were."""
    with record.database.write():
        return record.database.run("DELETE FROM reacted WHERE at < ?", (before,))
