"""Who talked about what, as a ranking needs it: SQL finds what was said, plain functions count whose voices it was.

For every paper announced in a window and every age (6, 24, 72, 168 h) that it has reached, the voices that it had by
then on each network: the accounts that posted about it and those that reposted or liked such a post, each once; where
a network tells only counts, the counts. Posts of bots are left out and counted apart; posts of the publication itself
and doubtful mentions are left out. Posts of the same text, or of the same account, on several networks are one voice,
on the network where the post is strongest; reactions count where they are.

What a network told of the time before it was first read was observed late: it stands for the last age that a paper had
reached by then, and for none before. A post counts from when it was made, with the counts that it had when it was read.

Papers come one by one, so memory holds no more than what was said of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from hotpapers.model import BEGAN, DAY, HOUR, READ_BACK, Alias, Announcement, Paper, Verdict
from hotpapers.store.as_of import AsOfView
from hotpapers.store.item_rows import SPECS

AGES = (6, 24, 72, 168)
"""Hours after the announcement at which papers are compared."""
REFERENCE_DAYS = 90
BACK_WITHIN = 6 * HOUR
"""How long after a network was first read what it tells of the time before may be late, µs."""


NEVER = 1_000_000
"""Hours after which no further age follows."""


class MeasurementWindow(NamedTuple):
    """What to measure. `posted_from`: papers announced up to `candidates_from`, or never, count with the posts made
    since then; None: not at all. `papers`: these alone; none for all."""

    ages: tuple[int, ...] = AGES
    networks: tuple[str, ...] = ()
    own_voices: tuple[int, ...] = ()
    candidates_from: int = 0
    posted_from: int | None = None
    papers: tuple[str, ...] = ()


class Engagement(NamedTuple):
    """One paper's attention on one network by one moment. `peer`: counts in the reference of its age.

    `announced_at` is 0 for a paper that counts with the posts of a window.
    """

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


class PostAtAge(NamedTuple):
    """A post about a paper as it was at a mark.

    `post`: the number of its row; `same`: a mark of its text, 0 for none; `voice`: a mark of whose it is;
    `counted_at`: when its counts were read, None for never.
    """

    paper: str
    archive: str
    announced_at: int
    age: int
    until: int
    peer: int
    network: str
    post: int
    same: int
    voice: int
    automated: int
    reposts: int
    likes: int
    counted_at: int | None


class ReactionEvent(NamedTuple):
    """An account's repost or like of a post, or its withdrawal, as observed at a moment.

    `account`: a mark of the account as the network named it; `voice`: of whose it is; `left_out`: a bot or our own.
    """

    paper: str
    post: int
    account: int
    voice: int
    type: str
    observed_at: int
    withdrawn: int
    left_out: int


def read_engagement(view: AsOfView, window: MeasurementWindow) -> Iterator[Engagement]:
    """All attention that the window measures, in the order of paper, age and network."""
    rows = view.database.iterate(posts_at_age_sql(view, window))
    reactions: Iterable[Sequence[object]] = ()
    if view.database.rows("SELECT 1 FROM reaction LIMIT 1"):
        reactions = view.database.iterate(reaction_events_sql(view, window))
    yield from count_engagement(map(PostAtAge._make, rows), map(ReactionEvent._make, reactions))


# ---- whose voices: plain functions -------------------------------------------------------------------


def count_engagement(spoken: Iterable[PostAtAge], reacted: Iterable[ReactionEvent]) -> Iterator[Engagement]:
    """Attention from what was said and the reactions to it, both in the order of their papers."""
    waiting = groupby(reacted, key=attrgetter("paper"))
    paper_of_reactions, reactions = next(waiting, ("", iter(())))
    for paper, group in groupby(spoken, key=attrgetter("paper")):
        while paper_of_reactions < paper:
            paper_of_reactions, reactions = next(waiting, (LAST, iter(())))
        yield from _of_paper(list(group), list(reactions) if paper_of_reactions == paper else [])


LAST = "\U0010ffff"
"""Comes after every paper."""


def _of_paper(spoken: Sequence[PostAtAge], reacted: Sequence[ReactionEvent]) -> Iterator[Engagement]:
    marks: dict[tuple[int, int], list[PostAtAge]] = defaultdict(list)
    for one in spoken:
        marks[one.age, one.peer].append(one)
    in_time = sorted(reacted, key=attrgetter("observed_at"))
    for _, at_mark in sorted(marks.items()):
        yield from _of_mark(at_mark, in_time)


def _of_mark(spoken: Sequence[PostAtAge], reacted: Sequence[ReactionEvent]) -> Iterator[Engagement]:
    networks: dict[str, list[PostAtAge]] = defaultdict(list)
    for one in spoken:
        networks[one.network].append(one)
    texts, voices = _homes(spoken) if len(networks) > 1 else ({}, {})
    reactions = _standing(reacted, spoken[0].until) if reacted else {}
    for network, there in sorted(networks.items()):
        at_home = {
            one.voice
            for one in there
            if not one.automated and texts.get(one.same, network) == network == voices.get(one.voice, network)
        }
        yield _summed(there, at_home, reactions)


def _homes(spoken: Sequence[PostAtAge]) -> tuple[dict[int, str], dict[int, str]]:
    """On which network each text, and each voice, is strongest; level ones where the name comes first.

    Never by the post's id: it may be forgotten, and the issue must still be rebuilt alike.
    """
    texts: dict[int, str] = {}
    voices: dict[int, str] = {}
    for one in sorted(spoken, key=lambda one: (one.automated, -one.reposts - one.likes, one.network)):
        if one.same:
            texts.setdefault(one.same, one.network)
        if one.voice:
            voices.setdefault(one.voice, one.network)
    return texts, voices


def _standing(reacted: Iterable[ReactionEvent], until: int) -> dict[int, list[ReactionEvent]]:
    """Each post's reactions as they stood at a moment: of every account and type the last one seen by then."""
    last = {(one.post, one.account, one.type): one for one in reacted if one.observed_at <= until}
    found: dict[int, list[ReactionEvent]] = defaultdict(list)
    for one in last.values():
        found[one.post].append(one)
    return found


def _summed(
    there: Sequence[PostAtAge], voices: set[int], reactions: Mapping[int, Sequence[ReactionEvent]]
) -> Engagement:
    """One network: its voices, and beyond them the counts that no account explains."""
    reposts = likes = unexplained = bots = 0
    for one in there:
        if one.automated:
            bots += 1
            continue
        reposts, likes = reposts + one.reposts, likes + one.likes
        known = reactions.get(one.post, ())
        unexplained += _beyond(one.reposts, "repost", known, one) + _beyond(one.likes, "like", known, one)
        voices |= {r.voice for r in known if not r.withdrawn and not r.left_out}
    first = there[0]
    return Engagement(
        paper=first.paper, announced_at=first.announced_at, age=first.age, until=first.until, peer=first.peer,
        network=first.network, archive=first.archive, voices=len(voices) + unexplained, reposts=reposts, likes=likes,
        bots=bots,
    )  # fmt: skip


def _beyond(count: int, kind: str, known: Sequence[ReactionEvent], post: PostAtAge) -> int:
    """A post's count without the accounts that it holds: what was taken back after it was read is still in it."""
    if not known:
        return count
    held = {
        one.voice
        for one in known
        if one.type == kind
        and (not one.withdrawn or (post.counted_at is not None and one.observed_at > post.counted_at))
    }
    return max(count - len(held), 0)


# ---- papers and moments: SQL -----------------------------------------------------------------------------


def _announced(view: AsOfView, window: MeasurementWindow) -> str:
    """Papers first announced in the 90 days to the cut, with the moment; only such as somebody speaks of."""
    start = view.cut - REFERENCE_DAYS * DAY

    def valid(alias: str) -> str:
        newest = view.newest(SPECS[Announcement], alias)
        return f"{view.visible(alias)} AND {newest} AND {alias}.type <> 'replacement'"

    return f"""announced (paper, at) AS (
        SELECT a.paper, min(a.announced_at) FROM announcement AS a
        WHERE a.announced_at > {start} AND a.announced_at <= {view.cut}{_among("a.paper", window.papers)}
          AND EXISTS (SELECT 1 FROM mention AS t WHERE t.paper = a.paper) AND {valid("a")}
          AND NOT EXISTS (SELECT 1 FROM announcement AS b
                          WHERE b.paper = a.paper AND {valid("b")} AND b.announced_at <= {start})
        GROUP BY a.paper)"""


def _topics(view: AsOfView, window: MeasurementWindow) -> str:
    """The papers that are measured: those announced at every age; older ones with the posts of the window."""
    older = ""
    if window.posted_from is not None:
        only = _among("m.paper", window.papers)
        older = f"""
        UNION ALL
        SELECT DISTINCT m.paper, 0, 1, {window.posted_from}
        FROM post AS p JOIN mention AS m ON m.post = p.post
        WHERE {view.visible("p")} AND {view.visible("m")} AND p.created_at >= {window.posted_from}{only}
          AND NOT EXISTS (SELECT 1 FROM announced AS n WHERE n.paper = m.paper AND n.at > {window.candidates_from})"""
    archive = f"""coalesce((SELECT t.archive FROM paper AS t WHERE t.paper = n.paper AND {view.visible("t")}
            AND {view.newest(SPECS[Paper], "t")}), '')"""
    return f"""listed (paper, at, older, posted_from) AS (SELECT paper, at, 0, 0 FROM announced{older}),
    topic AS MATERIALIZED (SELECT n.paper, n.at, n.older, n.posted_from, {archive} AS archive FROM listed AS n)"""


def _marks(view: AsOfView, window: MeasurementWindow) -> str:
    """What was said, at every moment at which its paper is measured; a paper younger than the first age at the cut."""
    ages = ", ".join(f"({age}, {following})" for age, following in pairwise((*window.ages, NEVER)))
    first, last = window.ages[0], window.ages[-1]
    moment = f"h.at + g.age * {HOUR}"
    is_late = f"""h.older = 0 AND b.until_at > {moment}
                AND (g.following = {NEVER} OR b.until_at < h.at + g.following * {HOUR})"""
    return f"""ages (age, following) AS (VALUES {ages}), {_back(view)},
    marked AS (
        SELECT h.*, g.age,
            CASE WHEN h.older = 0 AND {moment} <= {view.cut} THEN {moment} ELSE {view.cut} END AS until,
            CASE WHEN h.older = 0 AND {moment} <= {view.cut} THEN 1 ELSE 0 END AS peer,
            CASE WHEN {is_late} THEN b.until_at
                WHEN h.older = 0 AND {moment} <= {view.cut} THEN {moment} ELSE {view.cut} END AS known
        FROM said AS h CROSS JOIN ages AS g LEFT JOIN back AS b ON b.network = h.network
        WHERE (h.older = 1 AND g.age = {last}) OR (h.older = 0
            AND ({moment} <= {view.cut} OR (g.age = {first} AND h.at + {first * HOUR} > {view.cut}))))"""


def _back(view: AsOfView) -> str:
    """By network up to when it was told what was said before it was first read."""
    return f"""back (network, until_at) AS (
        SELECT t.network, max(t.observed_at) FROM coverage AS t
        JOIN (SELECT f.network, min(f.observed_at) AS at FROM coverage AS f
              WHERE f.reason = '{BEGAN}' AND f.until_at = f.from_at AND {view.visible("f")} GROUP BY f.network) AS n
          ON n.network = t.network AND t.observed_at <= n.at + {BACK_WITHIN}
        WHERE t.reason = '{READ_BACK}' AND t.until_at = t.from_at AND {view.visible("t")} GROUP BY t.network)"""


# ---- whose voice counts: SQL --------------------------------------------------------------------------------


PROVED = "proved"
"""The rule by which whoever has an account says that it is a person."""
ALONE = ("rate", "share", "template")
"""The rules that look at one account by itself: all that such a word goes before."""


def persons_sql(view: AsOfView, own_voices: Sequence[int]) -> str:
    """Three tables: `known`, handles' accounts; `bot`, judged so by any rule unless the operator says that they are
    people, or by rules that look at one account alone unless it proved itself; `own`, the publication's own accounts. A
    voice stands in `bot` and `own` as its stable account."""
    alone = ", ".join(f"'{rule}'" for rule in ALONE)
    judged = f"""SELECT coalesce(w.stable_voice, t.voice) AS voice FROM verdict AS t
            LEFT JOIN known AS w ON w.voice = t.voice WHERE t.about = '' AND {_current(view, "t")}"""
    own = " UNION ".join(
        f"SELECT {int(voice)} UNION SELECT stable_voice FROM known WHERE voice = {int(voice)}" for voice in own_voices
    )
    return f"""known (voice, stable_voice) AS (
        SELECT t.voice, max(t.stable_voice) FROM alias AS t
        WHERE {view.visible("t")} AND {view.newest(SPECS[Alias], "t")} GROUP BY t.voice),
    bot (voice) AS (
        {judged} AND t.judgement = 'bot' AND t.rule IN ({alone})
        EXCEPT {judged} AND t.judgement = 'human' AND t.rule = '{PROVED}'
        UNION {judged} AND t.judgement = 'bot' AND t.rule NOT IN ({alone})
        EXCEPT {judged} AND t.judgement = 'human' AND t.rule = 'operator'),
    own (voice) AS ({own or "SELECT voice FROM known WHERE 1 = 0"})"""


def doubtful_sql(view: AsOfView) -> str:
    """One table: `doubtful`, mentions judged so by any rule, unless the operator says that they are sound."""
    judged = f"SELECT t.subject, t.about FROM verdict AS t WHERE t.about <> '' AND {_current(view, 't')}"
    return f"""doubtful (post, paper) AS (
        {judged} AND t.judgement = 'doubtful' EXCEPT {judged} AND t.judgement = 'sound' AND t.rule = 'operator')"""


def _current(view: AsOfView, alias: str) -> str:
    return f"{view.visible(alias)} AND {view.newest(SPECS[Verdict], alias)}"


# ---- what was said: SQL --------------------------------------------------------------------------------


def _said(view: AsOfView, window: MeasurementWindow) -> str:
    """Every post that mentions a topic, with whose it is, and from when until when mention and post said so."""
    voice = "coalesce(w.stable_voice, p.voice)"
    networks = _among("p.network", window.networks)

    def changed(kind: str, alias: str, same: str) -> str:
        """When the next observation of the same key was made, if one was."""
        return f"""(SELECT min(later.observed_at) FROM {kind} AS later WHERE {same}
                AND later.observed_at > {alias}.observed_at AND {view.visible("later")})"""

    mention = changed("mention", "m", "later.post = m.post AND later.paper = m.paper")
    return f"""said AS MATERIALIZED (
        SELECT n.paper, n.archive, n.at, n.older, p.network, p.id, p.post, p.same, {voice} AS voice,
            p.created_at AS made_at,
            CASE WHEN {voice} IN (SELECT voice FROM bot) THEN 1 ELSE 0 END AS automated,
            m.observed_at AS mentioned_at, {mention} AS mention_changed_at,
            p.observed_at AS posted_at, {changed("post", "p", "later.post = p.post")} AS post_changed_at
        FROM topic AS n
        CROSS JOIN mention AS m
        JOIN post AS p ON p.post = m.post
        LEFT JOIN known AS w ON w.voice = p.voice
        WHERE m.paper = n.paper AND {view.visible("m")} AND {view.visible("p")}
          AND p.gone = '' AND p.created_at >= n.posted_from{networks}
          AND {voice} NOT IN (SELECT voice FROM own)
          AND NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper))"""


def _context(view: AsOfView, window: MeasurementWindow) -> str:
    parts = [
        _announced(view, window), _topics(view, window), persons_sql(view, window.own_voices), doubtful_sql(view),
        _said(view, window),
    ]  # fmt: skip
    return f"WITH {', '.join(parts)}"


def posts_at_age_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Rows of `PostAtAge` by paper: each post at each mark, with its counts by then. Every number in it is ours."""
    seen = view.visible("z", "k.known")
    return f"""{_context(view, window)}, {_marks(view, window)}
        SELECT k.paper, k.archive, k.at, k.age, k.until, k.peer, k.network, k.id, k.same, k.voice, k.automated,
            coalesce(s.reposts, 0), coalesce(s.likes, 0), s.observed_at
        FROM marked AS k
        LEFT JOIN snapshot AS s ON s.post = k.post AND s.id = (
            SELECT z.id FROM snapshot AS z WHERE z.post = k.post AND {seen} ORDER BY z.observed_at DESC LIMIT 1)
        WHERE k.mentioned_at <= k.known AND (k.mention_changed_at IS NULL OR k.mention_changed_at > k.known)
          AND k.posted_at <= k.known AND (k.post_changed_at IS NULL OR k.post_changed_at > k.known)
          AND (k.made_at <= k.until OR k.known = k.until)
        ORDER BY k.paper"""


def reaction_events_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Rows of `ReactionEvent` by paper: reposts and likes known by account, of the posts that may count."""
    voice = "coalesce(w.stable_voice, r.voice)"
    return f"""{_context(view, window)}
        SELECT h.paper, h.id, r.voice, {voice}, r.type, r.observed_at, r.withdrawn,
            CASE WHEN {voice} IN (SELECT voice FROM bot) OR {voice} IN (SELECT voice FROM own) THEN 1 ELSE 0 END
        FROM (SELECT DISTINCT paper, id, post FROM said WHERE automated = 0) AS h
        JOIN reaction AS r ON r.post = h.post AND r.type IN ('repost', 'like') AND {view.visible("r")}
        LEFT JOIN known AS w ON w.voice = r.voice
        ORDER BY h.paper"""


def _among(column: str, names: Sequence[str]) -> str:
    """The condition to be one of these; none for any."""
    return f" AND {column} IN ({', '.join(map(_quoted, names))})" if names else ""


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


# ---- imported listings ---------------------------------------------------------------------------------


def listed_peers(view: AsOfView, publication: str, networks: Sequence[str] = ()) -> Iterator[tuple[str, str, str, int]]:
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
