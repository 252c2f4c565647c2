"""What moderation asks of the store about doubtful mentions, authors' voices and bridged accounts.
For bots, see `bots/queries`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.model import Verdict
from hotpapers.issues.engagement.queries import authors_sql, doubtful_sql, persons_sql
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import AT_ONCE, first_column, slices
from hotpapers.record.identities import NUMBER, key_of, numbers_of
from hotpapers.record.item_rows import StoredRow


def doubtful_pairs(view: AsOfView) -> frozenset[tuple[str, str]]:
    """Post and paper of every mention that some rule finds doubtful and the operator has not called sound. Such a post
    must not be shown as being about that paper."""
    sql = f"WITH {doubtful_sql(view)} SELECT {key_of('d.post')}, {key_of('d.paper')} FROM doubtful AS d"
    rows = view.database.rows(sql)
    return frozenset((post, paper) for post, paper in rows)


# ---- authors' voices -------------------------------------------------------------------------------------

Pair = tuple[str, str]
"""The keys of a post and of a paper that it names."""


def new_mentions(view: AsOfView, position: int) -> Iterator[Sequence[Pair]]:
    """Posts with the papers they name, some hundreds at a time, where something is new since a position: the mention,
    the post, the paper, or the account's name."""
    first = view.first_row("mention", "since", position + 1)
    for numbers in _new_rows(view, "mention", "id", first):
        yield _pairs(view, f"m.id IN ({', '.join(map(str, numbers))})")
    joined = {"post": "m.post", "paper": "m.paper", "account": "p.account"}
    for table, column in joined.items():
        start = view.first_row(table, "since", position + 1)
        for numbers in _new_rows(view, table, table, start):
            is_new = f"{column} IN ({', '.join(map(str, sorted(set(numbers))))})"
            yield from slices(_pairs(view, f"{is_new} AND m.id < {first}"))


def _new_rows(view: AsOfView, table: str, column: str, first: int) -> Iterator[Sequence[int]]:
    """The values of a column, starting with row `first`, some hundreds at a time."""
    sql = f"""SELECT t.id, t.{column} FROM {table} AS t WHERE t.id >= ? AND {view.visible("t")}
        ORDER BY t.id LIMIT {AT_ONCE}"""
    while rows := view.database.rows(sql, (first,)):
        yield [number for _, number in rows]
        first = rows[-1][0] + 1


def _pairs(view: AsOfView, where: str) -> list[Pair]:
    sql = f"""SELECT DISTINCT {key_of("m.post")}, {key_of("m.paper")}
        FROM mention AS m JOIN post AS p ON p.post = m.post
        WHERE {where} AND {view.visible("m")} AND {view.visible("p")} AND p.account <> 0"""
    return [(post, paper) for post, paper in view.database.rows(sql)]


def first_observed(view: AsOfView, posts: Sequence[str]) -> dict[str, int]:
    """When each post was first observed, µs UTC."""
    sql = f"""SELECT {key_of("t.post")}, min(t.observed_at) FROM post AS t
        WHERE t.post IN ({numbers_of(posts)}) AND {view.visible("t")} GROUP BY t.post"""
    return dict(view.database.rows(sql, posts))


def authors_since(view: AsOfView, accounts: Sequence[str], rule: str) -> dict[Pair, int]:
    """By account and paper: since when a rule has considered the account an author of the paper, µs UTC."""
    sql = f"""SELECT {key_of("t.subject")}, {key_of("t.about")}, min(t.observed_at) FROM verdict AS t
        WHERE t.subject IN ({numbers_of(accounts)}) AND t.about <> 0 AND t.rule = ? AND {view.visible("t")}
        GROUP BY t.subject, t.about"""
    return {(account, paper): at for account, paper, at in view.database.rows(sql, (*accounts, rule))}


def author_verdicts(view: AsOfView, accounts: Sequence[str]) -> list[StoredRow]:
    """All verdicts on whether accounts are authors of papers, oldest first."""
    where = f"""t.subject IN ({numbers_of(accounts)}) AND t.about <> 0 AND t.judgement IN ('author', 'independent')
        AND {view.visible("t")} ORDER BY t.observed_at, t.id"""
    return list(view.observations(Verdict, where, accounts))


def is_author(view: AsOfView, account: str, paper: str) -> bool:
    """Whether an account counts as an author of a paper, as rankings see it: under its stable name."""
    sql = f"""WITH {persons_sql(view, ())}, {authors_sql(view)}
        SELECT 1 FROM author WHERE paper = {NUMBER} AND voice IN (
            SELECT {NUMBER} UNION SELECT stable_voice FROM stable_account WHERE voice = {NUMBER})"""
    return bool(view.database.rows(sql, (paper, account, account)))


# ---- bridged accounts ------------------------------------------------------------------------------------


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
    sql = f"""SELECT {key_of("t.account")}, t.handle, t.at FROM (
            SELECT a.account, lower(a.handle) AS handle, min(a.observed_at) AS at FROM account AS a
            WHERE lower(a.handle) LIKE ? AND {view.visible("a")} GROUP BY a.account, lower(a.handle)) AS t"""
    return map(ShownAccount._make, view.database.iterate(sql, (pattern,)))


def with_alias(view: AsOfView, accounts: Sequence[str]) -> set[str]:
    """The accounts among these that have an alias."""
    result: set[str] = set()
    for chunk in slices(accounts):
        sql = f"""SELECT {key_of("t.account")} FROM alias AS t
            WHERE t.account IN ({numbers_of(chunk)}) AND {view.visible("t")}"""
        result |= set(first_column(view.database, sql, chunk))
    return result
