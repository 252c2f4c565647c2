"""When each post's counts are asked for again: at four ages, and daily while an issue shows it.

These rows are about the work, not about the world: they are no items, are in no batch and in no export.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.engagement.attention import AGES, persons_sql
from hotpapers.model import DAY, HOUR, LARGEST
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import Database

SHOWN_FOR = 30 * DAY
"""How long after it was frozen the posts that an issue shows are asked for again every day."""
FOLLOWED_FOR = 2 * SHOWN_FOR
"""How long after it was made a post is followed, unless an issue shows it: no window is longer than a month."""
FRESH = 7 * DAY
"""How long after its announcement a paper may come into the next issue."""
LATER = 6 * HOUR
"""After how long a post is asked for again for which nobody answered."""
NEVER = LARGEST


class DuePost(NamedTuple):
    """A post that is to be asked for. `reactions`: its reposts and likes by the last count."""

    post: str
    created_at: int
    shown: bool
    fresh: bool
    reactions: int

    @property
    def worth(self) -> tuple[bool, bool, int, int]:
        """What asking is worth to the next issue: what is shown, then what may come in, then the loudest."""
        return (self.shown, self.fresh, self.reactions, self.created_at)


def due_after(created_at: int, asked_at: int, shown_until: int) -> int:
    """When a post is to be asked for, after it was last asked for (0: never)."""
    marks = [created_at + age * HOUR for age in AGES]
    coming = min((mark for mark in marks if mark > asked_at), default=NEVER)
    daily = asked_at + DAY if asked_at < shown_until else NEVER
    return min(coming, daily)


def learn(database: Database, network: str, position: int, at: int) -> int:
    """Follows the posts that came after a batch and are no older than 30 days; the position of the last one.

    Not those of bots: they are neither counted nor shown, and there are more of them than of all others. Call it again
    with that position.
    """
    newest = database.rows("SELECT max(since) FROM post WHERE network = ?", (network,))[0][0] or 0
    if newest <= position:
        return position
    sql = f"""WITH {persons_sql(AsOfView(database, LARGEST, LARGEST), ())}
        SELECT p.post, min(p.created_at) FROM post AS p LEFT JOIN known AS w ON w.voice = p.voice
        WHERE p.network = ? AND p.since > ? AND p.until = 0 AND p.gone = '' AND p.created_at > ?
          AND coalesce(w.stable_voice, p.voice) NOT IN (SELECT voice FROM bot) GROUP BY p.post"""
    found = database.rows(sql, (network, position, at - SHOWN_FOR))
    rows = [(post, network, made, 0, due_after(made, 0, 0), 0) for post, made in found]
    with database.write():
        database.many("INSERT INTO follow VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)
    return int(newest)


def learn_shown(database: Database, network: str, at: int) -> int:
    """Follows daily what the issues of the last 30 days show; how many posts are newly so."""
    sql = """SELECT f.post, max(i.observed_at) FROM issue AS i
        JOIN shown AS s ON s.publication = i.publication AND s."day" = i."day" AND s.edition IN (0, i.edition)
        JOIN follow AS f ON f.post = s.post
        WHERE i.until = 0 AND i.observed_at > ? AND f.network = ?
        GROUP BY f.post, f.shown_until HAVING max(i.observed_at) + ? > f.shown_until"""
    found = database.rows(sql, (at - SHOWN_FOR, network, SHOWN_FOR))
    _show(database, [(post, frozen_at + SHOWN_FOR) for post, frozen_at in found])
    return len(found)


def _show(database: Database, shown: Sequence[tuple[str, int]]) -> None:
    if not shown:
        return
    with database.write():
        for post, until in shown:
            row = database.rows("SELECT created_at, asked_at FROM follow WHERE post = ?", (post,))
            for created_at, asked_at in row:
                database.run(
                    "UPDATE follow SET shown_until = ?, due_at = ? WHERE post = ?",
                    (until, due_after(created_at, asked_at, until), post),
                )  # fmt: skip


def ask_now(database: Database, posts: Iterable[str], at: int) -> None:
    """Posts that are to be asked for before all others: those that an issue is about to show."""
    with database.write():
        database.many(
            "UPDATE follow SET due_at = ?, shown_until = CASE WHEN shown_until > ? THEN shown_until ELSE ? END"
            " WHERE post = ?",
            [(at, at + DAY, at + DAY, post) for post in posts],
        )  # fmt: skip


def due(database: Database, network: str, at: int, most: int) -> list[str]:
    """The posts of a network that are to be asked for at a moment, those worth most first."""
    sql = f"""SELECT f.post, f.created_at, CASE WHEN f.shown_until > ? THEN 1 ELSE 0 END,
            CASE WHEN EXISTS (SELECT 1 FROM mention AS m JOIN announcement AS a ON a.paper = m.paper
                WHERE m.post = f.post AND a.announced_at > ?) THEN 1 ELSE 0 END,
            coalesce((SELECT coalesce(s.reposts, 0) + coalesce(s.likes, 0) FROM snapshot AS s WHERE s.post = f.post
                AND s.until = 0 ORDER BY s.observed_at DESC LIMIT 1), 0)
        FROM follow AS f WHERE f.network = ? AND f.due_at <= ? ORDER BY f.due_at LIMIT {int(most) * 10}"""
    found = [DuePost(post, made, bool(shown), bool(fresh), reactions) for post, made, shown, fresh, reactions in
             database.rows(sql, (at, at - FRESH, network, at))]  # fmt: skip
    return [one.post for one in sorted(found, key=lambda one: one.worth, reverse=True)[:most]]


def next_at(database: Database, network: str) -> int:
    """When the next post of a network is to be asked for."""
    found = database.rows("SELECT min(due_at) FROM follow WHERE network = ?", (network,))[0][0]
    return NEVER if found is None else int(found)


def asked(database: Database, posts: Iterable[str], at: int) -> None:
    """Keeps that posts were asked for, and answered for."""
    rows = []
    for post in posts:
        sql = "SELECT created_at, shown_until FROM follow WHERE post = ?"
        rows += [(at, due_after(made, at, shown), post) for made, shown in database.rows(sql, (post,))]
    with database.write():
        database.many("UPDATE follow SET asked_at = ?, due_at = ? WHERE post = ?", rows)


def unanswered(database: Database, posts: Iterable[str], at: int) -> None:
    """Keeps that nobody answered for posts: they are asked for again later, until they are 30 days old."""
    sql = """UPDATE follow SET asked_at = ?, due_at = CASE WHEN created_at > ? THEN ? ELSE ? END
        WHERE post = ? AND due_at <= ?"""
    rows = [(at, at - SHOWN_FOR, at + LATER, NEVER, post, at) for post in posts]
    with database.write():
        database.many(sql, rows)


def drop_older(database: Database, at: int) -> int:
    """Removes the posts that nobody will ask for any more; how many there were. None of them comes back: `learn` takes
    in younger ones alone, and what an issue shows is no older than its window."""
    with database.write():
        return database.run("DELETE FROM follow WHERE created_at < ? AND shown_until < ?", (at - FOLLOWED_FOR, at))


def forget(database: Database, posts: Iterable[str]) -> None:
    """Removes all that these tables say of posts. Call inside `write()`."""
    keys = [(post,) for post in posts]
    for table in ("follow", "reacted"):
        database.many(f"DELETE FROM {table} WHERE post = ?", keys)
