"""What engagement asks of the store, and its own recount table.

* Rankings: `posts_at_age_sql`, `people`, `author_voices`, `reactions_to`, `listed_peers`: papers and moments, who is
  whom, whose voice counts, who is an author, what was said, and who reacted.
* Recounts: the posts whose counts are read again (see `measurement.next_recount_at`).

The rows of the recount table are bookkeeping, not observations: they are not items and appear in no batch or export.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from hotpapers.base import model
from hotpapers.base.model import DAY, HOUR, MAX_INTEGER
from hotpapers.discussion.engagement.measurement import (
    BACK_WITHIN,
    FOLLOWED_FOR,
    FRESH,
    NEVER,
    NO_LATER_AGE,
    REFERENCE_DAYS,
    RETRY_AFTER,
    SHOWN_FOR,
    MeasurementWindow,
    age_after,
    next_recount_at,
)
from hotpapers.discussion.engagement.post_reactions import (
    PostReactions,
    ReactionEvent,
    ReactionEvents,
    ReactionsByPost,
    counted,
    group_of,
)
from hotpapers.record import (
    NUMBER,
    SPECS,
    AsOfView,
    Database,
    Record,
    column_among,
    first_value,
    key_of,
    placeholders,
    slices,
)
from hotpapers.record.identities import is_whole

PROVED = "proved"
"""The rule under which an account's proven owner says that it is a person."""


SINGLE_ACCOUNT_RULES = ("rate", "share", "template")
"""The rules that examine single accounts: the only ones that an owner's word overrides."""


VOICE = "coalesce(w.stable_voice, p.voice)"
"""The voice of a post `p` joined with its account `w` in `stable_account`: the number of its stable account."""


# ---- papers and moments ----------------------------------------------------------------------------------


def announces_sql(view: AsOfView, alias: str) -> str:
    """The condition that an announcement announces its paper: it is the latest word on it, and no replacement."""
    newest = view.newest(SPECS[model.Announcement], alias)
    return f"{view.visible(alias)} AND {newest} AND {alias}.type <> 'replacement'"


def announced_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Papers first announced in the 90 days up to the cut, with the moment; only those that some post names."""
    start = view.as_of - REFERENCE_DAYS * DAY
    return f"""announced (paper, at) AS (
        SELECT a.paper, min(a.announced_at) FROM announcement AS a
        WHERE a.announced_at > {start} AND a.announced_at <= {view.as_of}{_is_one_of_papers("a.paper", window.papers)}
          AND EXISTS (SELECT 1 FROM mention AS t WHERE t.paper = a.paper) AND {announces_sql(view, "a")}
          AND NOT EXISTS (SELECT 1 FROM announcement AS b
                          WHERE b.paper = a.paper AND {announces_sql(view, "b")} AND b.announced_at <= {start})
        GROUP BY a.paper)"""


def _measured_papers(view: AsOfView, window: MeasurementWindow) -> str:
    """The papers to measure: announced ones at every age, older ones with the posts of the window."""
    older = ""
    if window.posted_from is not None:
        older = f"""
        UNION ALL SELECT DISTINCT m.paper, 0, 1, {window.posted_from}, {window.posted_until}
        FROM post AS p JOIN mention AS m ON m.post = p.post
        WHERE {view.visible("p")} AND {view.visible("m")} AND p.created_at >= {window.posted_from}
          AND p.created_at < {window.posted_until}{_is_one_of_papers("m.paper", window.papers)}
          AND NOT EXISTS (SELECT 1 FROM announced AS n WHERE n.paper = m.paper AND n.at > {window.candidates_from})"""
    archive = f"""coalesce((SELECT t.archive FROM paper AS t WHERE t.paper = n.paper AND {view.visible("t")}
            AND {view.newest(SPECS[model.Paper], "t")}), '')"""
    return f"""listed (paper, at, older, posted_from, posted_until) AS (
        SELECT paper, at, 0, 0, {NEVER} FROM announced{older}),
    topic AS MATERIALIZED (
        SELECT n.paper, {key_of("n.paper")} AS name, n.at, n.older, n.posted_from, n.posted_until, {archive} AS archive
            FROM listed AS n)"""


def _at_ages(view: AsOfView, window: MeasurementWindow) -> str:
    """What was said at each moment at which its paper is measured. A paper younger than the first age is measured at
    the cut. What was read late counts from the last of `measurement.AGES` before, whichever ages are measured."""
    ages = ", ".join(f"({age}, {age_after(age)})" for age in window.ages)
    youngest = window.youngest or window.ages[0]
    last = window.ages[-1]
    moment = f"h.at + g.age * {HOUR}"
    is_late = f"""h.older = 0 AND b.until_at > {moment}
                AND (g.following = {NO_LATER_AGE} OR b.until_at < h.at + g.following * {HOUR})"""
    return f"""ages (age, following) AS (VALUES {ages}), {read_back_sql(view)},
    marked AS (
        SELECT h.*, g.age,
            CASE WHEN h.older = 0 AND {moment} <= {view.as_of} THEN {moment} ELSE {view.as_of} END AS until,
            CASE WHEN h.older = 0 AND {moment} <= {view.as_of} THEN 1 ELSE 0 END AS peer,
            CASE WHEN {is_late} THEN b.until_at
                WHEN h.older = 0 AND {moment} <= {view.as_of} THEN {moment} ELSE {view.as_of} END AS known
        FROM said AS h CROSS JOIN ages AS g LEFT JOIN back AS b ON b.network = h.network
        WHERE (h.older = 1 AND g.age = {last}) OR (h.older = 0
            AND ({moment} <= {view.as_of} OR (g.age = {youngest} AND h.at + {youngest * HOUR} > {view.as_of}))))"""


def read_back_sql(view: AsOfView) -> str:
    """By network: the moment up to which it reported what was said before it was first read."""
    return f"""back (network, until_at) AS (
        SELECT t.network, max(t.observed_at) FROM coverage AS t
        JOIN (SELECT f.network, min(f.observed_at) AS at FROM coverage AS f
              WHERE f.reason = '{model.BEGAN}' AND f.until_at = f.from_at AND {view.visible("f")}
              GROUP BY f.network) AS n
          ON n.network = t.network AND t.observed_at <= n.at + {BACK_WITHIN}
        WHERE t.reason = '{model.READ_BACK}' AND t.until_at = t.from_at AND {view.visible("t")} GROUP BY t.network)"""


# ---- whose voice counts, what may be shown ---------------------------------------------------------------


def persons_sql(view: AsOfView, own_voices: Sequence[int]) -> str:
    """Three tables. `stable_account`: the accounts of aliases. `bot`: accounts that some rule considers bots, unless
    the operator says that they are people. Rules that examine single accounts also give way to a proven owner who says
    so. `own`: the publication's own accounts. A voice is an account's number; in `bot` and `own`, it is the stable
    account's."""
    alone = ", ".join(f"'{rule}'" for rule in SINGLE_ACCOUNT_RULES)
    judged = f"""SELECT coalesce(w.stable_voice, t.subject) AS voice FROM verdict AS t
            LEFT JOIN stable_account AS w ON w.voice = t.subject WHERE t.about = 0 AND {_current_verdict(view, "t")}"""
    numbers = ", ".join(str(int(voice)) for voice in own_voices)
    own = f"""SELECT i.id FROM identity AS i WHERE i.id IN ({numbers})
        UNION SELECT w.stable_voice FROM stable_account AS w WHERE w.voice IN ({numbers})"""
    return f"""stable_account (voice, stable_voice) AS (
        SELECT t.account, max(t.stable) FROM alias AS t
        WHERE {view.visible("t")} AND {view.newest(SPECS[model.Alias], "t")} GROUP BY t.account),
    bot (voice) AS (
        {judged} AND t.judgement = 'bot' AND t.rule IN ({alone})
        EXCEPT {judged} AND t.judgement = 'human' AND t.rule = '{PROVED}'
        UNION {judged} AND t.judgement = 'bot' AND t.rule NOT IN ({alone})
        EXCEPT {judged} AND t.judgement = 'human' AND t.rule = 'operator'),
    own (voice) AS ({own if own_voices else "SELECT voice FROM stable_account WHERE 1 = 0"})"""


def doubtful_sql(view: AsOfView) -> str:
    """One table: `doubtful`, mentions that some rule finds doubtful, unless the operator says that they are sound."""
    judged = f"SELECT t.subject, t.about FROM verdict AS t WHERE t.about <> 0 AND {_current_verdict(view, 't')}"
    return f"""doubtful (post, paper) AS (
        {judged} AND t.judgement = 'doubtful' EXCEPT {judged} AND t.judgement = 'sound' AND t.rule = 'operator')"""


def limited_sql(alias: str) -> str:
    """The condition that a row of `post` says that the post is gone, or that it is not to be quoted."""
    return f"({alias}.gone <> '' OR {alias}.limits <> '[]')"


def hidden_sql(view: AsOfView) -> str:
    """One table: `hidden`, posts and accounts judged hidden, each with its own number and its stable account's."""
    return f"""hidden (subject, voice) AS (
        SELECT t.subject, coalesce(w.stable_voice, t.subject)
        FROM verdict AS t LEFT JOIN stable_account AS w ON w.voice = t.subject
        WHERE t.judgement = 'hidden' AND {_current_verdict(view, "t")})"""


def show_tables(view: AsOfView, own_voices: Sequence[int]) -> str:
    """The tables that `posts_about_papers` needs."""
    return f"WITH {persons_sql(view, own_voices)}, {doubtful_sql(view)}, {hidden_sql(view)}"


def posts_about_papers(view: AsOfView, papers: str, join: str = "") -> str:
    """The end of a SELECT: posts `p` that may be shown, as last observed, by their mentions `m` of papers. Excludes
    posts that are gone, limited, hidden, by a hidden account, or doubtful. `papers`: the condition on `m.paper`."""
    return f"""FROM mention AS m
        JOIN post AS p ON p.post = m.post AND {view.visible("p")} AND {view.newest(SPECS[model.Post], "p")}
        LEFT JOIN stable_account AS w ON w.voice = p.voice
        {join}
        WHERE m.paper {papers} AND {view.visible("m")} AND {view.newest(SPECS[model.Mention], "m")}
          AND NOT {limited_sql("p")}
          AND {VOICE} NOT IN (SELECT voice FROM hidden) AND p.post NOT IN (SELECT subject FROM hidden)
          AND NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper)"""


def authors_sql(view: AsOfView) -> str:
    """One table: `author`, papers with the voices of their authors, as some rule finds unless the operator says that
    they are independent. Voices are stable accounts. `stable_account` must be defined before it."""
    judged = f"""SELECT t.about AS paper, coalesce(w.stable_voice, t.subject) AS voice FROM verdict AS t
            LEFT JOIN stable_account AS w ON w.voice = t.subject WHERE t.about <> 0 AND {_current_verdict(view, "t")}"""
    return f"""author (paper, voice) AS (
        {judged} AND t.judgement = 'author' AND t.rule <> 'operator'
        EXCEPT {judged} AND t.judgement = 'independent' AND t.rule = 'operator'
        UNION {judged} AND t.judgement = 'author' AND t.rule = 'operator')"""


def _current_verdict(view: AsOfView, alias: str) -> str:
    return f"{view.visible(alias)} AND {view.newest(SPECS[model.Verdict], alias)}"


# ---- what was said ---------------------------------------------------------------------------------------


def _posts_about(view: AsOfView, window: MeasurementWindow) -> str:
    """Every post that mentions a topic, its voice, and the period in which post and mention said so."""
    if window.networks:
        networks = f" AND p.network IN ({', '.join(map(_quoted, window.networks))})"
    else:
        networks = ""

    def changed(kind: str, alias: str, same: str) -> str:
        """When the same key was next observed, if it was."""
        return f"""(SELECT min(later.observed_at) FROM {kind} AS later WHERE {same}
                AND later.observed_at > {alias}.observed_at AND {view.visible("later")})"""

    shared = f"""CASE WHEN EXISTS (SELECT 1 FROM mention AS o JOIN topic AS t ON t.paper = o.paper
            WHERE o.post = p.post AND o.paper <> n.paper AND {view.visible("o")}) THEN 1 ELSE 0 END"""
    mention = changed("mention", "m", "later.post = m.post AND later.paper = m.paper")
    since = f" AND (n.older = 1 OR n.at >= {window.announced_from})" if window.announced_from else ""
    return f"""said AS MATERIALIZED (
        SELECT n.paper, n.name, n.archive, n.at, n.older, p.network, p.post, p.text_fingerprint, {VOICE} AS voice,
            p.created_at AS made_at,
            CASE WHEN {VOICE} IN (SELECT voice FROM bot) THEN 1 ELSE 0 END AS automated,
            m.observed_at AS mentioned_at, {mention} AS mention_changed_at,
            p.observed_at AS posted_at, {changed("post", "p", "later.post = p.post")} AS post_changed_at,
            {shared if window.with_standing else 0} AS shared
        FROM topic AS n
        CROSS JOIN mention AS m
        JOIN post AS p ON p.post = m.post
        LEFT JOIN stable_account AS w ON w.voice = p.voice
        WHERE m.paper = n.paper{since} AND {view.visible("m")} AND {view.visible("p")}
          AND p.gone = '' AND p.created_at >= n.posted_from AND p.created_at < n.posted_until{networks}
          AND {VOICE} NOT IN (SELECT voice FROM own)
          AND NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper))"""


def posts_at_age_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Rows of `PostAtAge` by paper: each post at each age, with its counts by then. All numbers in the SQL are our
    own."""
    visible = view.visible_by_number("z", view.last_row(model.Snapshot), "k.known")
    tables = (
        announced_sql(view, window),
        _measured_papers(view, window),
        persons_sql(view, window.own_voices),
        doubtful_sql(view),
        _posts_about(view, window),
        _at_ages(view, window),
    )
    return f"""WITH {", ".join(tables)}
        SELECT k.name, k.archive, k.at, k.age, k.until, k.peer, k.network, k.post, k.text_fingerprint, k.voice,
            k.automated, coalesce(s.reposts, 0), coalesce(s.likes, 0), s.observed_at, k.shared
        FROM marked AS k
        LEFT JOIN snapshot AS s ON s.post = k.post AND s.id = (
            SELECT z.id FROM snapshot AS z WHERE z.post = k.post AND {visible} ORDER BY z.observed_at DESC LIMIT 1)
        WHERE k.mentioned_at <= k.known AND (k.mention_changed_at IS NULL OR k.mention_changed_at > k.known)
          AND k.posted_at <= k.known AND (k.post_changed_at IS NULL OR k.post_changed_at > k.known)
          AND (k.made_at <= k.until OR k.known = k.until)
        ORDER BY k.name"""


class People(NamedTuple):
    """`stable`: the stable account of each account known to have one, by number; `left_out`: the voices of bots and of
    our own accounts."""

    stable: Mapping[int, int]
    left_out: frozenset[int]


def people(view: AsOfView, own_voices: Sequence[int]) -> People:
    """Who is whom, and whose voices do not count."""
    context = f"WITH {persons_sql(view, own_voices)}"
    stable = dict(view.database.rows(f"{context} SELECT voice, stable_voice FROM stable_account"))
    left_out = view.database.rows(f"{context} SELECT voice FROM bot UNION SELECT voice FROM own")
    return People(stable, frozenset(voice for (voice,) in left_out))


def author_voices(view: AsOfView) -> frozenset[tuple[str, int]]:
    """Papers, by key, with the voices of their authors: numbers of stable accounts, as in `people` and
    `PostAtAge.voice`."""
    context = f"WITH {persons_sql(view, ())}, {authors_sql(view)}"
    return frozenset(view.database.iterate(f"{context} SELECT {key_of('a.paper')}, a.voice FROM author AS a"))


def reactions_to(view: AsOfView, moments: Mapping[int, Sequence[int]], people: People, last: int) -> ReactionsByPost:
    """The reposts and likes of posts by account, by the posts' numbers. `moments`: when each post is measured,
    ascending. `last`: the view's last reaction, from `last_row`."""
    result = _events_of(view, _with_withdrawals(view, moments, last), people)
    for chunk in slices(sorted(moments.keys() - result.keys())):
        accounts: dict[int, list[int]] = defaultdict(list)
        most = max(len(moments[post]) for post in chunk)
        for group, account in view.database.iterate(_grouped_sql(view, {post: moments[post] for post in chunk}, last)):
            accounts[group].append(account)
        result |= {post: counted(accounts, post, most, moments[post], people.stable) for post in chunk}
    return result


def _grouped_sql(view: AsOfView, moments: Mapping[int, Sequence[int]], last: int) -> str:
    """Rows of (group, account) for posts without withdrawn reactions: see `group_of`."""
    columns = zip_longest(*moments.values(), fillvalue=MAX_INTEGER)
    names = [f"m{n}" for n in range(max(map(len, moments.values())))]
    values = ", ".join(str(row) for row in zip(moments, *columns, strict=True))
    group = group_of([f"p.{name}" for name in names], "r.post", "r.observed_at", "r.type")
    return f"""WITH p (post, {", ".join(names)}) AS (VALUES {values})
        SELECT {group}, r.account FROM p CROSS JOIN reaction AS r
        WHERE r.post = p.post AND {view.visible_by_number("r", last)}"""


def _with_withdrawals(view: AsOfView, posts: Iterable[int], last: int) -> list[int]:
    """The posts of which a reaction was withdrawn."""
    sql = f"""SELECT DISTINCT r.post FROM reaction AS r WHERE r.withdrawn > 0 AND r.post IN (…)
        AND r.type IN ('repost', 'like') AND {view.visible_by_number("r", last)}"""
    return column_among(view.database, sql, posts)


def _events_of(view: AsOfView, posts: Sequence[int], people: People) -> dict[int, PostReactions]:
    events: dict[int, dict[str, list[ReactionEvent]]] = defaultdict(lambda: defaultdict(list))
    for some in slices(posts):
        sql = f"""SELECT r.post, r.type, r.observed_at, r.account, r.withdrawn FROM reaction AS r
            WHERE r.post IN ({placeholders(some)}) AND r.type IN ('repost', 'like') AND {view.visible("r")}"""
        for post, type, at, account, withdrawn in view.database.iterate(sql, some):  # there may be many
            events[post][type].append(ReactionEvent(at, account, people.stable.get(account, account), withdrawn))
    return {post: {type: ReactionEvents(some) for type, some in by_type.items()} for post, by_type in events.items()}


def _is_one_of_papers(column: str, papers: Sequence[str]) -> str:
    """A condition that a column is the number of one of some papers; empty if there are none."""
    named = f"SELECT i.id FROM identity AS i WHERE i.key IN ({', '.join(map(_quoted, papers))})"
    return f" AND {column} IN ({named})" if papers else ""


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def listed_peers(view: AsOfView, publication: str, networks: Sequence[str] = ()) -> Iterator[tuple[str, str, str, int]]:
    """(network, archive, paper, likes) of what a listing publication published in the last 90 days, with 50 or more
    reposts and likes together.

    Each paper once, by its latest tally.
    """
    start = view.as_of - REFERENCE_DAYS * DAY
    sql = f"""
        SELECT t.network, coalesce((SELECT q.archive FROM paper AS q WHERE q.paper = t.paper
                AND {view.visible("q")} AND {view.newest(SPECS[model.Paper], "q")}), ''), {key_of("t.paper")}, t.likes
        FROM tally AS t
        WHERE {view.visible("t")} AND t.observed_at > {start} AND t.method >= ? AND t.method < ?
          AND t.reposts + t.likes >= 50
          AND NOT EXISTS (SELECT 1 FROM tally AS l WHERE l.paper = t.paper AND l.network = t.network
                AND l.method >= ? AND l.method < ? AND {view.visible("l")}
                AND (l.observed_at > t.observed_at OR (l.observed_at = t.observed_at AND l.method > t.method)))
        ORDER BY 1, 3"""
    bounds = (f"{publication}/", f"{publication}0")
    for network, archive, paper, likes in view.database.iterate(sql, (*bounds, *bounds)):
        if not networks or network in networks:
            yield network, archive, paper, likes


# ---- recounts --------------------------------------------------------------------------------------------


def follow_new_posts(database: Database, network: str, position: int, at: int) -> int:
    """Starts tracking the posts stored after a batch that are no older than 30 days. Returns the batch up to which this
    is done; pass it to the next call.

    Bots' posts are skipped: they are neither counted nor shown, and outnumber all others. When an account is no longer
    considered a bot, earlier posts are examined again; and if a backup from before the batch was restored, all are.
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
    sql = f"""WITH {persons_sql(AsOfView(database, MAX_INTEGER, MAX_INTEGER), ())}
        SELECT p.post, min(p.created_at) FROM post AS p LEFT JOIN stable_account AS w ON w.voice = p.voice
        WHERE p.network = ? AND p.since > ? AND p.until = 0 AND p.gone = '' AND p.created_at > ?
          AND {VOICE} NOT IN (SELECT voice FROM bot) AND {is_whole("p.post")} GROUP BY p.post"""
    with database.write():  # read inside: what is forgotten meanwhile must not come back
        after = 0 if pardoned > position else position
        new_posts = database.rows(sql, (network, after, at - SHOWN_FOR))
        rows = [(post, network, created_at, 0, next_recount_at(created_at, 0, 0), 0) for post, created_at in new_posts]
        database.many("INSERT INTO recount VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)
    return latest


def follow_shown_posts(database: Database, network: str, at: int) -> int:
    """Starts daily recounts of posts shown in issues of the last 30 days. Returns how many are new."""
    sql = """SELECT f.post, f.created_at, f.asked_at, max(i.observed_at) + ? FROM issue AS i
        JOIN shown AS s ON s.publication = i.publication AND s."day" = i."day" AND s.edition IN (0, i.edition)
        JOIN recount AS f ON f.post = s.post
        WHERE i.until = 0 AND i.observed_at > ? AND f.network = ? AND i.publication NOT LIKE ?
        GROUP BY f.post, f.created_at, f.asked_at, f.shown_until HAVING max(i.observed_at) + ? > f.shown_until"""
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
    sql = f"""SELECT CASE WHEN f.shown_until > ? THEN 1 ELSE 0 END,
            CASE WHEN EXISTS (SELECT 1 FROM mention AS m JOIN announcement AS a ON a.paper = m.paper
                WHERE m.post = f.post AND a.announced_at > ?) THEN 1 ELSE 0 END,
            coalesce((SELECT coalesce(s.reposts, 0) + coalesce(s.likes, 0) FROM snapshot AS s WHERE s.post = f.post
                AND s.until = 0 ORDER BY s.observed_at DESC LIMIT 1), 0), f.created_at, {key_of("f.post")}
        FROM (SELECT d.* FROM recount AS d WHERE d.network = ? AND d.due_at <= ?
            ORDER BY CASE WHEN d.shown_until > ? THEN 0 ELSE 1 END, d.due_at LIMIT {int(most) * 10}) AS f"""
    rows = database.rows(sql, (at, at - FRESH, network, at, at))
    return [post for *_, post in sorted(rows, key=lambda row: row[:4], reverse=True)[:most]]


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


def drop_unfollowed(database: Database, at: int) -> int:
    """Deletes the posts that will never be asked for again. Returns how many. They do not come back: `follow_new_posts`
    adds only younger posts, and posts shown in issues are within the window."""
    with database.write():
        return database.run("DELETE FROM recount WHERE created_at < ? AND shown_until < ?", (at - FOLLOWED_FOR, at))


def forget_posts(database: Database, posts: Iterable[str]) -> None:
    """Deletes posts from the recount table. Call inside `write()`."""
    database.many(f"DELETE FROM recount WHERE post = {NUMBER}", [(post,) for post in posts])


# ---- single keys ------------------------------------------------------------------------------------------


def is_recorded(record: Record, key: str) -> bool:
    """Whether the record has a post or an account, however old. Raises StoreError."""
    tests = (f"EXISTS (SELECT 1 FROM post WHERE {name} = {NUMBER})" for name in ("post", "account"))
    return bool(first_value(record.database, f"SELECT {' OR '.join(tests)}", [model.storable(key)] * 2))
