"""The queries of comparisons: all of this package's SQL. Rows are those of a view, with its numbers and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hotpapers.base.model import Verdict
from hotpapers.discussion.engagement.queries import VOICE, announces_sql, doubtful_sql, persons_sql, read_back_sql
from hotpapers.record.as_of import AsOfView
from hotpapers.record.identities import key_of
from hotpapers.record.item_rows import SPECS

Rows = Iterator[tuple[Any, ...]]


def _announced(view: AsOfView, since: int) -> str:
    """One table: papers first announced after a moment, as in `engagement`."""
    return f"""announced (paper, at) AS (
        SELECT a.paper, min(a.announced_at) FROM announcement AS a
        WHERE {announces_sql(view, "a")}
        GROUP BY a.paper HAVING min(a.announced_at) > {since} AND min(a.announced_at) <= {view.as_of})"""


def _posts(view: AsOfView, since: int) -> str:
    """Two tables: `announced`, and `named`: posts that name such a paper, or that are limited and name none so far."""
    return f"""{_announced(view, since)},
    named (post) AS (
        SELECT m.post FROM mention AS m JOIN announced AS n ON n.paper = m.paper WHERE {view.visible("m")}
        UNION SELECT p.post FROM post AS p WHERE {view.visible("p")} AND p.limits <> '[]' AND p.created_at > {since}
            AND NOT EXISTS (SELECT 1 FROM mention AS m WHERE m.post = p.post AND {view.visible("m")}))"""


def last_observed(view: AsOfView) -> int:
    """When coverage was last recorded; 0 for never."""
    return int(view.database.rows(f"SELECT max(t.observed_at) FROM coverage AS t WHERE {view.visible('t')}")[0][0] or 0)


def back(view: AsOfView) -> dict[str, int]:
    """By network, when all that it had from before its first reading was in the record."""
    return dict(view.database.rows(f"WITH {read_back_sql(view)} SELECT network, until_at FROM back"))


def coverage(view: AsOfView, since: int) -> Rows:
    """(network, from_at, until_at, observed_at, state, reason) of coverage that ends after a moment."""
    return view.database.iterate(f"""SELECT t.network, t.from_at, t.until_at, t.observed_at, t.state, t.reason
        FROM coverage AS t WHERE {view.visible("t")} AND t.until_at > t.from_at AND t.until_at > {since}
        ORDER BY t.network, t.from_at, t.observed_at""")


def announced(view: AsOfView, since: int) -> Rows:
    """(paper, announced_at)."""
    return view.database.iterate(
        f"WITH {_announced(view, since)} SELECT {key_of('n.paper')}, n.at FROM announced AS n ORDER BY 1"
    )


def bots(view: AsOfView, since: int) -> Rows:
    """(voice, rule, version) of bots that posted or reacted here, one row per rule that says so."""
    return view.database.iterate(f"""WITH {_posts(view, since)}, {persons_sql(view, ())},
        here (voice) AS (
            SELECT {VOICE} FROM post AS p LEFT JOIN stable_account AS w ON w.voice = p.voice
                WHERE p.post IN (SELECT post FROM named) AND {view.visible("p")}
            UNION SELECT coalesce(w.stable_voice, r.account)
                FROM reaction AS r LEFT JOIN stable_account AS w ON w.voice = r.account
                WHERE r.post IN (SELECT post FROM named) AND {view.visible("r")})
        SELECT {key_of("b.voice")}, t.rule, t.version FROM bot AS b JOIN here AS h ON h.voice = b.voice
        JOIN verdict AS t ON t.about = 0 AND t.judgement = 'bot' AND {view.visible("t")}
            AND {view.newest(SPECS[Verdict], "t")}
            AND (t.subject = b.voice
                OR t.subject IN (SELECT w.voice FROM stable_account AS w WHERE w.stable_voice = b.voice))
        ORDER BY 1, 2""")


def doubtful(view: AsOfView, since: int) -> Rows:
    """(post, paper, rule, version) of mentions that do not count."""
    return view.database.iterate(f"""WITH {_announced(view, since)}, {doubtful_sql(view)}
        SELECT {key_of("d.post")}, {key_of("d.paper")}, t.rule, t.version FROM doubtful AS d
        JOIN announced AS n ON n.paper = d.paper
        JOIN verdict AS t ON t.subject = d.post AND t.about = d.paper AND t.judgement = 'doubtful'
            AND {view.visible("t")} AND {view.newest(SPECS[Verdict], "t")}
        ORDER BY 1, 2, 3""")


def posts(view: AsOfView, since: int) -> Rows:
    """(post's number, post, network, account, voice, created_at, limits, text, text_fingerprint, observed_at,
    gone), one row per observation, ascending by number and moment."""
    return view.database.iterate(f"""WITH {_posts(view, since)}, {persons_sql(view, ())}
        SELECT p.post, {key_of("p.post")}, p.network, {key_of("p.voice")}, {key_of(VOICE)}, p.created_at, p.limits,
            p.text, p.text_fingerprint, p.observed_at, p.gone
        FROM post AS p LEFT JOIN stable_account AS w ON w.voice = p.voice
        WHERE p.post IN (SELECT post FROM named) AND {view.visible("p")} ORDER BY p.post, p.observed_at""")


def mentions(view: AsOfView, since: int) -> Rows:
    """(post's number, paper, observed_at, form), the first observation of each mention, ascending by number."""
    return view.database.iterate(f"""WITH {_posts(view, since)}
        SELECT m.post, {key_of("m.paper")}, m.observed_at, m.form
        FROM mention AS m JOIN announced AS n ON n.paper = m.paper
        WHERE {view.visible("m")} AND NOT EXISTS (SELECT 1 FROM mention AS f WHERE f.post = m.post AND f.paper = m.paper
            AND f.observed_at < m.observed_at AND {view.visible("f")})
        ORDER BY m.post, m.observed_at, 2""")


def snapshots(view: AsOfView, since: int) -> Rows:
    """(post's number, observed_at, reposts, likes), ascending by number and moment."""
    return view.database.iterate(f"""WITH {_posts(view, since)}
        SELECT s.post, s.observed_at, s.reposts, s.likes FROM snapshot AS s
        WHERE s.post IN (SELECT post FROM named) AND {view.visible("s")} ORDER BY s.post, s.observed_at""")


def reactions(view: AsOfView, since: int) -> Rows:
    """(post's number, voice, account's number, type, observed_at, withdrawn) of reposts and likes, ascending by number
    and moment."""
    return view.database.iterate(f"""WITH {_posts(view, since)}, {persons_sql(view, ())}
        SELECT r.post, {key_of("coalesce(w.stable_voice, r.account)")}, r.account, r.type, r.observed_at, r.withdrawn
        FROM reaction AS r LEFT JOIN stable_account AS w ON w.voice = r.account
        WHERE r.post IN (SELECT post FROM named) AND r.type IN ('repost', 'like') AND {view.visible("r")}
        ORDER BY r.post, r.observed_at, r.account, r.type""")
