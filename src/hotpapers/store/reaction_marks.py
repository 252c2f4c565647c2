"""Which reaction was for which post: a network that tells of a withdrawal names the reaction alone.

So a keyed mark of each is kept with its post, and nothing that names its account. These rows are about the work, not
about the world: no items, in no batch and in no export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotpapers.model import DAY
from hotpapers.store.database import Database, placeholders, slices
from hotpapers.store.record import Record

REACTIONS_KEPT = 30 * DAY
"""Microseconds for which a reaction is remembered: as long as a post is followed."""


def remember_reactions(record: Record, reactions: Iterable[tuple[str, str]], at: int) -> int:
    """Keeps pairs of a reaction's address and the key of its post; how many were new or are for another post now.

    Before the batch that holds the reactions: what is told twice is kept once, what is never told again is not lost.
    """
    rows = [(record.hasher.reaction(address), post, at) for address, post in reactions]
    if not rows:
        return 0
    sql = """INSERT INTO reaction_post VALUES (?, ?, ?)
        ON CONFLICT (mark) DO UPDATE SET post = excluded.post WHERE reaction_post.post <> excluded.post"""
    with record.database.write():
        return record.database.many(sql, rows)


def post_of_reaction(record: Record, address: str) -> str | None:
    """The key of the post that a reaction was for; None where that is not known, or no longer."""
    rows = record.database.rows("SELECT post FROM reaction_post WHERE mark = ?", (record.hasher.reaction(address),))
    return str(rows[0][0]) if rows else None


def known_reactions(record: Record, addresses: Iterable[str]) -> list[str]:
    """Those of the reactions of which it is known for which post they were."""
    marks = {record.hasher.reaction(address): address for address in addresses}
    known = []
    for some in slices(sorted(marks)):
        sql = f"SELECT mark FROM reaction_post WHERE mark IN ({placeholders(some)})"
        known += [marks[mark] for (mark,) in record.database.rows(sql, some)]
    return known


def all_marks(record: Record) -> Iterator[int]:
    """The marks of all reactions of which it is known for which post they were."""
    return (mark for (mark,) in record.database.iterate("SELECT mark FROM reaction_post", ()))


def drop_old_reactions(record: Record, before: int) -> int:
    """Removes what was kept before a moment; how many there were."""
    with record.database.write():
        return record.database.run("DELETE FROM reaction_post WHERE at < ?", (before,))


def forget_reactions_to(database: Database, posts: Iterable[str]) -> None:
    """Removes what was kept of reactions to posts. Call inside `write()`."""
    database.many("DELETE FROM reaction_post WHERE post = ?", [(post,) for post in posts])
