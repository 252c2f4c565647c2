"""The wing's own SQL: accounts by key or handle, and what they shared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from hotpapers.base.keys import handle_key, network_of
from hotpapers.discussion.engagement.queries import posts_about_papers, show_tables
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database, rows_among
from hotpapers.record.identities import find_identities, key_of


def accounts_of(view: AsOfView, members: Collection[str]) -> frozenset[int]:
    """The numbers of the accounts that the record knows, by their keys or by those of their handles."""
    handles = sorted({member.partition(":@")[2] for member in members} - {""})
    numbers = {identity.number for key, identity in find_identities(view.database, members).items() if key}
    sql = f"""SELECT DISTINCT account.account, {key_of("account.account")}, account.handle FROM account
        WHERE lower(account.handle) IN (…) AND {view.visible("account")}"""
    rows = rows_among(view.database, sql, handles)
    return frozenset(
        numbers | {number for number, key, handle in rows if handle_key(network_of(key), handle) in members}
    )


def shared_by(view: AsOfView, accounts: Sequence[int], since: int) -> Iterator[tuple[int, int, str]]:
    """(post, account, paper) of what accounts wrote about papers since a moment and may be shown, the earliest first;
    post and account as numbers."""
    written = f"post.account IN ({', '.join(map(str, accounts))}) AND post.created_at > ?"
    papers = f"""IN (SELECT other.paper FROM post JOIN mention AS other ON other.post = post.post WHERE {written})"""
    sql = f"""{show_tables(view, ())} SELECT post.post, post.account,
        {key_of("mention.paper")} {posts_about_papers(view, papers)}
        AND {written} ORDER BY post.created_at, post.post"""
    yield from view.database.iterate(sql, (since, since))


def keys_in(database: Database, numbers: Sequence[int]) -> dict[int, str]:
    """The keys of numbers, without those that are forgotten."""
    sql = "SELECT identity.id, identity.key FROM identity WHERE identity.id IN (…) AND identity.commitment IS NULL"
    return dict(rows_among(database, sql, numbers))
