"""Queries of moderation: doubtful mentions, authors' voices, bridged accounts, bots and edited posts.

For bots: a few aggregates over the last two weeks' rows, then the posts of the few accounts that stand out. Rows are
added in the order of their batches, so the last two weeks' rows are those from some number on. The table is not read
from its start, and needs no index on moments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

import msgspec

from hotpapers.base.grouping import sets_by_key
from hotpapers.base.model import DAY, Account, Paper, Post, Verdict
from hotpapers.discussion.engagement.queries import authors_sql, doubtful_sql, edited_sql, limited_sql, persons_sql
from hotpapers.discussion.moderation.bots import rules
from hotpapers.discussion.moderation.bots.rules import ObservedPost, TimedPost
from hotpapers.record import (
    NUMBER,
    NUMBERS,
    SPECS,
    AsOfView,
    RowOf,
    column_among,
    first_column,
    key_of,
    numbers_of,
    rows_among,
    statement_slices,
)
from hotpapers.record.database import AT_ONCE, sql_placeholders


def doubtful_pairs(view: AsOfView) -> frozenset[tuple[str, str]]:
    """Post and paper of every mention that some rule finds doubtful and the operator has not called sound. Such a post
    must not be shown as being about that paper."""
    sql = f"WITH {doubtful_sql(view)} SELECT {key_of('doubtful.post')}, {key_of('doubtful.paper')} FROM doubtful"
    return frozenset(view.database.rows(sql))


# ---- authors' voices -------------------------------------------------------------------------------------

Pair = tuple[str, str]
"""The keys of a post and of a paper that it names."""


def new_mentions(view: AsOfView, position: int) -> Iterator[Sequence[Pair]]:
    """Posts with the papers they name, some hundreds at a time, where something is new since a position: the mention,
    the post, the paper, or the account's name."""
    first = view.first_row("mention", "since", position + 1)
    for numbers in _new_rows(view, "mention", "id", first):
        yield _pairs(view, f"mention.id IN ({', '.join(map(str, numbers))})")
    joined = {"post": "mention.post", "paper": "mention.paper", "account": "post.account"}
    for table, column in joined.items():
        start = view.first_row(table, "since", position + 1)
        for numbers in _new_rows(view, table, table, start):
            sorted_numbers = map(str, sorted(set(numbers)))
            is_new = f"{column} IN ({', '.join(sorted_numbers)})"
            yield from statement_slices(_pairs(view, f"{is_new} AND mention.id < {first}"))


def _new_rows(view: AsOfView, table: str, column: str, first: int) -> Iterator[Sequence[int]]:
    """The values of a column, starting with row `first`, some hundreds at a time."""
    sql = f"""SELECT item.id, item.{column} FROM {table} AS item WHERE item.id >= ? AND {view.visible("item")}
        ORDER BY item.id LIMIT {AT_ONCE}"""
    while rows := view.database.rows(sql, (first,)):
        yield [number for _, number in rows]
        first = rows[-1][0] + 1


def _pairs(view: AsOfView, where: str) -> list[Pair]:
    sql = f"""SELECT DISTINCT {key_of("mention.post")}, {key_of("mention.paper")}
        FROM mention JOIN post ON post.post = mention.post
        WHERE {where} AND {view.visible("mention")} AND {view.visible("post")} AND post.account <> 0"""
    return view.database.rows(sql)


def first_observed(view: AsOfView, posts: Sequence[str]) -> dict[str, int]:
    """When each post was first observed, µs UTC."""
    sql = f"""SELECT {key_of("post.post")}, min(post.observed_at) FROM post
        WHERE post.post IN ({numbers_of(posts)}) AND {view.visible("post")} GROUP BY post.post"""
    return dict(view.database.rows(sql, posts))


def authors_since(view: AsOfView, accounts: Sequence[str], rule: str) -> dict[Pair, int]:
    """By account and paper: since when a rule has considered the account an author of the paper, µs UTC."""
    sql = f"""SELECT {key_of("verdict.subject")}, {key_of("verdict.about")}, min(verdict.observed_at) FROM verdict
        WHERE verdict.subject IN ({numbers_of(accounts)}) AND verdict.about <> 0 AND verdict.rule = ?
            AND {view.visible("verdict")}
        GROUP BY verdict.subject, verdict.about"""
    rows = view.database.rows(sql, (*accounts, rule))
    return {(account, paper): at for account, paper, at in rows}


_IS_OF_ACCOUNT = f"voice IN (SELECT {NUMBER} UNION SELECT stable_voice FROM stable_account WHERE voice = {NUMBER})"
"""The SQL condition that a voice is an account's, as rankings see it: under its stable name, if it has one."""


def authored_papers(view: AsOfView, account: str) -> set[str]:
    """The papers of which an account counts as an author, as rankings see it."""
    sql = f"""WITH {persons_sql(view, ())}, {authors_sql(view)}
        SELECT DISTINCT {key_of("author.paper")} FROM author WHERE {_IS_OF_ACCOUNT}"""
    return set(first_column(view.database, sql, (account, account)))


# ---- aliases ------------------------------------------------------------------------------------


class ShownAccount(NamedTuple):
    """An account, by key, with a handle that it had, in lowercase, and when that was first observed, µs UTC."""

    key: str
    handle: str
    at: int


def has_accounts_after(view: AsOfView, position: int) -> bool:
    """Whether accounts were stored after a batch."""
    rows = view.database.rows("SELECT since FROM account ORDER BY id DESC LIMIT 1")
    return bool(rows) and rows[0][0] > position


def accounts_named(view: AsOfView, pattern: str) -> Iterator[ShownAccount]:
    """The accounts that had a handle like an SQL pattern in lowercase, once for each such handle."""
    sql = f"""SELECT {key_of("named.account")}, named.handle, named.at FROM (
            SELECT account.account, lower(account.handle) AS handle, min(account.observed_at) AS at FROM account
            WHERE lower(account.handle) LIKE ? AND {view.visible("account")} GROUP BY account.account,
                lower(account.handle)) AS named"""
    return map(ShownAccount._make, view.database.iterate(sql, (pattern,)))


def holders_of_handles(
    view: AsOfView, handles: Collection[str], accounts: Sequence[str] | None
) -> Iterator[tuple[str, str]]:
    """The accounts, of some or all, that had one of some handles at any time, each with that handle, in lowercase."""
    for table in ("account", "post"):
        sql = f"""SELECT DISTINCT {key_of("item.account")}, lower(item.handle) FROM {table} AS item
            WHERE lower(item.handle) IN ({sql_placeholders(handles)})"""
        if accounts is None:
            yield from view.database.iterate(sql, tuple(handles))
        else:
            for chunk in statement_slices(accounts):
                sql_of_some = f"{sql} AND item.account IN ({numbers_of(chunk)})"
                yield from view.database.iterate(sql_of_some, (*handles, *chunk))


def has_accounts_between(view: AsOfView, first: str, end: str) -> bool:
    """Whether an account has a key from `first` on and before `end`."""
    sql = f"""SELECT 1 FROM identity JOIN account ON account.account = identity.id
        WHERE identity.key >= ? AND identity.key < ? AND {view.visible("account")} LIMIT 1"""
    return bool(view.database.rows(sql, (first, end)))


def with_alias(view: AsOfView, accounts: Sequence[str]) -> set[str]:
    """The accounts among these that have an alias."""
    sql = f"SELECT {key_of('alias.account')} FROM alias WHERE alias.account IN ({NUMBERS}) AND {view.visible('alias')}"
    return set(column_among(view.database, sql, accounts))


# ---- what accounts did -------------------------------------------------------------------------------


MARGIN = DAY
"""How long before the two weeks batches are included as well, in µs: clocks get adjusted and sources run late."""
LATEST = 1_000
"""Posts, or reposts, of one account that are examined one by one."""
LATE = DAY
"""A paper younger than this, in µs, does not count as left out by an account: whoever relays a list may be a day
late."""


class ActivityWindow(NamedTuple):
    """The two weeks up to a view's cut, with the numbers of the first post and the first reaction that may be in
    them."""

    view: AsOfView
    start: int
    post: int
    reaction: int

    @property
    def posts(self) -> str:
        """The SQL condition that a row of `post` is in the window."""
        return f"post.id >= {self.post} AND {self.by_key}"

    @property
    def by_key(self) -> str:
        """The SQL condition that a row of `post` found by its key counts: not gone, as last observed."""
        view = self.view
        newest = view.newest(SPECS[Post], "post")
        return (
            f"post.created_at > {self.start} AND post.created_at <= {view.as_of} AND post.gone = ''"
            f" AND post.account <> 0 AND {view.visible('post')} AND {newest}"
        )

    @property
    def reposts(self) -> str:
        """The SQL condition that a row of `reaction` is a repost in the window."""
        return (
            f"reaction.id >= {self.reaction} AND reaction.type = 'repost' AND reaction.withdrawn = 0"
            f" AND reaction.observed_at > {self.start} AND {self.view.visible('reaction')}"
        )


def span_of(view: AsOfView) -> ActivityWindow:
    """The two weeks up to a view's cut."""
    start = max(view.as_of - rules.DAYS * DAY, 0)
    position = view.first_row("batch", "at", start - MARGIN, "position")
    first_rows = (view.first_row(table, "since", position) for table in ("post", "reaction"))
    return ActivityWindow(view, start, *first_rows)


# ---- posts -------------------------------------------------------------------------------------------


PostingVolume = tuple[int, int]
"""How many posts naming papers an account made in the window, and how many papers they name."""


def busy_accounts(span: ActivityWindow, least: int) -> dict[str, PostingVolume]:
    """The accounts that made at least `least` posts naming papers, or named that many papers."""
    is_busy = f"count(DISTINCT post.post) >= {int(least)} OR count(DISTINCT mention.paper) >= {int(least)}"
    sql = f"{_posts_of(span)} GROUP BY post.account HAVING {is_busy}"
    rows = span.view.database.iterate(sql)
    return {account: (posts, papers) for account, posts, papers in rows}


def posting_volumes(span: ActivityWindow, accounts: Iterable[str]) -> dict[str, PostingVolume]:
    """How much given accounts posted in the window, without those that made no posts."""
    sql = f"{_posts_of(span)} AND post.account IN ({NUMBERS}) GROUP BY post.account"
    rows = rows_among(span.view.database, sql, sorted(set(accounts)))
    return {account: (posts, papers) for account, posts, papers in rows}


def _posts_of(span: ActivityWindow) -> str:
    return f"""SELECT {key_of("post.account")}, count(DISTINCT post.post), count(DISTINCT mention.paper)
        FROM post CROSS JOIN mention
        WHERE mention.post = post.post AND {span.posts} AND {span.view.visible("mention")}"""


def posts_of(span: ActivityWindow, account: str) -> list[ObservedPost]:
    """An account's latest posts in the window that name papers."""
    sql = f"""SELECT {key_of("post.post")}, post.created_at, post.text, {key_of("mention.paper")}
        FROM post CROSS JOIN mention
        WHERE mention.post = post.post AND post.account = {NUMBER} AND {span.posts} AND {span.view.visible("mention")}
        ORDER BY post.id DESC LIMIT {LATEST}"""
    papers = defaultdict(set)
    texts = {}
    for post, at, text, paper in span.view.database.rows(sql, (account,)):
        papers[post].add(paper)
        texts[post] = (at, text)
    return [ObservedPost(at, post, tuple(sorted(papers[post])), text) for post, (at, text) in texts.items()]


def crowded_papers(span: ActivityWindow, least: int) -> list[tuple[str, str]]:
    """(paper, network) pairs about which at least `least` accounts posted."""
    sql = f"""SELECT {key_of("mention.paper")}, post.network FROM post CROSS JOIN mention
        WHERE mention.post = post.post AND {span.posts} AND {span.view.visible("mention")}
        GROUP BY mention.paper, post.network HAVING count(DISTINCT post.account) >= {int(least)} ORDER BY 1, 2"""
    return span.view.database.rows(sql)


def posts_about(span: ActivityWindow, paper: str, network: str) -> Iterator[TimedPost]:
    """All posts in the window about a paper on one network: with a limit, further posts would hide a chorus."""
    # no plain column, for which SQLite would read all the network's posts each time
    is_there = "post.network || '' = ?"
    sql = f"""SELECT {key_of("post.account")}, {key_of("post.post")}, post.created_at, post.text
        FROM (SELECT DISTINCT mention.post FROM mention WHERE mention.paper = {NUMBER}
            AND {span.view.visible("mention")}) AS mention
        CROSS JOIN post WHERE post.post = mention.post AND {is_there} AND {span.by_key}"""
    return starmap(TimedPost, span.view.database.iterate(sql, (paper, network)))


# ---- papers -------------------------------------------------------------------------------------------


def announced_papers(span: ActivityWindow) -> dict[str, set[str]]:
    """The new papers of each primary category, announced in the window except its last day."""
    sql = f"""SELECT DISTINCT {key_of("announcement.paper")}, coalesce((SELECT paper.categories FROM paper
                WHERE paper.paper = announcement.paper
                AND {span.view.visible("paper")} AND {span.view.newest(SPECS[Paper], "paper")}), '[]'),
                    announcement.category
        FROM announcement WHERE announcement.announced_at > {span.start}
            AND announcement.announced_at <= {span.view.as_of - LATE}
          AND announcement.type = 'new' AND {span.view.visible("announcement")}"""
    return sets_by_key(
        ((_categories(categories) or [feed])[0], paper) for paper, categories, feed in span.view.database.iterate(sql)
    )


_categories = msgspec.json.Decoder(list[str]).decode


# ---- reactions ------------------------------------------------------------------------------------------


def reposting_accounts(span: ActivityWindow, least: int) -> list[str]:
    """The accounts that reposted at least `least` posts."""
    if not span.view.database.rows("SELECT 1 FROM reaction LIMIT 1"):
        return []
    sql = f"""SELECT {key_of("reaction.account")} FROM reaction WHERE {span.reposts}
        GROUP BY reaction.account HAVING count(DISTINCT reaction.post) >= {int(least)} ORDER BY 1"""
    return first_column(span.view.database, sql)


def repost_delays(span: ActivityWindow, account: str) -> list[int]:
    """How many µs after each post an account reposted it, for its latest reposts of known posts."""
    visible = span.view.visible("post")
    sql = f"""SELECT reaction.post, min(reaction.observed_at - post.created_at) FROM reaction
        JOIN post ON post.post = reaction.post
        WHERE reaction.account = {NUMBER} AND {span.reposts} AND post.gone = '' AND {visible}
        GROUP BY reaction.post ORDER BY max(reaction.observed_at) DESC, reaction.post LIMIT {LATEST}"""
    rows = span.view.database.rows(sql, (account,))
    return [delay for _, delay in rows]


def accounts_with_handles(view: AsOfView, handles: Collection[str]) -> Iterator[tuple[str, str]]:
    """(account, lowercase handle) of the accounts that now have one of the given handles."""
    newest = view.newest(SPECS[Account], "account")
    sql = f"""SELECT {key_of("account.account")}, lower(account.handle) FROM account
        WHERE lower(account.handle) IN (…) AND {view.visible("account")} AND {newest} ORDER BY 1"""
    yield from rows_among(view.database, sql, sorted(set(handles)))


def known_accounts(view: AsOfView, accounts: Collection[str]) -> set[str]:
    """The given accounts that posted, reacted or were described by their network."""
    named = sorted(set(accounts))
    result = set[str]()
    for table in ("post", "reaction", "account"):
        sql = f"SELECT DISTINCT {key_of('item.account')} FROM {table} AS item WHERE item.account IN ({NUMBERS})"
        result.update(column_among(view.database, f"{sql} AND {view.visible('item')}", named))
    return result


def automated_accounts(view: AsOfView) -> list[str]:
    """The accounts that declare themselves automated, as last observed."""
    newest = view.newest(SPECS[Account], "account")
    sql = f"""SELECT {key_of("account.account")} FROM account
        WHERE account.automated = 1 AND {view.visible("account")} AND {newest}
            ORDER BY 1"""
    return first_column(view.database, sql)


def verdict_rows(view: AsOfView, accounts: Sequence[str]) -> list[RowOf[Verdict]]:
    """All verdicts on accounts, and on whether they are authors of papers, oldest first."""
    where = f"""t.subject IN ({numbers_of(accounts)}) AND (t.about = 0 OR t.judgement IN ('author', 'independent'))
        AND {view.visible("t")} ORDER BY t.observed_at, t.id"""
    return list(view.observations(Verdict, where, accounts))


def is_bot(view: AsOfView, account: str) -> bool:
    """Whether an account counts as a bot, as rankings see it."""
    sql = f"WITH {persons_sql(view, ())} SELECT 1 FROM bot WHERE {_IS_OF_ACCOUNT}"
    return bool(view.database.rows(sql, (account, account)))


OPERATOR = "operator"


IN_SETTINGS = "named in the settings"
"""The reason of an operator's verdict that comes from the settings and is withdrawn when they no longer say so."""


def verdicts_of_settings(view: AsOfView) -> list[RowOf[Verdict]]:
    """Every open verdict that came from the settings, even if a later verdict overrides it."""
    where = "t.about = 0 AND t.rule = ? AND t.reason = ? AND t.until = 0 ORDER BY t.id"
    return list(view.observations(Verdict, where, (OPERATOR, IN_SETTINGS)))


# ---- edited posts ----------------------------------------------------------------------------------------


_IS_EDITED = f"""NOT {limited_sql("t")} AND EXISTS (
    SELECT 1 FROM post AS other WHERE other.post = t.post AND {edited_sql("t", "other")})"""
"""The condition that a post `t` had other words or names once, and may be quoted."""


def edited_posts(view: AsOfView, keys: Iterable[str] | None = None) -> Iterator[Post]:
    """Those of some posts (default: all) that had other words or names once and may be quoted, as last observed."""
    if keys is None:
        yield from view.items(Post, _IS_EDITED)
    for chunk in statement_slices(sorted(keys or ())):
        yield from view.items(Post, f"t.post IN ({numbers_of(chunk)}) AND {_IS_EDITED}", chunk)
