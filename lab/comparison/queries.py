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
        SELECT announcement.paper, min(announcement.announced_at) FROM announcement
        WHERE {announces_sql(view, "announcement")}
        GROUP BY announcement.paper HAVING min(announcement.announced_at) > {since}
            AND min(announcement.announced_at) <= {view.as_of})"""


def _posts(view: AsOfView, since: int) -> str:
    """Two tables: `announced`, and `named`: posts that name such a paper, or that are limited and name none so far."""
    return f"""{_announced(view, since)},
    named (post) AS (
        SELECT mention.post FROM mention JOIN announced ON announced.paper = mention.paper
        WHERE {view.visible("mention")}
        UNION SELECT post.post FROM post WHERE {view.visible("post")} AND post.limits <> '[]'
            AND post.created_at > {since}
            AND NOT EXISTS (SELECT 1 FROM mention WHERE mention.post = post.post AND {view.visible("mention")}))"""


def last_observed(view: AsOfView) -> int:
    """When coverage was last recorded; 0 for never."""
    sql = f"SELECT max(coverage.observed_at) FROM coverage WHERE {view.visible('coverage')}"
    return int(view.database.rows(sql)[0][0] or 0)


def back(view: AsOfView) -> dict[str, int]:
    """By network, when all that it had from before its first reading was in the record."""
    return dict(view.database.rows(f"WITH {read_back_sql(view)} SELECT network, until_at FROM back"))


def coverage(view: AsOfView, since: int) -> Rows:
    """(network, from_at, until_at, observed_at, state, reason) of coverage that ends after a moment."""
    return view.database.iterate(f"""SELECT coverage.network, coverage.from_at, coverage.until_at,
        coverage.observed_at, coverage.state, coverage.reason
        FROM coverage WHERE {view.visible("coverage")} AND coverage.until_at > coverage.from_at
            AND coverage.until_at > {since}
        ORDER BY coverage.network, coverage.from_at, coverage.observed_at""")


def announced(view: AsOfView, since: int) -> Rows:
    """(paper, announced_at)."""
    announced_sql = _announced(view, since)
    return view.database.iterate(
        f"WITH {announced_sql} SELECT {key_of('announced.paper')}, announced.at FROM announced ORDER BY 1"
    )


def bots(view: AsOfView, since: int) -> Rows:
    """(voice, rule, version) of bots that posted or reacted here, one row per rule that says so."""
    return view.database.iterate(f"""WITH {_posts(view, since)}, {persons_sql(view, ())},
        here (voice) AS (
            SELECT {VOICE} FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
                WHERE post.post IN (SELECT post FROM named) AND {view.visible("post")}
            UNION SELECT coalesce(stable_account.stable_voice, reaction.account)
                FROM reaction LEFT JOIN stable_account ON stable_account.voice = reaction.account
                WHERE reaction.post IN (SELECT post FROM named) AND {view.visible("reaction")})
        SELECT {key_of("bot.voice")}, verdict.rule, verdict.version FROM bot JOIN here ON here.voice = bot.voice
        JOIN verdict ON verdict.about = 0 AND verdict.judgement = 'bot' AND {view.visible("verdict")}
            AND {view.newest(SPECS[Verdict], "verdict")}
            AND (verdict.subject = bot.voice
                OR verdict.subject IN (SELECT stable_account.voice FROM stable_account
                    WHERE stable_account.stable_voice = bot.voice))
        ORDER BY 1, 2""")


def doubtful(view: AsOfView, since: int) -> Rows:
    """(post, paper, rule, version) of mentions that do not count."""
    return view.database.iterate(f"""WITH {_announced(view, since)}, {doubtful_sql(view)}
        SELECT {key_of("doubtful.post")}, {key_of("doubtful.paper")}, verdict.rule, verdict.version FROM doubtful
        JOIN announced ON announced.paper = doubtful.paper
        JOIN verdict ON verdict.subject = doubtful.post AND verdict.about = doubtful.paper
            AND verdict.judgement = 'doubtful'
            AND {view.visible("verdict")} AND {view.newest(SPECS[Verdict], "verdict")}
        ORDER BY 1, 2, 3""")


def posts(view: AsOfView, since: int) -> Rows:
    """(post's number, post, network, account, voice, created_at, limits, text, text_fingerprint, observed_at,
    gone), one row per observation, ascending by number and moment."""
    return view.database.iterate(f"""WITH {_posts(view, since)}, {persons_sql(view, ())}
        SELECT post.post, {key_of("post.post")}, post.network, {key_of("post.voice")}, {key_of(VOICE)},
            post.created_at, post.limits,
            post.text, post.text_fingerprint, post.observed_at, post.gone
        FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.post IN (SELECT post FROM named) AND {view.visible("post")} ORDER BY post.post, post.observed_at""")


def mentions(view: AsOfView, since: int) -> Rows:
    """(post's number, paper, observed_at, form), the first observation of each mention, ascending by number."""
    return view.database.iterate(f"""WITH {_posts(view, since)}
        SELECT mention.post, {key_of("mention.paper")}, mention.observed_at, mention.form
        FROM mention JOIN announced ON announced.paper = mention.paper
        WHERE {view.visible("mention")} AND NOT EXISTS (SELECT 1 FROM mention AS other
            WHERE other.post = mention.post AND other.paper = mention.paper
            AND other.observed_at < mention.observed_at AND {view.visible("other")})
        ORDER BY mention.post, mention.observed_at, 2""")


def snapshots(view: AsOfView, since: int) -> Rows:
    """(post's number, observed_at, reposts, likes), ascending by number and moment."""
    posts_sql = _posts(view, since)
    return view.database.iterate(f"""WITH {posts_sql}
        SELECT snapshot.post, snapshot.observed_at, snapshot.reposts, snapshot.likes FROM snapshot
        WHERE snapshot.post IN (SELECT post FROM named) AND {view.visible("snapshot")}
            ORDER BY snapshot.post, snapshot.observed_at""")


def reactions(view: AsOfView, since: int) -> Rows:
    """(post's number, voice, account's number, type, observed_at, withdrawn) of reposts and likes, ascending by number
    and moment."""
    return view.database.iterate(f"""WITH {_posts(view, since)}, {persons_sql(view, ())}
        SELECT reaction.post, {key_of("coalesce(stable_account.stable_voice, reaction.account)")}, reaction.account,
            reaction.type, reaction.observed_at, reaction.withdrawn
        FROM reaction LEFT JOIN stable_account ON stable_account.voice = reaction.account
        WHERE reaction.post IN (SELECT post FROM named) AND reaction.type IN ('repost', 'like')
            AND {view.visible("reaction")}
        ORDER BY reaction.post, reaction.observed_at, reaction.account, reaction.type""")
