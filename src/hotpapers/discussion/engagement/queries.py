"""Queries of the rankings: `posts_at_age_sql`, `read_people`, `author_voices`, `reactions_to`, `listed_peers`: papers
and moments, accounts that are the same, whose voice counts, who is an author, what was said, and who reacted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from hotpapers.base import model
from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import DAY, HOUR, MAX_INTEGER
from hotpapers.discussion.engagement.measurement import (
    BACK_WITHIN,
    NEVER,
    NO_LATER_AGE,
    REFERENCE_DAYS,
    MeasurementWindow,
    age_after,
)
from hotpapers.discussion.engagement.post_reactions import (
    PostReactions,
    ReactionEvent,
    ReactionEvents,
    ReactionsByPost,
    count_reactions,
    group_of,
)
from hotpapers.record import (
    NUMBER,
    SPECS,
    AsOfView,
    Record,
    column_among,
    first_value,
    key_of,
    sql_placeholders,
    statement_slices,
)

PROVED = "proved"
"""The rule under which an account's proven owner says that it is a person."""


SINGLE_ACCOUNT_RULES = ("rate", "share", "template")
"""The rules that examine single accounts: the only ones that an owner's word overrides."""


VOICE = "coalesce(stable_account.stable_voice, post.voice)"
"""The voice of a `post` joined with its account in `stable_account`: the number of its stable account."""
_VOICE_OF_SUBJECT = "coalesce(stable_account.stable_voice, verdict.subject)"
"""The same of the account that a `verdict` is about."""


# ---- papers and moments ----------------------------------------------------------------------------------


def announces_sql(view: AsOfView, alias: str) -> str:
    """The condition that an announcement announces its paper: it is the latest word on it, and no replacement."""
    newest = view.newest(SPECS[model.Announcement], alias)
    return f"{view.visible(alias)} AND {newest} AND {alias}.type <> 'replacement'"


def announced_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Papers first announced in the 90 days up to the cut, with the moment; only those that some post names."""
    start = view.as_of - REFERENCE_DAYS * DAY
    return f"""announced (paper, at) AS (
        SELECT announcement.paper, min(announcement.announced_at)
        FROM announcement
        WHERE announcement.announced_at > {start} AND announcement.announced_at <= {view.as_of}
          {_is_one_of_papers("announcement.paper", window.papers)}
          AND EXISTS (SELECT 1 FROM mention WHERE mention.paper = announcement.paper)
          AND {announces_sql(view, "announcement")}
          AND NOT EXISTS (
              SELECT 1 FROM announcement AS earlier
              WHERE earlier.paper = announcement.paper AND {announces_sql(view, "earlier")}
                AND earlier.announced_at <= {start})
        GROUP BY announcement.paper)"""


def _listed_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """The papers to measure: those of `announced` at every age, older ones with the posts of the window."""
    older = ""
    if window.posted_from is not None:
        older = f"""
        UNION ALL
        SELECT DISTINCT mention.paper, 0, 1, {window.posted_from}, {window.posted_until}
        FROM post JOIN mention ON mention.post = post.post
        WHERE {view.visible("post")} AND {view.visible("mention")}
          AND post.created_at >= {window.posted_from} AND post.created_at < {window.posted_until}
          {_is_one_of_papers("mention.paper", window.papers)}
          AND NOT EXISTS (
              SELECT 1 FROM announced
              WHERE announced.paper = mention.paper AND announced.at > {window.candidates_from})"""
    return f"""listed (paper, at, older, posted_from, posted_until) AS (
        SELECT paper, at, 0, 0, {NEVER} FROM announced{older})"""


def _topic_sql(view: AsOfView) -> str:
    """The papers of `listed`, with their keys and archives."""
    return f"""topic AS MATERIALIZED (
        SELECT listed.paper, {key_of("listed.paper")} AS name, listed.at, listed.older, listed.posted_from,
            listed.posted_until, {archive_of(view, "listed.paper")} AS archive
        FROM listed)"""


def archive_of(view: AsOfView, column: str) -> str:
    """The SQL expression for the archive of a paper by its number, as last observed; empty if it is not known."""
    newest = view.newest(SPECS[model.Paper], "paper")
    return f"""coalesce((
            SELECT paper.archive FROM paper
            WHERE paper.paper = {column} AND {view.visible("paper")} AND {newest}
        ), '')"""


def _ages_sql(ages: Sequence[int]) -> str:
    """The ages to measure, each with the next of `measurement.AGES`."""
    pairs = (f"({age}, {age_after(age)})" for age in ages)
    values = ", ".join(pairs)
    return f"ages (age, following) AS (VALUES {values})"


def _marked_sql(as_of: int, youngest: int, last: int) -> str:
    """The posts of `said` at each of the `ages` at which their paper is measured. A paper younger than the `youngest`
    age is measured at the cut. Posts read late (see `back`) count from the last of `measurement.AGES` before, whichever
    ages are measured."""
    moment = f"said.at + ages.age * {HOUR}"
    is_reached = f"said.older = 0 AND {moment} <= {as_of}"
    is_late = f"""said.older = 0 AND back.until_at > {moment}
            AND (ages.following = {NO_LATER_AGE} OR back.until_at < said.at + ages.following * {HOUR})"""
    return f"""marked AS (
        SELECT said.*, ages.age,
            CASE WHEN {is_reached} THEN {moment} ELSE {as_of} END AS until,
            CASE WHEN {is_reached} THEN 1 ELSE 0 END AS peer,
            CASE WHEN {is_late} THEN back.until_at WHEN {is_reached} THEN {moment} ELSE {as_of} END AS known
        FROM said CROSS JOIN ages LEFT JOIN back ON back.network = said.network
        WHERE (said.older = 1 AND ages.age = {last})
           OR (said.older = 0 AND (
               {moment} <= {as_of} OR (ages.age = {youngest} AND said.at + {youngest * HOUR} > {as_of}))))"""


def read_back_sql(view: AsOfView) -> str:
    """By network: the moment up to which it reported posts made before it was first read."""
    return f"""back (network, until_at) AS MATERIALIZED (
        SELECT coverage.network, max(coverage.observed_at)
        FROM coverage JOIN (
            SELECT coverage.network, min(coverage.observed_at) AS at
            FROM coverage
            WHERE coverage.reason = '{model.BEGAN}' AND coverage.until_at = coverage.from_at
              AND {view.visible("coverage")}
            GROUP BY coverage.network) AS began
          ON began.network = coverage.network AND coverage.observed_at <= began.at + {BACK_WITHIN}
        WHERE coverage.reason = '{model.READ_BACK}' AND coverage.until_at = coverage.from_at
          AND {view.visible("coverage")}
        GROUP BY coverage.network)"""


# ---- whose voice counts, what may be shown ---------------------------------------------------------------


def persons_sql(view: AsOfView, own_voices: Sequence[int]) -> str:
    """Three tables: `stable_account`, `bot` and `own`. A voice is an account's number; in `bot` and `own`, it is the
    stable account's."""
    return f"{_stable_account_sql(view)}, {_bot_sql(view)}, {_own_sql(own_voices)}"


def _stable_account_sql(view: AsOfView) -> str:
    """The accounts of aliases."""
    newest = view.newest(SPECS[model.Alias], "alias")
    return f"""stable_account (voice, stable_voice) AS (
        SELECT alias.account, max(alias.stable)
        FROM alias
        WHERE {view.visible("alias")} AND {newest}
        GROUP BY alias.account)"""


def _bot_sql(view: AsOfView) -> str:
    """Accounts that some rule considers bots, unless the operator says that they are people. Rules that examine single
    accounts also give way to a proven owner who says so."""
    alone = ", ".join(f"'{rule}'" for rule in SINGLE_ACCOUNT_RULES)
    judged = f"""SELECT {_VOICE_OF_SUBJECT} AS voice
            FROM verdict LEFT JOIN stable_account ON stable_account.voice = verdict.subject
            WHERE verdict.about = 0 AND {_current_verdict(view)}"""
    return f"""bot (voice) AS (
        {judged} AND verdict.judgement = 'bot' AND verdict.rule IN ({alone})
        EXCEPT {judged} AND verdict.judgement = 'human' AND verdict.rule = '{PROVED}'
        UNION {judged} AND verdict.judgement = 'bot' AND verdict.rule NOT IN ({alone})
        EXCEPT {judged} AND verdict.judgement = 'human' AND verdict.rule = 'operator')"""


def _own_sql(own_voices: Sequence[int]) -> str:
    """The publication's own accounts."""
    if not own_voices:
        return "own (voice) AS (SELECT voice FROM stable_account WHERE 1 = 0)"
    numbers = ", ".join(str(int(voice)) for voice in own_voices)
    return f"""own (voice) AS (
        SELECT identity.id FROM identity WHERE identity.id IN ({numbers})
        UNION SELECT stable_account.stable_voice FROM stable_account WHERE stable_account.voice IN ({numbers}))"""


def doubtful_sql(view: AsOfView) -> str:
    """One table: `doubtful`, mentions that some rule finds doubtful, unless the operator says that they are sound."""
    judged = f"""SELECT verdict.subject, verdict.about
            FROM verdict
            WHERE verdict.about <> 0 AND {_current_verdict(view)}"""
    return f"""doubtful (post, paper) AS (
        {judged} AND verdict.judgement = 'doubtful'
        EXCEPT {judged} AND verdict.judgement = 'sound' AND verdict.rule = 'operator')"""


def limited_sql(alias: str) -> str:
    """The condition that a row of `post` says that the post is gone, or that it is not to be quoted."""
    return f"({alias}.gone <> '' OR {alias}.limits <> '[]')"


def edited_sql(alias: str, other: str) -> str:
    """The condition that two rows of `post` differ in their words, or in their authors' names if both tell them."""
    are_told = f"{alias}.handle <> '' AND {other}.handle <> ''"
    differ = f"({alias}.handle <> {other}.handle OR {alias}.name <> {other}.name)"
    return f"({alias}.text <> {other}.text OR {are_told} AND {differ})"


def hidden_sql(view: AsOfView) -> str:
    """One table: `hidden`, posts and accounts judged hidden, each with its own number and its stable account's."""
    return f"""hidden (subject, voice) AS (
        SELECT verdict.subject, {_VOICE_OF_SUBJECT}
        FROM verdict LEFT JOIN stable_account ON stable_account.voice = verdict.subject
        WHERE verdict.judgement = 'hidden' AND {_current_verdict(view)})"""


def show_tables(view: AsOfView, own_voices: Sequence[int]) -> str:
    """The tables that `posts_about_papers` needs."""
    persons = persons_sql(view, own_voices)
    return f"WITH {persons}, {doubtful_sql(view)}, {hidden_sql(view)}"


_IS_SOUND = """NOT EXISTS (
              SELECT 1 FROM doubtful WHERE doubtful.post = mention.post AND doubtful.paper = mention.paper)"""


def posts_about_papers(view: AsOfView, papers: str, join: str = "") -> str:
    """The end of a SELECT: displayable rows of `post`, as last observed, by their rows of `mention`. Excludes posts
    that are gone, limited, hidden, by a hidden account, or doubtful. `papers`: the condition on `mention.paper`."""
    return f"""FROM mention
        JOIN post ON post.post = mention.post AND {view.visible("post")} AND {view.newest(SPECS[model.Post], "post")}
        LEFT JOIN stable_account ON stable_account.voice = post.voice
        {join}
        WHERE mention.paper {papers} AND {view.visible("mention")} AND {view.newest(SPECS[model.Mention], "mention")}
          AND NOT {limited_sql("post")}
          AND {VOICE} NOT IN (SELECT voice FROM hidden) AND post.post NOT IN (SELECT subject FROM hidden)
          AND {_IS_SOUND}"""


def authors_sql(view: AsOfView) -> str:
    """One table: `author`, papers with the voices of their authors, as some rule finds unless the operator says that
    they are independent. Voices are stable accounts. `stable_account` must be defined before it."""
    judged = _judged_sql(view)
    return f"""author (paper, voice) AS (
        {judged} AND verdict.judgement = 'author' AND verdict.rule <> 'operator'
        EXCEPT {judged} AND verdict.judgement = 'independent' AND verdict.rule = 'operator'
        UNION {judged} AND verdict.judgement = 'author' AND verdict.rule = 'operator')"""


def independent_sql(view: AsOfView) -> str:
    """One table: `independent`, papers with the voices that are not their authors', as the operator says."""
    return f"""independent (paper, voice) AS (
        {_judged_sql(view)} AND verdict.judgement = 'independent' AND verdict.rule = 'operator')"""


def _judged_sql(view: AsOfView) -> str:
    return f"""SELECT verdict.about AS paper, {_VOICE_OF_SUBJECT} AS voice
            FROM verdict LEFT JOIN stable_account ON stable_account.voice = verdict.subject
            WHERE verdict.about <> 0 AND {_current_verdict(view)}"""


def _current_verdict(view: AsOfView) -> str:
    newest = view.newest(SPECS[model.Verdict], "verdict")
    return f"{view.visible('verdict')} AND {newest}"


# ---- what was said ---------------------------------------------------------------------------------------


def _said_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Every post that mentions a paper of `topic`, its voice, and the period in which post and mention said so."""
    networks = ""
    if window.networks:
        networks = f"AND post.network IN ({', '.join(map(_quoted, window.networks))})"
    since = ""
    if window.announced_from:
        since = f"AND (topic.older = 1 OR topic.at >= {window.announced_from})"
    mention_changed = _changed_sql(view, "mention", ("post", "paper"))
    return f"""said AS MATERIALIZED (
        SELECT topic.paper, topic.name, topic.archive, topic.at, topic.older,
            post.network, post.post, post.text_fingerprint, {VOICE} AS voice, post.created_at AS made_at,
            CASE WHEN {VOICE} IN (SELECT voice FROM bot) THEN 1 ELSE 0 END AS automated,
            mention.observed_at AS mentioned_at, {mention_changed} AS mention_changed_at,
            post.observed_at AS posted_at, {_changed_sql(view, "post", ("post",))} AS post_changed_at,
            {_shared_sql(view) if window.with_standing else 0} AS shared
        FROM topic
        CROSS JOIN mention
        JOIN post ON post.post = mention.post
        LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE mention.paper = topic.paper {since} AND {view.visible("mention")} AND {view.visible("post")}
          AND post.gone = '' AND post.created_at >= topic.posted_from AND post.created_at < topic.posted_until
          {networks}
          AND {VOICE} NOT IN (SELECT voice FROM own)
          AND {_IS_SOUND})"""


def _changed_sql(view: AsOfView, kind: str, key: Sequence[str]) -> str:
    """When the same key was next observed, if it was."""
    conditions = (f"later.{name} = {kind}.{name}" for name in key)
    same = " AND ".join(conditions)
    return f"""(SELECT min(later.observed_at) FROM {kind} AS later
                WHERE {same} AND later.observed_at > {kind}.observed_at AND {view.visible("later")})"""


def _shared_sql(view: AsOfView) -> str:
    """1 for a post that mentions another paper of `topic`, too; otherwise 0."""
    return f"""CASE WHEN EXISTS (
                SELECT 1 FROM mention AS other JOIN topic AS other_topic ON other_topic.paper = other.paper
                WHERE other.post = post.post AND other.paper <> topic.paper AND {view.visible("other")}
            ) THEN 1 ELSE 0 END"""


def posts_at_age_sql(view: AsOfView, window: MeasurementWindow) -> str:
    """Rows of `PostAtAge` by paper: each post at each age, with its counts by then. All numbers in the SQL are our
    own."""
    visible = view.visible_by_number("other", view.last_row(model.Snapshot), "marked.known")
    tables = (
        announced_sql(view, window),
        _listed_sql(view, window),
        _topic_sql(view),
        persons_sql(view, window.own_voices),
        doubtful_sql(view),
        _said_sql(view, window),
        _ages_sql(window.ages),
        read_back_sql(view),
        _marked_sql(view.as_of, window.youngest or window.ages[0], window.ages[-1]),
    )
    return f"""WITH {", ".join(tables)}
        SELECT marked.name, marked.archive, marked.at, marked.age, marked.until, marked.peer, marked.network,
            marked.post, marked.text_fingerprint, marked.voice, marked.automated,
            coalesce(snapshot.reposts, 0), coalesce(snapshot.likes, 0), snapshot.observed_at, marked.shared
        FROM marked
        LEFT JOIN snapshot ON snapshot.post = marked.post AND snapshot.id = (
            SELECT other.id FROM snapshot AS other
            WHERE other.post = marked.post AND {visible}
            ORDER BY other.observed_at DESC LIMIT 1)
        WHERE marked.mentioned_at <= marked.known
          AND (marked.mention_changed_at IS NULL OR marked.mention_changed_at > marked.known)
          AND marked.posted_at <= marked.known
          AND (marked.post_changed_at IS NULL OR marked.post_changed_at > marked.known)
          AND (marked.made_at <= marked.until OR marked.known = marked.until)
        ORDER BY marked.name"""


class People(NamedTuple):
    """`stable`: the stable account of each account known to have one, by number; `left_out`: the voices of bots and of
    our own accounts."""

    stable: Mapping[int, int]
    left_out: frozenset[int]


def read_people(view: AsOfView, own_voices: Sequence[int]) -> People:
    """Account aliases and excluded accounts."""
    context = f"WITH {persons_sql(view, own_voices)}"
    stable = dict(view.database.rows(f"{context} SELECT voice, stable_voice FROM stable_account"))
    left_out = view.database.rows(f"{context} SELECT voice FROM bot UNION SELECT voice FROM own")
    return People(stable, frozenset(voice for (voice,) in left_out))


def author_voices(view: AsOfView) -> frozenset[tuple[str, int]]:
    """Papers, by key, with the voices of their authors: numbers of stable accounts, as in `read_people` and
    `PostAtAge.voice`."""
    context = f"WITH {persons_sql(view, ())}, {authors_sql(view)}"
    return frozenset(view.database.iterate(f"{context} SELECT {key_of('author.paper')}, author.voice FROM author"))


def reactions_to(view: AsOfView, moments: Mapping[int, Sequence[int]], people: People, last: int) -> ReactionsByPost:
    """The reposts and likes of posts by account, by the posts' numbers. `moments`: when each post is measured,
    ascending. `last`: the view's last reaction, from `last_row`."""
    result = _events_of(view, _with_withdrawals(view, moments, last), people)
    for chunk in statement_slices(sorted(moments.keys() - result.keys())):
        most = max(len(moments[post]) for post in chunk)
        sql = _grouped_sql(view, {post: moments[post] for post in chunk}, last)
        accounts: dict[int, list[int]] = lists_by_key(view.database.iterate(sql))
        result |= {post: count_reactions(accounts, post, most, moments[post], people.stable) for post in chunk}
    return result


def _grouped_sql(view: AsOfView, moments: Mapping[int, Sequence[int]], last: int) -> str:
    """Rows of (group, account) for posts without withdrawn reactions: see `group_of`."""
    columns = zip_longest(*moments.values(), fillvalue=MAX_INTEGER)
    names = [f"m{n}" for n in range(max(map(len, moments.values())))]
    rows = zip(moments, *columns, strict=True)
    values = ", ".join(str(row) for row in rows)
    group = group_of([f"measured.{name}" for name in names], "reaction.post", "reaction.observed_at", "reaction.type")
    visible_by_number = view.visible_by_number("reaction", last)
    return f"""WITH measured (post, {", ".join(names)}) AS (VALUES {values})
        SELECT {group}, reaction.account
        FROM measured CROSS JOIN reaction
        WHERE reaction.post = measured.post AND {visible_by_number}"""


def _with_withdrawals(view: AsOfView, posts: Iterable[int], last: int) -> list[int]:
    """The posts of which a reaction was withdrawn."""
    sql = f"""SELECT DISTINCT reaction.post FROM reaction WHERE reaction.withdrawn > 0 AND reaction.post IN (…)
        AND reaction.type IN ('repost', 'like') AND {view.visible_by_number("reaction", last)}"""
    return column_among(view.database, sql, posts)


def _events_of(view: AsOfView, posts: Sequence[int], people: People) -> dict[int, PostReactions]:
    events = defaultdict[int, dict[str, list[ReactionEvent]]](lambda: defaultdict(list))
    for some in statement_slices(posts):
        sql = f"""SELECT reaction.post, reaction.type, reaction.observed_at, reaction.account, reaction.withdrawn
            FROM reaction
            WHERE reaction.post IN ({sql_placeholders(some)}) AND reaction.type IN ('repost', 'like')
                AND {view.visible("reaction")}"""
        for post, type, at, account, withdrawn in view.database.iterate(sql, some):  # there may be many
            reaction_event = ReactionEvent(at, account, people.stable.get(account, account), withdrawn)
            events[post][type].append(reaction_event)
    return {post: {type: ReactionEvents(some) for type, some in by_type.items()} for post, by_type in events.items()}


def _is_one_of_papers(column: str, papers: Sequence[str]) -> str:
    """A condition that a column is the number of one of some papers; empty if there are none."""
    named = f"SELECT identity.id FROM identity WHERE identity.key IN ({', '.join(map(_quoted, papers))})"
    return f" AND {column} IN ({named})" if papers else ""


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def listed_peers(view: AsOfView, publication: str, networks: Sequence[str]) -> Iterator[tuple[str, str, str, int]]:
    """(network, archive, paper, likes) of the papers that a listing publication published in the last 90 days, with 50
    or more reposts and likes together.

    Each paper once, by its latest tally.
    """
    start = view.as_of - REFERENCE_DAYS * DAY
    sql = f"""
        SELECT tally.network, {archive_of(view, "tally.paper")}, {key_of("tally.paper")}, tally.likes
        FROM tally
        WHERE {view.visible("tally")} AND tally.observed_at > {start} AND tally.method >= ? AND tally.method < ?
          AND tally.reposts + tally.likes >= 50
          AND NOT EXISTS (
              SELECT 1 FROM tally AS other
              WHERE other.paper = tally.paper AND other.network = tally.network
                AND other.method >= ? AND other.method < ? AND {view.visible("other")}
                AND (other.observed_at > tally.observed_at
                     OR (other.observed_at = tally.observed_at AND other.method > tally.method)))
        ORDER BY 1, 3"""
    bounds = (f"{publication}/", f"{publication}0")
    for network, archive, paper, likes in view.database.iterate(sql, (*bounds, *bounds)):
        if not networks or network in networks:
            yield network, archive, paper, likes


# ---- single keys ------------------------------------------------------------------------------------------


def is_recorded(record: Record, key: str) -> bool:
    """Whether the record has a post or an account, however old. Raises StoreError."""
    tests = (f"EXISTS (SELECT 1 FROM post WHERE {name} = {NUMBER})" for name in ("post", "account"))
    params = [model.storable_text(key)] * 2
    return bool(first_value(record.database, f"SELECT {' OR '.join(tests)}", params))
