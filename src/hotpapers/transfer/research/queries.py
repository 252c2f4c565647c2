"""Queries for the research tables: identifiers as numbers, no words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hotpapers.engagement.queries import VOICE, persons_sql
from hotpapers.model import Mention, Post
from hotpapers.store.as_of import AsOfView
from hotpapers.store.identities import key_of
from hotpapers.store.item_rows import SPECS

Rows = Iterator[tuple[Any, ...]]


def mentions(view: AsOfView) -> Rows:
    """(paper, post's number, post, network, account's number, voice's number, text's number, form, found in, version,
    created at, mention observed first, post observed first, gone, post observed at, mention observed at).

    A voice is a post's account, or one account for several known to belong together. Posts with the same text have the
    same text number; it is 0 if the text is too short."""

    def first(kind: str, same: str) -> str:
        return f"(SELECT min(f.observed_at) FROM {kind} AS f WHERE {same} AND {view.visible('f')})"

    sql = f"""WITH {persons_sql(view, ())}, text (fingerprint, number) AS (
            SELECT t.text_fingerprint, min(t.post) FROM post AS t
            WHERE t.text_fingerprint <> 0 AND {view.visible("t")} GROUP BY 1)
        SELECT {key_of("m.paper")}, m.post, {key_of("m.post")}, p.network, p.account, {VOICE}, coalesce(x.number, 0),
            m.form, m.found_in, m.version, p.created_at,
            {first("mention", "f.post = m.post AND f.paper = m.paper")}, {first("post", "f.post = m.post")},
            p.gone, p.observed_at, m.observed_at
        FROM mention AS m
        LEFT JOIN post AS p ON p.post = m.post AND {view.visible("p")} AND {view.newest(SPECS[Post], "p")}
        LEFT JOIN known AS w ON w.voice = p.voice
        LEFT JOIN text AS x ON x.fingerprint = p.text_fingerprint
        WHERE {view.visible("m")} AND {view.newest(SPECS[Mention], "m")} ORDER BY 1, 2"""
    return view.database.iterate(sql)


def post_counts(view: AsOfView) -> Rows:
    """(post's number, reposts, likes, replies, quotes, views, observed at) for every reading."""
    sql = f"""SELECT s.post, s.reposts, s.likes, s.replies, s.quotes, s.views, s.observed_at
        FROM snapshot AS s WHERE {view.visible("s")} ORDER BY s.post, s.observed_at"""
    return view.database.iterate(sql)


def tallies(view: AsOfView) -> Rows:
    """(paper, network, method, reposts, likes, observed at) for every total in listings by others."""
    sql = f"""SELECT {key_of("t.paper")}, t.network, t.method, t.reposts, t.likes, t.observed_at
        FROM tally AS t WHERE {view.visible("t")} ORDER BY 1, 2, 3, 6"""
    return view.database.iterate(sql)


def verdicts(view: AsOfView) -> Rows:
    """(subject's number, subject, paper, rule, version, judgement, observed at) for every verdict: issues keep what
    held when they were frozen."""
    sql = f"""SELECT v.subject, {key_of("v.subject")}, {key_of("v.about")}, v.rule, v.version, v.judgement,
            v.observed_at
        FROM verdict AS v WHERE {view.visible("v")} ORDER BY 1, 3, 4, 7"""
    return view.database.iterate(sql)


def announced_span(view: AsOfView) -> tuple[int, int] | None:
    """When the first and the last paper were announced, µs UTC; None if there are none."""
    rows = view.database.rows(f"""SELECT min(a.announced_at), max(a.announced_at) FROM announcement AS a
        WHERE a.type <> 'replacement' AND {view.visible("a")}""")
    return None if rows[0][0] is None else (int(rows[0][0]), int(rows[0][1]))


def network_spans(view: AsOfView) -> Rows:
    """(network, number of its mentions, when reading it began, until when it was read) for each network, µs UTC; None
    if all was imported."""
    sql = f"""SELECT n.network, sum(n.mentions), min(n.low), max(n.high) FROM (
            SELECT p.network AS network, count(*) AS mentions, NULL AS low, NULL AS high
            FROM mention AS m JOIN post AS p ON p.post = m.post AND {view.visible("p")}
                AND {view.newest(SPECS[Post], "p")}
            WHERE {view.visible("m")} AND {view.newest(SPECS[Mention], "m")} GROUP BY p.network
            UNION ALL SELECT c.network, 0, min(c.from_at), max(c.until_at)
            FROM coverage AS c WHERE {view.visible("c")} AND c.state <> 'refused' GROUP BY c.network
        ) AS n GROUP BY n.network ORDER BY n.network"""
    return view.database.iterate(sql)
