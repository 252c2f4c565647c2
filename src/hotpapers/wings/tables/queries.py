"""Queries for the research tables: identifiers as numbers, no words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hotpapers.base.model import Mention, Post
from hotpapers.discussion.engagement.queries import VOICE, announces_sql, persons_sql
from hotpapers.issues.queries import DescribedAnnouncement, described_announcements
from hotpapers.record.as_of import AsOfView
from hotpapers.record.identities import key_of
from hotpapers.record.item_rows import SPECS

Rows = Iterator[tuple[Any, ...]]


def mentions(view: AsOfView) -> Rows:
    """(paper, post's number, post, network, account's number, voice's number, text's number, form, found in, version,
    created at, mention observed first, post observed first, gone, post observed at, mention observed at).

    A voice is a post's account, or one account for several known to belong together. Posts with the same text have the
    same text number; it is 0 if the text is too short. What is not known of a post that is gone is as last seen."""

    def first(kind: str, same: str) -> str:
        return f"(SELECT min(item.observed_at) FROM {kind} AS item WHERE {same} AND {view.visible('item')})"

    sql = f"""WITH {persons_sql(view, ())}, {_texts(view)}
        SELECT {key_of("mention.paper")}, mention.post, {key_of("mention.post")}, newest.network, post.account,
            {VOICE}, coalesce(text.number, 0),
            mention.form, mention.found_in, mention.version, coalesce(post.created_at, nullif(newest.created_at, 0)),
            {first("mention", "item.post = mention.post AND item.paper = mention.paper")},
                {first("post", "item.post = mention.post")},
            newest.gone, newest.observed_at, mention.observed_at
        FROM mention
        LEFT JOIN post AS newest ON newest.post = mention.post AND {view.visible("newest")}
            AND {view.newest(SPECS[Post], "newest")}
        LEFT JOIN post ON post.id = (SELECT other.id FROM post AS other WHERE other.post = mention.post
            AND other.gone = ''
            AND {view.visible("other")} ORDER BY other.observed_at DESC LIMIT 1)
        LEFT JOIN stable_account ON stable_account.voice = post.voice
        LEFT JOIN text ON text.fingerprint = post.text_fingerprint
        WHERE {view.visible("mention")} AND {view.newest(SPECS[Mention], "mention")} ORDER BY 1, 2"""
    return view.database.iterate(sql)


# ---- all that issues may have read: also rows that were closed later -------------------------------------


def post_history(view: AsOfView) -> Rows:
    """(post's number, network, voice's number, text's number, created at, gone, observed at, position, closed) for
    every observation of a post that names a paper. The voice is the post's own."""
    sql = f"""WITH {_texts(view)}
        SELECT post.post, post.network, post.voice, coalesce(text.number, 0), nullif(post.created_at, 0), post.gone,
            {_stamp(view, "post")}
        FROM post LEFT JOIN text ON text.fingerprint = post.text_fingerprint
        WHERE {_written(view, "post")} AND EXISTS (SELECT 1 FROM mention WHERE mention.post = post.post)
        ORDER BY post.post, post.observed_at, post.since"""
    return view.database.iterate(sql)


def mention_history(view: AsOfView) -> Rows:
    """(paper, post's number, observed at, position, closed) for every observation of a mention."""
    sql = f"""SELECT {key_of("mention.paper")}, mention.post, {_stamp(view, "mention")}
        FROM mention WHERE {_written(view, "mention")} ORDER BY 1, 2, 3, 4"""
    return view.database.iterate(sql)


def aliases(view: AsOfView) -> Rows:
    """(account's number, voice's number, observed at, position, closed) for every account with a stable one."""
    sql = f"""SELECT alias.account, alias.stable, {_stamp(view, "alias")}
        FROM alias WHERE {_written(view, "alias")} ORDER BY 1, 3, 4"""
    return view.database.iterate(sql)


def post_counts(view: AsOfView) -> Rows:
    """(post's number, reposts, likes, replies, quotes, views, observed at, position, closed) for every reading."""
    sql = f"""SELECT snapshot.post, snapshot.reposts, snapshot.likes, snapshot.replies, snapshot.quotes,
        snapshot.views, {_stamp(view, "snapshot")}
        FROM snapshot WHERE {_written(view, "snapshot")} ORDER BY snapshot.post, snapshot.observed_at, snapshot.since"""
    return view.database.iterate(sql)


def _written(view: AsOfView, alias: str) -> str:
    """The condition for rows written up to the view's position, whether or not they were closed since."""
    return f"{alias}.since <= {view.position} AND {alias}.observed_at <= {view.as_of}"


def _stamp(view: AsOfView, alias: str) -> str:
    """When a row was observed, the batch that added it, and the one that closed it, if any."""
    closed = f"CASE WHEN {alias}.until BETWEEN 1 AND {view.position} THEN {alias}.until END"
    return f"{alias}.observed_at, {alias}.since, {closed}"


def _texts(view: AsOfView) -> str:
    """One table: `text`, a number of its own for each text that is long enough to be compared."""
    return f"""text (fingerprint, number) AS (
            SELECT post.text_fingerprint, row_number() OVER (ORDER BY min(post.post), min(post.since),
                post.text_fingerprint)
            FROM post WHERE post.text_fingerprint <> 0 AND {_written(view, "post")} GROUP BY post.text_fingerprint)"""


# ---- totals, judgments ----------------------------------------------------------------------------


def tallies(view: AsOfView) -> Rows:
    """(paper, network, method, reposts, likes, observed at) for every total in listings by others."""
    sql = f"""SELECT {key_of("tally.paper")}, tally.network, tally.method, tally.reposts, tally.likes, tally.observed_at
        FROM tally WHERE {view.visible("tally")} ORDER BY 1, 2, 3, 6"""
    return view.database.iterate(sql)


def verdicts(view: AsOfView) -> Rows:
    """(subject's number, subject, paper, rule, version, judgement, observed at, position, closed) for every verdict:
    issues keep what held when they were frozen."""
    sql = f"""SELECT verdict.subject, {key_of("verdict.subject")}, {key_of("verdict.about")}, verdict.rule,
            verdict.version, verdict.judgement,
            {_stamp(view, "verdict")}
        FROM verdict WHERE {_written(view, "verdict")} ORDER BY 1, 3, 4, 7, 8"""
    return view.database.iterate(sql)


def announced_between(view: AsOfView, start: int, end: int) -> Rows:
    """(paper, moment) of the papers first announced from one moment on and before another, µs UTC."""
    sql = f"""SELECT {key_of("announcement.paper")}, min(announcement.announced_at) FROM announcement
        WHERE {announces_sql(view, "announcement")} GROUP BY announcement.paper
        HAVING min(announcement.announced_at) >= ? AND min(announcement.announced_at) < ? ORDER BY 1"""
    return view.database.iterate(sql, (start, end))


def first_announcements(view: AsOfView, since: str) -> Iterator[DescribedAnnouncement]:
    """The announcements of papers that were first announced after a day, the earliest first."""
    earlier = f"""SELECT 1 FROM announcement WHERE announcement.paper = t.paper
        AND announcement.type <> 'replacement' AND announcement."day" <= ?
        AND {view.visible("announcement")}"""
    where = f"""t."day" > ? AND t.type <> 'replacement' AND NOT EXISTS ({earlier})"""
    return described_announcements(view, where, (since, since), 't."day", t.announced_at')


def announced_span(view: AsOfView) -> tuple[int, int] | None:
    """When the first and the last paper were announced, µs UTC; None if there are none."""
    rows = view.database.rows(f"""SELECT min(announcement.announced_at), max(announcement.announced_at)
        FROM announcement
        WHERE announcement.type <> 'replacement' AND {view.visible("announcement")}""")
    if rows[0][0] is None:
        return None
    return (int(rows[0][0]), int(rows[0][1]))
