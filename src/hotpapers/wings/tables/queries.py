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
        return f"(SELECT min(f.observed_at) FROM {kind} AS f WHERE {same} AND {view.visible('f')})"

    sql = f"""WITH {persons_sql(view, ())}, {_texts(view)}
        SELECT {key_of("m.paper")}, m.post, {key_of("m.post")}, g.network, p.account, {VOICE}, coalesce(x.number, 0),
            m.form, m.found_in, m.version, coalesce(p.created_at, nullif(g.created_at, 0)),
            {first("mention", "f.post = m.post AND f.paper = m.paper")}, {first("post", "f.post = m.post")},
            g.gone, g.observed_at, m.observed_at
        FROM mention AS m
        LEFT JOIN post AS g ON g.post = m.post AND {view.visible("g")} AND {view.newest(SPECS[Post], "g")}
        LEFT JOIN post AS p ON p.id = (SELECT s.id FROM post AS s WHERE s.post = m.post AND s.gone = ''
            AND {view.visible("s")} ORDER BY s.observed_at DESC LIMIT 1)
        LEFT JOIN stable_account AS w ON w.voice = p.voice
        LEFT JOIN text AS x ON x.fingerprint = p.text_fingerprint
        WHERE {view.visible("m")} AND {view.newest(SPECS[Mention], "m")} ORDER BY 1, 2"""
    return view.database.iterate(sql)


# ---- all that issues may have read: also rows that were closed later -------------------------------------


def post_history(view: AsOfView) -> Rows:
    """(post's number, network, voice's number, text's number, created at, gone, observed at, position, closed) for
    every observation of a post that names a paper. The voice is the post's own."""
    sql = f"""WITH {_texts(view)}
        SELECT p.post, p.network, p.voice, coalesce(x.number, 0), nullif(p.created_at, 0), p.gone, {_stamp(view, "p")}
        FROM post AS p LEFT JOIN text AS x ON x.fingerprint = p.text_fingerprint
        WHERE {_written(view, "p")} AND EXISTS (SELECT 1 FROM mention AS m WHERE m.post = p.post)
        ORDER BY p.post, p.observed_at, p.since"""
    return view.database.iterate(sql)


def mention_history(view: AsOfView) -> Rows:
    """(paper, post's number, observed at, position, closed) for every observation of a mention."""
    sql = f"""SELECT {key_of("m.paper")}, m.post, {_stamp(view, "m")}
        FROM mention AS m WHERE {_written(view, "m")} ORDER BY 1, 2, 3, 4"""
    return view.database.iterate(sql)


def aliases(view: AsOfView) -> Rows:
    """(account's number, voice's number, observed at, position, closed) for every account with a stable one."""
    sql = f"""SELECT t.account, t.stable, {_stamp(view, "t")}
        FROM alias AS t WHERE {_written(view, "t")} ORDER BY 1, 3, 4"""
    return view.database.iterate(sql)


def post_counts(view: AsOfView) -> Rows:
    """(post's number, reposts, likes, replies, quotes, views, observed at, position, closed) for every reading."""
    sql = f"""SELECT s.post, s.reposts, s.likes, s.replies, s.quotes, s.views, {_stamp(view, "s")}
        FROM snapshot AS s WHERE {_written(view, "s")} ORDER BY s.post, s.observed_at, s.since"""
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
            SELECT t.text_fingerprint, row_number() OVER (ORDER BY min(t.post), min(t.since), t.text_fingerprint)
            FROM post AS t WHERE t.text_fingerprint <> 0 AND {_written(view, "t")} GROUP BY t.text_fingerprint)"""


# ---- totals, judgments ----------------------------------------------------------------------------


def tallies(view: AsOfView) -> Rows:
    """(paper, network, method, reposts, likes, observed at) for every total in listings by others."""
    sql = f"""SELECT {key_of("t.paper")}, t.network, t.method, t.reposts, t.likes, t.observed_at
        FROM tally AS t WHERE {view.visible("t")} ORDER BY 1, 2, 3, 6"""
    return view.database.iterate(sql)


def verdicts(view: AsOfView) -> Rows:
    """(subject's number, subject, paper, rule, version, judgement, observed at, position, closed) for every verdict:
    issues keep what held when they were frozen."""
    sql = f"""SELECT v.subject, {key_of("v.subject")}, {key_of("v.about")}, v.rule, v.version, v.judgement,
            {_stamp(view, "v")}
        FROM verdict AS v WHERE {_written(view, "v")} ORDER BY 1, 3, 4, 7, 8"""
    return view.database.iterate(sql)


def announced_between(view: AsOfView, start: int, end: int) -> Rows:
    """(paper, moment) of the papers first announced from one moment on and before another, µs UTC."""
    sql = f"""SELECT {key_of("a.paper")}, min(a.announced_at) FROM announcement AS a
        WHERE {announces_sql(view, "a")} GROUP BY a.paper
        HAVING min(a.announced_at) >= ? AND min(a.announced_at) < ? ORDER BY 1"""
    return view.database.iterate(sql, (start, end))


def first_announcements(view: AsOfView, since: str) -> Iterator[DescribedAnnouncement]:
    """The announcements of papers that were first announced after a day, the earliest first."""
    earlier = f"""SELECT 1 FROM announcement AS o WHERE o.paper = t.paper AND o.type <> 'replacement' AND o."day" <= ?
        AND {view.visible("o")}"""
    where = f"""t."day" > ? AND t.type <> 'replacement' AND NOT EXISTS ({earlier})"""
    return described_announcements(view, where, (since, since), 't."day", t.announced_at')


def announced_span(view: AsOfView) -> tuple[int, int] | None:
    """When the first and the last paper were announced, µs UTC; None if there are none."""
    rows = view.database.rows(f"""SELECT min(a.announced_at), max(a.announced_at) FROM announcement AS a
        WHERE a.type <> 'replacement' AND {view.visible("a")}""")
    if rows[0][0] is None:
        return None
    return (int(rows[0][0]), int(rows[0][1]))
