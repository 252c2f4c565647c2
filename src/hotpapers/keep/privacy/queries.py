"""Queries for forgetting and pruning: which rows name whom, and which are no longer needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base import keys, model
from hotpapers.record import identities, item_rows, tombstones
from hotpapers.record.database import AT_ONCE, Database, column_among, first_column, rows_among, sql_placeholders
from hotpapers.record.identities import NUMBER, NUMBERS, is_pseudonym, key_of
from hotpapers.record.item_rows import SPECS, KindSpec, StoredRow
from hotpapers.record.record import Record

REFERENCES = [(spec.kind, name) for spec in SPECS.values() for name in spec.persons]
"""The tables and their columns with the number of a post or account."""


def keys_known(database: Database, keys: Sequence[str]) -> set[str]:
    """The keys among these that the record has."""
    return identities.find_identities(database, keys).keys() - {""}


def last_holder(database: Database, key: str) -> list[str]:
    """The account that had a handle at any time, if it was only one."""
    network, _, name = key.partition(":")
    if not name.startswith("@"):
        return []
    sql = f"SELECT DISTINCT {key_of('account.account')} FROM account WHERE lower(account.handle) = ?"
    accounts = first_column(database, sql, (name[1:],))
    holders = [account for account in accounts if keys.network_of(account) == network]
    return holders if len(holders) == 1 else []


def names_beside(record: Record, subjects: Sequence[str]) -> Iterator[str]:
    """The keys that belong to some accounts: their other keys, their posts, their handles. Their posts include those
    that only others name, if the keys of posts contain the account's."""
    for sql in (
        f"SELECT {key_of('alias.stable')} FROM alias WHERE alias.account IN ({NUMBERS})",
        f"SELECT {key_of('alias.account')} FROM alias WHERE alias.stable IN ({NUMBERS})",
        f"SELECT DISTINCT {key_of('post.post')} FROM post WHERE post.account IN ({NUMBERS})",
    ):
        yield from column_among(record.database, f"{sql} ORDER BY 1", subjects)
    for table in ("account", "post"):
        sql = f"""SELECT DISTINCT {key_of("item.account")}, item.handle FROM {table} AS item
            WHERE item.account IN ({NUMBERS})"""
        rows = rows_among(record.database, f"{sql} ORDER BY 1, 2", subjects)
        yield from (keys.handle_key(keys.network_of(key), handle) for key, handle in rows if handle)
    for start in filter(None, map(keys.posts_begin, subjects)):
        sql = "SELECT identity.key FROM identity WHERE identity.key >= ? AND identity.key < ? ORDER BY 1"
        yield from first_column(record.database, sql, (start, start[:-1] + chr(ord("/") + 1)))


def orphan_authors(record: Record, keys: Sequence[str]) -> list[str]:
    """The authors of forgotten posts about whom the record has nothing else; they are forgotten too."""
    sql = f"SELECT DISTINCT {key_of('post.account')} FROM post WHERE post.post IN ({NUMBERS})"
    authors = set(column_among(record.database, sql, keys))
    posts = set(keys)
    candidates = sorted(author for author in authors - posts if author and not is_pseudonym(author))
    return [author for author in candidates if _says_nothing_else(record.database, author, posts)]


def _says_nothing_else(database: Database, author: str, posts: set[str]) -> bool:
    if database.rows(f"SELECT 1 FROM reaction WHERE account = {NUMBER} LIMIT 1", (author,)):
        return False
    sql = f"SELECT {key_of('post.post')} FROM post WHERE post.account = {NUMBER}"
    return posts.issuperset(first_column(database, sql, (author,)))


def own_rows(record: Record, keys: Sequence[str]) -> Iterator[StoredRow]:
    """The rows of posts and accounts with the words of some keys, some of them twice."""
    for cls, name in ((model.Account, "account"), (model.Post, "post"), (model.Post, "account")):
        yield from _rows(record, SPECS[cls], f'"{name}" IN ({NUMBERS})', keys)


def unnamed_keys(database: Database, keys: Collection[str]) -> list[str]:
    """The keys among these that no row names."""
    numbers = {identity.number: key for key, identity in identities.find_identities(database, keys).items() if key}
    named = set(_in_references(database, numbers))
    return sorted(key for number, key in numbers.items() if number not in named)


def origins_of(database: Database, keys: Sequence[str]) -> set[int]:
    """The raw payloads of all rows that name one of some keys."""
    numbers = [identity.number for key, identity in identities.find_identities(database, keys).items() if key]
    return set(_in_references(database, numbers, "origin")) - {0}


def _in_references(database: Database, numbers: Collection[int], column: str = "") -> Iterator[int]:
    """The numbers of posts and accounts among these that rows name, or another column of these rows."""
    for kind, name in REFERENCES:
        sql = f'SELECT DISTINCT "{column or name}" FROM {kind} WHERE "{name}" IN (…)'
        yield from column_among(database, sql, numbers)


def rows_where(record: Record, spec: KindSpec, name: str, values: Iterable[str | int]) -> Iterator[StoredRow]:
    """The rows of a kind in which a column has one of some values, with commitments."""
    return _rows(record, spec, f'"{name}" IN (…)', values)


def _rows(record: Record, spec: KindSpec, where: str, values: Iterable[str | int]) -> Iterator[StoredRow]:
    sql = f"SELECT {item_rows.columns_with_commitments(spec)} FROM {spec.kind} WHERE {where}"
    rows = rows_among(record.database, sql, values)
    return (item_rows.read_with_commitments(spec, row) for row in rows)


def rows_with_names(record: Record, known: tombstones.ForgottenNames) -> Iterator[StoredRow]:
    """The rows of posts and accounts whose text contains a known name."""
    for spec in (SPECS[model.Post], SPECS[model.Account]):
        text = "text, name, links" if spec.type is model.Post else "name"
        rows = record.database.iterate(f"SELECT id, {text} FROM {spec.kind}")
        numbers = [number for number, *texts in rows if any(map(known.stand_in, texts))]
        yield from rows_where(record, spec, "id", numbers)


def orphan_texts(database: Database, changes: Sequence[tuple[StoredRow, model.Item]]) -> frozenset[int]:
    """The keyed hashes of texts that are now forgotten and that no other post has. The hash of a text that another post
    still has is kept, so that these posts continue to count as the same; anybody can read the text there anyway."""
    at = [*SPECS[model.Post].derived].index("text_fingerprint")
    gone = {row.id: int(row.derived[at]) for row, left in changes if isinstance(left, model.Post) and not left.text}
    marks = set(gone.values()) - {0}
    sql = f"SELECT post.id, {key_of('post.post')}, post.text_fingerprint FROM post WHERE post.text_fingerprint IN (…)"
    rows = rows_among(database, sql, sorted(marks))
    shared = {mark for number, post, mark in rows if number not in gone and not is_pseudonym(post)}
    return frozenset(marks - shared)


def own_accounts(database: Database) -> frozenset[str]:
    """All accounts that publications name as their own."""
    lists = (msgspec.json.decode(own, type=list[str]) for (own,) in database.rows("SELECT own FROM publication"))
    return frozenset(account for accounts in lists for account in accounts)


def posts_with_snapshots(record: Record) -> Iterator[tuple[list[int], int]]:
    """All posts that have snapshots, in slices; each with 0, as there is no progress to save."""
    sql = f"SELECT DISTINCT post FROM snapshot WHERE post > ? AND until = 0 ORDER BY post LIMIT {AT_ONCE}"
    after = 0
    while posts := first_column(record.database, sql, (after,)):
        after = posts[-1]
        yield posts, 0


def copies_before(database: Database, at: int) -> list[tuple[str, str]]:
    """(kind, target) of the backups and exports made up to a moment."""
    return database.rows("SELECT DISTINCT kind, target FROM copy WHERE at <= ? ORDER BY kind, target", (at,))


def marks_of_leavers(database: Database) -> list[tuple[str, str, int]]:
    """(state, mark, since in µs UTC) of the subscribers who left or cannot be reached, even if they asked again and
    did not confirm."""
    has_left = "state IN ('ended', 'bounced') OR (state = 'asked' AND reason <> '')"
    state = "CASE state WHEN 'asked' THEN 'ended' ELSE state END"
    return database.rows(f"SELECT {state}, mark, since FROM subscriber WHERE {has_left}")


# ---- retention ---------------------------------------------------------------------------------------------


class OldRows(NamedTuple):
    """The bounds of old rows: observed before a moment, and added by batches up to a position, the last one by then."""

    before: int
    position: int


class SnapshotRow(NamedTuple):
    """A snapshot's row: its number, its post's number, when it was observed, and the batch that added it."""

    id: int
    post: int
    observed_at: int
    since: int


def drop_expired(database: Database, at: int) -> int:
    """Delete expired payloads, raw and in quarantine; the number deleted. Call inside `write()`."""
    return sum(database.run(f"DELETE FROM {table} WHERE keep_until < ?", (at,)) for table in ("raw", "quarantine"))


def shorten_expiry(database: Database, source: str, keep: int) -> None:
    """Let a source's raw payloads expire `keep` microseconds after they were read, if not earlier. Call inside
    `write()`."""
    sql = "UPDATE raw SET keep_until = seen_at + ? WHERE source = ? AND keep_until > seen_at + ?"
    database.run(sql, (keep, source, keep))


def snapshots_after(database: Database, number: int, limit: int) -> list[SnapshotRow]:
    """The open snapshots after a row number, in order."""
    sql = "SELECT id, post, observed_at, since FROM snapshot WHERE id > ? AND until = 0 ORDER BY id LIMIT ?"
    rows = database.rows(sql, (number, limit))
    return [SnapshotRow(*row) for row in rows]


def snapshots_of(database: Database, posts: Sequence[int], old: OldRows) -> list[SnapshotRow]:
    """The open snapshots of some posts that are old, ordered by post and time."""
    sql = f"""SELECT id, post, observed_at, since FROM snapshot
        WHERE until = 0 AND observed_at < ? AND since <= ? AND post IN ({sql_placeholders(posts)})
        ORDER BY post, observed_at"""
    rows = database.rows(sql, (*old, *posts))
    return [SnapshotRow(*row) for row in rows]


def snapshot_hashes(record: Record, numbers: Sequence[int]) -> dict[int, bytes]:
    """The hashes of snapshots, by number."""
    rows = rows_where(record, SPECS[model.Snapshot], "id", numbers)
    return {row.id: row.hash for row in rows}


def announcements_of(database: Database, posts: Sequence[int]) -> list[tuple[int, int]]:
    """(post, when a paper that it mentions was announced, µs UTC)."""
    sql = f"""SELECT DISTINCT mention.post, announcement.announced_at FROM mention
        JOIN announcement ON announcement.paper = mention.paper
        WHERE mention.post IN ({sql_placeholders(posts)})"""
    return database.rows(sql, posts)


def read_back_moments(database: Database, posts: Sequence[int]) -> list[tuple[int, int]]:
    """(post, the moment, µs UTC, up to which the post's network reported posts made before it was first read)."""
    sql = f"""SELECT DISTINCT post.post, coverage.observed_at FROM post JOIN coverage ON coverage.network = post.network
        WHERE post.post IN ({sql_placeholders(posts)}) AND coverage.reason = ?
        AND coverage.until_at = coverage.from_at"""
    return database.rows(sql, (*posts, model.READ_BACK))


def papers_named(database: Database, posts: Sequence[int]) -> list[tuple[int, str]]:
    """(post, paper) for all papers that some posts mention."""
    return database.rows(
        f"SELECT post, {key_of('mention.paper')} FROM mention WHERE post IN ({sql_placeholders(posts)})", posts
    )


def issue_contents(database: Database) -> Iterator[str]:
    """The content of all editions of all issues."""
    return (content for (content,) in database.iterate("SELECT content FROM issue WHERE until = 0"))


def newest_issue(database: Database) -> int | None:
    """The row number of the issue that was frozen last; None if there is none."""
    numbers: list[int | None] = first_column(database, "SELECT max(id) FROM issue")
    return numbers[0]


def drop_snapshots(database: Database, numbers: Iterable[int]) -> None:
    """Delete snapshots by row number. Call inside `write()`."""
    database.many("DELETE FROM snapshot WHERE id = ?", [(number,) for number in numbers])


def forget_reports(database: Database, keys: Collection[str], stand_in: Callable[[str], bool]) -> None:
    """Close readers' reports about forgotten posts and accounts, and those that name them, deleting their text and
    subject. Call inside `write()`."""
    for id, subject, text in database.rows("SELECT id, subject, text FROM report WHERE subject <> '' OR text <> ''"):
        if subject in keys or stand_in(f"{subject} {text}"):
            database.run("UPDATE report SET text = '', subject = '', closed_at = at WHERE id = ?", (id,))
