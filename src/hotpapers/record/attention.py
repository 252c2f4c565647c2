"""Who talked about what: one aggregate over the record, as a ranking needs it.

For every paper announced in a window and every age (6, 24, 72, 168 h) that it has reached, the voices that it had by
then on each network: the accounts that posted about it and those that reacted, each once; where a network tells
only counts, the counts. Posts of bots and of the publication itself are left out and counted apart; so are doubtful
mentions. The same text or the same account on several networks counts once, where it is strongest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.model import DAY, HOUR, Alias, Mention, Paper, Post, Reaction, Verdict
from hotpapers.record.items import SPECS
from hotpapers.record.view import View

AGES = (6, 24, 72, 168)
"""Hours after the announcement at which papers are compared."""
REFERENCE_DAYS = 90


class Window(NamedTuple):
    """What to measure. `posted_from`: papers announced earlier count with the posts made since then; None: not at all."""

    ages: tuple[int, ...] = AGES
    networks: tuple[str, ...] = ()
    own_voices: tuple[int, ...] = ()
    candidates_from: int = 0
    posted_from: int | None = None


class Heard(NamedTuple):
    """One paper's attention on one network by one moment. `peer`: counts in the reference of its age."""

    paper: str
    announced_at: int
    age: int
    until: int
    peer: int
    network: str
    archive: str
    voices: int
    reposts: int
    likes: int
    bots: int


def heard(view: View, window: Window) -> Iterator[Heard]:
    """All attention that the window measures, in the order of paper, age and network."""
    with_reactions = bool(view.database.rows("SELECT 1 FROM reaction LIMIT 1"))
    for row in view.database.iterate(attention_sql(view, window, with_reactions)):
        yield Heard(*row)


def attention_sql(view: View, window: Window, with_reactions: bool) -> str:
    """The whole aggregate as one SELECT; every number in it is an integer of ours."""
    parts = [
        _announced(view), _marks(view, window), bots_sql(view, window.own_voices), _doubtful(view), _aliases(view),
        _spoke(view, window), _placed(), _counted(view, with_reactions),
    ]  # fmt: skip
    return f"WITH {', '.join(parts)} {_summed(view)}"


def _announced(view: View) -> str:
    """Papers first announced in the 90 days to the cut, with the moment."""
    start = view.cut - REFERENCE_DAYS * DAY
    visible = view.visible("a")
    return f"""announced (paper, at) AS (
        SELECT a.paper, min(a.announced_at) FROM announcement AS a
        WHERE {visible} AND a.type <> 'replacement' AND a.announced_at > {start} AND a.announced_at <= {view.cut}
          AND NOT EXISTS (SELECT 1 FROM announcement AS b WHERE b.paper = a.paper AND {view.visible("b")}
                          AND b.type <> 'replacement' AND b.announced_at <= {start})
        GROUP BY a.paper)"""


def _marks(view: View, window: Window) -> str:
    """The moments at which each paper is measured; a paper younger than the first age is measured at the cut."""
    ages = ", ".join(f"({age})" for age in window.ages)
    first = window.ages[0]
    older = ""
    if window.posted_from is not None:
        older = f"""
        UNION ALL
        SELECT DISTINCT m.paper, 0, {window.ages[-1]}, {view.cut}, 0, {window.posted_from}
        FROM post AS p JOIN mention AS m ON m.post = p.post
        WHERE {view.visible("p")} AND {view.visible("m")} AND p.created_at >= {window.posted_from}
          AND NOT EXISTS (SELECT 1 FROM announced AS n WHERE n.paper = m.paper AND n.at > {window.candidates_from})"""
    return f"""ages (age) AS (VALUES {ages}),
    mark (paper, at, age, until, peer, posted_from) AS (
        SELECT n.paper, n.at, g.age, n.at + g.age * {HOUR}, 1, 0 FROM announced AS n, ages AS g
        WHERE n.at + g.age * {HOUR} <= {view.cut}
        UNION ALL
        SELECT n.paper, n.at, {first}, {view.cut}, 0, 0 FROM announced AS n
        WHERE n.at + {first * HOUR} > {view.cut}{older})"""


def bots_sql(view: View, own_voices: tuple[int, ...]) -> str:
    """Voices that do not count: judged bots, unless the operator says they are people; and the publication's own."""
    current = f"{view.visible('t')} AND {view.newest(SPECS[Verdict], 't')}"
    own = "".join(f" UNION SELECT {int(voice)}" for voice in own_voices)
    return f"""bot (voice) AS (
        SELECT voice FROM (
            SELECT t.voice FROM verdict AS t WHERE t.about = '' AND t.judgement = 'bot' AND {current}
            EXCEPT
            SELECT t.voice FROM verdict AS t
            WHERE t.about = '' AND t.judgement = 'human' AND t.rule = 'operator' AND {current}) AS judged{own})"""


def _doubtful(view: View) -> str:
    current = f"{view.visible('t')} AND {view.newest(SPECS[Verdict], 't')}"
    return f"""doubtful (post, paper) AS (
        SELECT t.subject, t.about FROM verdict AS t WHERE t.about <> '' AND t.judgement = 'doubtful' AND {current}
        EXCEPT
        SELECT t.subject, t.about FROM verdict AS t
        WHERE t.about <> '' AND t.judgement = 'sound' AND t.rule = 'operator' AND {current})"""


def _aliases(view: View) -> str:
    return f"""known (voice, stable_voice) AS (
        SELECT t.voice, max(t.stable_voice) FROM alias AS t
        WHERE {view.visible("t")} AND {view.newest(SPECS[Alias], "t")} GROUP BY t.voice)"""


def _spoke(view: View, window: Window) -> str:
    """Every post that mentions a paper by a mark, with whose it is and its counts by then."""
    until = "k.until"
    networks = ""
    if window.networks:
        networks = f" AND p.network IN ({', '.join(_quoted(name) for name in window.networks)})"
    return f"""spoke AS (
        SELECT k.paper, k.at, k.age, k.until, k.peer, p.network, p.post, p.same,
            coalesce(w.stable_voice, p.voice) AS voice,
            CASE WHEN coalesce(w.stable_voice, p.voice) IN (SELECT voice FROM bot)
                   OR p.voice IN (SELECT voice FROM bot) THEN 1 ELSE 0 END AS automated,
            coalesce(s.reposts, 0) AS reposts, coalesce(s.likes, 0) AS likes
        FROM mark AS k
        JOIN mention AS m ON m.paper = k.paper AND {view.visible("m", until)}
            AND {view.newest(SPECS[Mention], "m", until)}
        JOIN post AS p ON p.post = m.post AND {view.visible("p", until)} AND {view.newest(SPECS[Post], "p", until)}
            AND p.gone = '' AND p.created_at >= k.posted_from{networks}
        LEFT JOIN known AS w ON w.voice = p.voice
        LEFT JOIN snapshot AS s ON s.post = p.post AND {view.visible("s", until)} AND s.observed_at = (
            SELECT max(z.observed_at) FROM snapshot AS z WHERE z.post = p.post AND {view.visible("z", until)})
        WHERE NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper))"""


def _placed() -> str:
    """Where the same text, and the same account, is strongest."""
    rank = "ORDER BY automated, reposts + likes DESC, post"
    return f"""placed AS (
        SELECT spoke.*,
            first_value(network) OVER (PARTITION BY paper, age, peer, same,
                CASE WHEN same = 0 THEN post ELSE '' END {rank}) AS text_home,
            first_value(network) OVER (PARTITION BY paper, age, peer, voice,
                CASE WHEN voice = 0 THEN post ELSE '' END {rank}) AS account_home
        FROM spoke)"""


def _counted(view: View, with_reactions: bool) -> str:
    """One row a post (its author's voice, the counts that no account explains), one row a reaction known by account."""
    known = "0"
    reactions = ""
    if with_reactions:
        current = (
            f"{view.visible('r', 'c.until')} AND {view.newest(SPECS[Reaction], 'r', 'c.until')} AND r.withdrawn = 0"
        )
        known = f"(SELECT count(DISTINCT r.account) FROM reaction AS r WHERE r.post = c.post AND {current})"
        reactions = f"""
        UNION ALL
        SELECT c.paper, c.at, c.age, c.until, c.peer, c.network, coalesce(w.stable_voice, r.voice), 0, 0, 0, 0
        FROM placed AS c JOIN reaction AS r ON r.post = c.post AND {current}
        LEFT JOIN known AS w ON w.voice = r.voice
        WHERE c.automated = 0 AND coalesce(w.stable_voice, r.voice) NOT IN (SELECT voice FROM bot)"""
    more = f"c.reposts + c.likes - {known}"
    return f"""counted (paper, at, age, until, peer, network, voice, more, reposts, likes, bots) AS (
        SELECT c.paper, c.at, c.age, c.until, c.peer, c.network,
            CASE WHEN c.automated = 0 AND c.network = c.text_home AND c.network = c.account_home THEN c.voice END,
            CASE WHEN c.automated = 1 OR {more} < 0 THEN 0 ELSE {more} END,
            CASE WHEN c.automated = 1 THEN 0 ELSE c.reposts END,
            CASE WHEN c.automated = 1 THEN 0 ELSE c.likes END, c.automated
        FROM placed AS c{reactions})"""


def _summed(view: View) -> str:
    archive = f"""coalesce((SELECT t.archive FROM paper AS t WHERE t.paper = c.paper AND {view.visible("t")}
            AND {view.newest(SPECS[Paper], "t")}), '')"""
    return f"""SELECT c.paper, max(c.at), c.age, max(c.until), c.peer, c.network, {archive},
            count(DISTINCT c.voice) + sum(c.more), sum(c.reposts), sum(c.likes), sum(c.bots)
        FROM counted AS c GROUP BY c.paper, c.age, c.peer, c.network ORDER BY c.paper, c.age, c.peer, c.network"""


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def listed_peers(view: View, publication: str, networks: Sequence[str] = ()) -> Iterator[tuple[str, str, str, int]]:
    """(network, archive, paper, likes) of what a listing publication published, 50 or more together, in the 90 days.

    Each paper once, by its latest tally.
    """
    start = view.cut - REFERENCE_DAYS * DAY
    sql = f"""
        SELECT t.network, coalesce((SELECT q.archive FROM paper AS q WHERE q.paper = t.paper
                AND {view.visible("q")} AND {view.newest(SPECS[Paper], "q")}), ''), t.paper, t.likes
        FROM tally AS t
        WHERE {view.visible("t")} AND t.observed_at > {start} AND t.method >= ? AND t.method < ?
          AND t.reposts + t.likes >= 50
          AND NOT EXISTS (SELECT 1 FROM tally AS l WHERE l.paper = t.paper AND l.network = t.network
                AND l.method >= ? AND l.method < ? AND {view.visible("l")}
                AND (l.observed_at > t.observed_at OR (l.observed_at = t.observed_at AND l.method > t.method)))
        ORDER BY t.network, t.paper"""
    bounds = (f"{publication}/", f"{publication}0")
    for network, archive, paper, likes in view.database.iterate(sql, (*bounds, *bounds)):
        if not networks or network in networks:
            yield network, archive, paper, likes
