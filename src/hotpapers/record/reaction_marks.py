"""Remember the post of each reaction, because networks that report a withdrawal name only the reaction.

For each reaction a keyed mark is stored with the post, and nothing that identifies the account. These rows are working
data, not observations: they are not items and not part of batches or exports.
"""

from __future__ import annotations

from collections.abc import Iterable

from hotpapers.base.model import DAY
from hotpapers.record.batches import BatchWriter
from hotpapers.record.database import Database, first_value
from hotpapers.record.record import Record

REACTIONS_KEPT = 30 * DAY
"""Microseconds for which a reaction is remembered: as long as a post is tracked."""


def remember_reactions(batch: BatchWriter, reactions: Iterable[tuple[str, str]], at: int) -> int:
    """Store pairs of a reaction's address and its post's key, unless that was forgotten; the number that were new or
    changed."""
    hasher = batch.hasher
    forgotten = batch.forgotten
    rows = [(hasher.reaction(address), post, at) for address, post in reactions if not forgotten.names(post)]
    sql = """INSERT INTO reaction_post VALUES (?, ?, ?)
        ON CONFLICT (mark) DO UPDATE SET post = excluded.post WHERE reaction_post.post <> excluded.post"""
    return batch.database.many(sql, rows) if rows else 0


def post_of_reaction(record: Record, address: str) -> str | None:
    """The key of a reaction's post; None if it is unknown or no longer remembered."""
    mark = record.hasher.reaction(address)
    post: str | None = first_value(record.database, "SELECT post FROM reaction_post WHERE mark = ?", (mark,))
    return post


def drop_old_reactions(record: Record, before: int) -> int:
    """Delete the reactions stored before a moment; the number deleted."""
    with record.database.write():
        return record.database.run("DELETE FROM reaction_post WHERE at < ?", (before,))


def forget_reactions_to(database: Database, posts: Iterable[str]) -> None:
    """Delete the reactions to some posts. Call inside `write()`."""
    database.many("DELETE FROM reaction_post WHERE post = ?", [(post,) for post in posts])
