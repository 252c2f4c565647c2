"""The posts of conversations in the record: those about papers, those that answer them, and those that they answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.grouping import sets_by_key
from hotpapers.base.model import Mention, Post, Snapshot
from hotpapers.discussion.engagement.queries import (
    VOICE,
    authors_sql,
    doubtful_sql,
    hidden_sql,
    independent_sql,
    limited_sql,
    persons_sql,
)
from hotpapers.record import (
    NUMBERS,
    SPECS,
    AsOfView,
    RowOf,
    column_among,
    key_of,
    read_row,
    rows_among,
    select_columns,
)

MAX_STEPS = 1_000
"""Answers to answers that are followed; deeper ones are not shown."""
MAX_POSTS = 5_000
"""Posts about a paper that are read, with the answers to them."""


class StoredPost(NamedTuple):
    """A post by number, with what is known of it. `reply_to`, `quotes`: the keys of posts, empty for none;
    `counts`: its reposts and likes, and the replies to it, as last counted; `is_withheld`: gone, limited, hidden, by a
    hidden account or a bot."""

    number: int
    row: RowOf[Post]
    voice: int
    reply_to: str
    quotes: str
    counts: tuple[int, int]
    is_withheld: bool


def posts_about(view: AsOfView, papers: Sequence[str], own_voices: Sequence[int]) -> dict[str, set[int]]:
    """The numbers of the posts about each paper, also of those that may not be shown, without the publication's own."""
    sql = f"""WITH {persons_sql(view, own_voices)}, {doubtful_sql(view)}
        SELECT {key_of("mention.paper")}, mention.post FROM mention
        JOIN post ON post.post = mention.post AND {view.visible("post")}
        LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE mention.paper IN ({NUMBERS}) AND {view.visible("mention")} AND {view.newest(SPECS[Mention], "mention")}
          AND {VOICE} NOT IN (SELECT voice FROM own) AND NOT EXISTS (
              SELECT 1 FROM doubtful WHERE doubtful.post = mention.post AND doubtful.paper = mention.paper)"""
    return sets_by_key(rows_among(view.database, sql, papers))


def answers_to(view: AsOfView, posts: Collection[int]) -> dict[int, set[int]]:
    """The posts that answer some posts, and those that answer these, and so on, by the post that they answer."""
    sql = f"""SELECT post.reply_to, post.post FROM post
            WHERE post.reply_to IN (…) AND post.reply_to > 0 AND {view.visible("post")}
        UNION SELECT post.quotes, post.post FROM post
            WHERE post.quotes IN (…) AND post.quotes > 0 AND {view.visible("post")}"""
    return sets_by_key(_followed(view, sql, posts))


def _followed(view: AsOfView, sql: str, posts: Collection[int]) -> Iterator[tuple[int, int]]:
    """The rows of a query for some posts, then for the posts that end these rows, and so on."""
    reached = set()
    following = set(posts)
    for _ in range(MAX_STEPS):
        pairs = list(rows_among(view.database, sql, sorted(following)))
        yield from pairs
        reached |= following
        following = {post for _, post in pairs} - reached
        if not following:
            return


def bare_answers(view: AsOfView, post: str) -> list[tuple[str, str]]:
    """The replies to a post, and those to them, that name no paper and are not gone: (post, what it replies to). What
    answers a quotation is in another thread."""
    replies = f"""SELECT post.reply_to, post.post FROM post
        WHERE post.reply_to IN (…) AND post.reply_to > 0 AND {view.visible("post")}"""
    sql = f"""SELECT {key_of("post.post")}, {key_of("post.reply_to")} FROM post
        WHERE post.post IN (…) AND post.reply_to > 0 AND post.gone = '' AND {view.visible("post")}
          AND {view.newest(SPECS[Post], "post")}
          AND NOT EXISTS (SELECT 1 FROM mention WHERE mention.post = post.post)"""
    below = _followed(view, replies, column_among(view.database, NUMBERS, [post]))
    return list(rows_among(view.database, sql, sorted({number for _, number in below})))


def parents_of(view: AsOfView, posts: Collection[int]) -> dict[int, int]:
    """The posts that some posts reply to, and those that these reply to, and so on."""
    sql = f"""SELECT post.post, post.reply_to FROM post
        WHERE post.post IN (…) AND post.reply_to > 0 AND {view.visible("post")}"""
    return dict(_followed(view, sql, posts))


def posts_in_reach(view: AsOfView, keys: Sequence[str]) -> list[str]:
    """Some posts, those that they answer by a reply or quotation, and so on."""
    sql = f"""SELECT post.post, post.reply_to FROM post
            WHERE post.post IN (…) AND post.reply_to > 0 AND {view.visible("post")}
        UNION SELECT post.post, post.quotes FROM post
            WHERE post.post IN (…) AND post.quotes > 0 AND {view.visible("post")}"""
    reached = set(column_among(view.database, NUMBERS, keys))
    reached |= {post for _, post in _followed(view, sql, reached)}
    return column_among(view.database, "SELECT i.key FROM identity AS i WHERE i.id IN (…)", sorted(reached))


def stored_posts(view: AsOfView, now: AsOfView, posts: Iterable[int]) -> Iterator[StoredPost]:
    """Posts as last observed in a view. Those that are gone or hidden as of `now` are withheld."""
    numbers = sorted(posts)
    withheld = _withheld(now, numbers)
    counts = _counts(view, numbers)
    answered = _answered(view, numbers)
    for number, voice, *row in rows_among(view.database, _posts_sql(view), numbers):
        reply_to, quotes, last_voice = answered.get(number, UNKNOWN)
        yield StoredPost(
            number=number,
            row=read_row(SPECS[Post], row),
            voice=voice or last_voice,
            reply_to=reply_to,
            quotes=quotes,
            counts=counts.get(number, (0, 0)),
            is_withheld=number in withheld,
        )


def _posts_sql(view: AsOfView) -> str:
    newest = view.newest(SPECS[Post], "post")
    return f"""WITH {persons_sql(view, ())}
        SELECT post.post, {VOICE}, {select_columns(SPECS[Post], "post")}
        FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.post IN (…) AND {view.visible("post")} AND {newest}"""


def _withheld(now: AsOfView, numbers: Sequence[int]) -> set[int]:
    """Posts that are not to be shown: gone, limited, hidden, by a hidden account or a bot."""
    newest = now.newest(SPECS[Post], "post")
    sql = f"""WITH {persons_sql(now, ())}, {hidden_sql(now)}
        SELECT post.post FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.post IN (…) AND {now.visible("post")} AND {newest}
          AND ({limited_sql("post")} OR post.post IN (SELECT subject FROM hidden)
            OR {VOICE} IN (SELECT voice FROM hidden) OR {VOICE} IN (SELECT voice FROM bot))"""
    return {post for (post,) in rows_among(now.database, sql, numbers)}


def _counts(view: AsOfView, numbers: Sequence[int]) -> dict[int, tuple[int, int]]:
    newest = view.newest(SPECS[Snapshot], "snapshot")
    sql = f"""SELECT snapshot.post, coalesce(snapshot.reposts, 0) + coalesce(snapshot.likes, 0),
            coalesce(snapshot.replies, 0)
        FROM snapshot WHERE snapshot.post IN (…) AND {view.visible("snapshot")} AND {newest}"""
    rows = rows_among(view.database, sql, numbers)
    return {post: (reactions, replies) for post, reactions, replies in rows}


UNKNOWN = ("", "", 0)


def _answered(view: AsOfView, numbers: Sequence[int]) -> dict[int, tuple[str, str, int]]:
    """The keys of the posts that each post replied to and quoted, and its voice, when it was last seen: what is gone
    no longer says so, what was edited does."""
    sql = f"""WITH {persons_sql(view, ())}
        SELECT post.post, {key_of("post.reply_to")}, {key_of("post.quotes")}, {VOICE}
        FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.post IN (…) AND {view.visible("post")}
          AND (post.reply_to > 0 OR post.quotes > 0 OR post.gone = '')
        ORDER BY post.observed_at, post.id"""
    rows = rows_among(view.database, sql, numbers)
    return {post: (reply_to, quotes, voice) for post, reply_to, quotes, voice in rows}


def authors_of(view: AsOfView, papers: Sequence[str]) -> frozenset[tuple[str, int]]:
    """Papers, by key, with the voices of their authors."""
    sql = f"""WITH {persons_sql(view, ())}, {authors_sql(view)}
        SELECT {key_of("author.paper")}, author.voice FROM author WHERE author.paper IN ({NUMBERS})"""
    return frozenset(rows_among(view.database, sql, papers))


def namesakes_of(view: AsOfView, papers: Sequence[str]) -> frozenset[tuple[str, int]]:
    """Papers, by key, with the voices of which the operator says that they are not their authors'."""
    sql = f"""WITH {persons_sql(view, ())}, {independent_sql(view)}
        SELECT {key_of("independent.paper")}, independent.voice FROM independent
        WHERE independent.paper IN ({NUMBERS})"""
    return frozenset(rows_among(view.database, sql, papers))
