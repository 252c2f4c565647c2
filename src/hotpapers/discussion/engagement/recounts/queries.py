"""The table of posts whose counts are read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hotpapers.base import model
from hotpapers.base.model import DAY, HOUR, MAX_INTEGER
from hotpapers.discussion.engagement.measurement import (
    AGES,
    FOLLOWED_FOR,
    FRESH,
    MAX_THREADS_A_DAY,
    MAX_THREADS_OF_PAPER,
    NEVER,
    RETRY_AFTER,
    SHOWN_FOR,
    THREADS_AGAIN,
    next_recount_at,
)
from hotpapers.discussion.engagement.queries import VOICE, persons_sql
from hotpapers.record import NUMBER, AsOfView, Database, first_column, first_value, key_of
from hotpapers.record.identities import is_whole


def follow_new_posts(database: Database, network: str, position: int, at: int) -> int:
    """Starts tracking the posts stored after a batch that are no older than 30 days, or have answers. Returns the batch
    up to which this is done; pass it to the next call.

    Answers that name no paper are skipped, and so are bots' posts: they are neither counted nor shown, and outnumber
    all others. When an account is no longer considered a bot, earlier posts are examined again; and if a backup from
    before the batch was restored, all are.
    """
    # The last batch with posts, and the last one by which an account may have ceased to be a bot, as of one
    # moment: else a batch in between would be missed
    ends = """SELECT coalesce((SELECT max(since) FROM post WHERE network = ?), 0),
        coalesce((SELECT max(CASE WHEN until > 0 THEN until ELSE since END) FROM verdict
         WHERE about = 0 AND (judgement = 'human' OR until > 0)), 0)"""
    newest, pardoned = map(int, database.rows(ends, (network,))[0])
    latest = max(newest, pardoned)
    if latest == position:
        return position
    if latest < position:
        position = 0
    view = AsOfView(database, MAX_INTEGER, MAX_INTEGER)
    sql = f"""WITH {persons_sql(view, ())}
        SELECT post.post, min(post.created_at) FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.network = ? AND post.since > ? AND post.until = 0 AND post.gone = ''
          AND (post.created_at > ? OR {_answered("post")})
          AND (post.reply_to = 0 OR EXISTS (SELECT 1 FROM mention WHERE mention.post = post.post))
          AND {VOICE} NOT IN (SELECT voice FROM bot) AND {is_whole("post.post")} GROUP BY post.post"""
    with database.write():  # read inside: what is forgotten meanwhile must not come back
        after = 0 if pardoned > position else position
        new_posts = database.rows(sql, (network, after, at - SHOWN_FOR))
        rows = [(post, network, *_first_turns(created_at, at), at) for post, created_at in new_posts]
        database.many("INSERT INTO recount VALUES (?, ?, ?, 0, ?, 0, ?, ?) ON CONFLICT DO NOTHING", rows)
    return latest


def _first_turns(created_at: int, at: int) -> tuple[int, int, int]:
    """When a new post was made, when it is due, and when the answers to it were last asked for, as if it had had its
    turns if it is old."""
    if created_at > at - SHOWN_FOR:
        return created_at, next_recount_at(created_at, 0, 0), 0
    return created_at, NEVER, created_at + AGES[-1] * HOUR


def _answered(post: str) -> str:
    """The SQL condition that a post was answered."""
    return f"""EXISTS (SELECT 1 FROM post AS answer
            WHERE answer.reply_to = {post}.post AND answer.reply_to > 0)"""


def follow_shown_posts(database: Database, network: str, at: int) -> int:
    """Starts daily recounts of posts shown in issues of the last 30 days. Returns how many are new."""
    sql = """SELECT recount.post, recount.created_at, recount.asked_at, max(issue.observed_at) + ? FROM issue
        JOIN shown ON shown.publication = issue.publication AND shown."day" = issue."day"
            AND shown.edition IN (0, issue.edition)
        JOIN recount ON recount.post = shown.post
        WHERE issue.until = 0 AND issue.observed_at > ? AND recount.network = ? AND issue.publication NOT LIKE ?
        GROUP BY recount.post, recount.created_at, recount.asked_at,
            recount.shown_until HAVING max(issue.observed_at) + ? > recount.shown_until"""
    parameters = (SHOWN_FOR, at - SHOWN_FOR, network, f"_%{model.HISTORY}", SHOWN_FOR)
    if not database.rows(sql, parameters):
        return 0
    with database.write():
        rows = database.rows(sql, parameters)  # again, as other jobs may have written meanwhile
        due = [
            (until, next_recount_at(created_at, asked_at, until), post) for post, created_at, asked_at, until in rows
        ]
        database.many("UPDATE recount SET shown_until = ?, due_at = ? WHERE post = ?", due)
    return len(rows)


def ask_again_at_once(database: Database, posts: Iterable[str], at: int) -> None:
    """Puts posts first in line for a recount: those that an issue is about to show."""
    with database.write():
        database.many(
            "UPDATE recount SET due_at = ?, shown_until = CASE WHEN shown_until > ? THEN shown_until ELSE ? END"
            f" WHERE post = {NUMBER}",
            [(at, at + DAY, at + DAY, post) for post in posts],
        )


def due_posts(database: Database, network: str, at: int, most: int) -> list[str]:
    """A network's posts that are due at a moment, the most valuable first: those that an issue shows, then those that
    may enter the next one, then by reactions at the last count."""
    sql = f"""SELECT CASE WHEN due.shown_until > ? THEN 1 ELSE 0 END,
            CASE WHEN EXISTS (SELECT 1 FROM mention JOIN announcement ON announcement.paper = mention.paper
                WHERE mention.post = due.post AND announcement.announced_at > ?) THEN 1 ELSE 0 END,
            coalesce((SELECT coalesce(snapshot.reposts, 0) + coalesce(snapshot.likes, 0) FROM snapshot
                WHERE snapshot.post = due.post
                AND snapshot.until = 0 ORDER BY snapshot.observed_at DESC LIMIT 1), 0), due.created_at,
                    {key_of("due.post")}
        FROM (SELECT recount.* FROM recount WHERE recount.network = ? AND recount.due_at <= ?
            ORDER BY CASE WHEN recount.shown_until > ? THEN 0 ELSE 1 END,
                recount.due_at LIMIT {int(most) * 10}) AS due"""
    params = (at, at - FRESH, network, at, at)
    rows = database.rows(sql, params)
    by_value = sorted(rows, key=lambda row: row[:4], reverse=True)
    return [post for *_, post in by_value[:most]]


def note_answered(database: Database, posts: Iterable[str], at: int) -> None:
    """Records that posts were asked for and answered."""
    sql = f"SELECT created_at, shown_until FROM recount WHERE post = {NUMBER}"
    rows = [
        (at, next_recount_at(created_at, at, shown), post)
        for post in posts
        for created_at, shown in database.rows(sql, (post,))
    ]
    with database.write():
        database.many(f"UPDATE recount SET asked_at = ?, due_at = ? WHERE post = {NUMBER}", rows)


def note_unanswered(database: Database, posts: Iterable[str], at: int) -> None:
    """Records that posts got no answer: they are asked for again later, until they are 30 days old and no issue shows
    them."""
    sql = f"""UPDATE recount SET asked_at = ?, due_at = CASE WHEN created_at > ? OR shown_until > ? THEN ? ELSE ? END
        WHERE post = {NUMBER} AND due_at <= ?"""
    rows = [(at, at - SHOWN_FOR, at, at + RETRY_AFTER, NEVER, post, at) for post in posts]
    with database.write():
        database.many(sql, rows)


def due_threads(database: Database, network: str, at: int, most: int) -> list[str]:
    """The posts whose answers are read now, those with the most first. Each has its turn at some ages, then once a week
    while an issue shows it, and after all these every four weeks as long as it has answers in the record; answers to
    answers come with the post at their root. So many of a network and of a paper are read in a day."""
    since = at - DAY
    requested = int(first_value(database, f"{_THREADS_ASKED} AND network = ?", (since, network)) or 0)
    moments = [f"recount.created_at + {age * HOUR}" for age in AGES]
    turns = [f"({moment} <= {at} AND recount.thread_at < {moment})" for moment in moments]
    turns.append(f"(recount.shown_until > {at} AND recount.thread_at < {at - 7 * DAY})")
    recent = f"({' OR '.join(turns)})"
    again = f"recount.thread_at < {at - THREADS_AGAIN} AND recount.checked_at < {NEVER}"
    sql = f"""SELECT {key_of("recount.post")}, min(mention.paper), max(coalesce(snapshot.replies, 0)),
            min(CASE WHEN {recent} THEN 0 ELSE 1 END)
        FROM recount JOIN mention ON mention.post = recount.post
        LEFT JOIN snapshot ON snapshot.post = recount.post AND snapshot.until = 0
        WHERE recount.network = ? AND ({recent} OR ({again} AND {_answered("recount")}))
          AND (snapshot.replies > 0 OR snapshot.quotes > 0 OR {_answered("recount")}) AND {_IS_ROOT}
        GROUP BY recount.post ORDER BY 4, 3 DESC, 1"""
    chosen: list[str] = []
    of_paper = Counter[int](dict(database.rows(_THREADS_OF_PAPERS, (since,))))
    for post, paper, _, is_later in database.rows(sql, (network,)):
        left = MAX_THREADS_A_DAY // (2 if is_later else 1) - requested
        if of_paper[paper] < MAX_THREADS_OF_PAPER and len(chosen) < min(most, left):
            of_paper[paper] += 1
            chosen.append(post)
    return chosen


def unread_threads(database: Database, network: str, since: int) -> set[str]:
    """The posts of whose answers it has not been seen since a moment which are still there."""
    sql = f"""SELECT {key_of("recount.post")} FROM recount WHERE recount.network = ? AND recount.checked_at < ?
        AND {_answered("recount")} AND {_IS_ROOT}"""
    return set(first_column(database, sql, (network, since)))


_IS_ROOT = """NOT EXISTS (SELECT 1 FROM post JOIN recount AS parent ON parent.post = post.reply_to
            WHERE post.post = recount.post AND post.reply_to > 0)"""
_THREADS_ASKED = "SELECT count(*) FROM recount WHERE thread_at > ?"
_THREADS_OF_PAPERS = """SELECT mention.paper, count(DISTINCT recount.post) FROM recount
    JOIN mention ON mention.post = recount.post WHERE recount.thread_at > ? GROUP BY mention.paper"""


def note_threads(database: Database, posts: Iterable[str], at: int) -> None:
    """Records that the answers to posts were asked for."""
    with database.write():
        database.many(f"UPDATE recount SET thread_at = ? WHERE post = {NUMBER}", [(at, post) for post in posts])


def note_checked(database: Database, post: str, at: int) -> None:
    """Records that of all answers to a post it was seen which are still there; the others have lost their words."""
    with database.write():
        database.run(f"UPDATE recount SET checked_at = ? WHERE post = {NUMBER}", (at, post))


def note_unread(database: Database, post: str, at: int) -> None:
    """Records that all answers to a post have lost their words because they were unread. If somebody asked meanwhile,
    in vain, nobody asks every four weeks any more."""
    sql = f"""UPDATE recount SET checked_at = CASE WHEN thread_at > checked_at THEN ? ELSE ? END
        WHERE post = {NUMBER}"""
    with database.write():
        database.run(sql, (NEVER, at, post))


def drop_unfollowed(database: Database, at: int) -> int:
    """Deletes the posts that will never be asked for again. Returns how many. They do not come back: `follow_new_posts`
    adds only younger posts and those with answers, and posts shown in issues are within the window."""
    sql = f"DELETE FROM recount WHERE created_at < ? AND shown_until < ? AND NOT {_answered('recount')}"
    with database.write():
        return database.run(sql, (at - FOLLOWED_FOR, at))


def correct_moments_ahead(database: Database, at: int) -> int:
    """Makes posts due that were asked for while the clock was ahead: otherwise they would wait until it is as late
    again. Returns how many."""
    sql = f"""UPDATE recount SET asked_at = 0, due_at = ?, thread_at = 0,
            checked_at = CASE WHEN checked_at < {NEVER} THEN ? ELSE checked_at END
        WHERE asked_at > ? OR thread_at > ? OR (checked_at > ? AND checked_at < {NEVER})"""
    soon = at + HOUR  # other jobs ask meanwhile
    with database.write():
        return database.run(sql, (at, at, soon, soon, soon))


def forget_posts(database: Database, posts: Iterable[str]) -> None:
    """Deletes posts from the recount table. Call inside `write()`."""
    database.many(f"DELETE FROM recount WHERE post = {NUMBER}", [(post,) for post in posts])
