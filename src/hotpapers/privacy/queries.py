"""What forgetting and thinning ask of the store: who is named where, and which rows are needed no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers import model
from hotpapers.model import keys
from hotpapers.store import item_rows, tombstones
from hotpapers.store.database import AT_ONCE, Database, placeholders, slices
from hotpapers.store.item_rows import SPECS, KindSpec, StoredRow, is_pseudonym, select_columns
from hotpapers.store.record import Record

REFERENCES: dict[type[model.Item], tuple[str, ...]] = {
    model.Shown: ("post",),
    model.Account: ("account",),
    model.Alias: ("account", "stable"),
    model.Post: ("post", "account", "reply_to", "quotes"),
    model.Mention: ("post",),
    model.Reaction: ("post", "account"),
    model.Snapshot: ("post",),
    model.Verdict: ("subject",),
}
"""The fields in which a post or an account is named."""


def is_named(record: Record, key: str) -> bool:
    """Whether any row names a key."""
    return any(
        record.database.rows(f'SELECT 1 FROM {SPECS[cls].kind} WHERE "{name}" = ? LIMIT 1', (key,))
        for cls, names in REFERENCES.items()
        for name in names
    )


def names_beside(record: Record, key: str) -> Iterator[str]:
    """The keys that stand for the same: other names of an account, its posts, its handles."""
    network = keys.network_of(key)
    for sql in (
        "SELECT stable FROM alias WHERE account = ?",
        "SELECT account FROM alias WHERE stable = ?",
        "SELECT post FROM post WHERE account = ?",
    ):
        yield from (row[0] for row in record.database.rows(f"{sql} ORDER BY 1", (key,)))
    for table in ("account", "post"):
        handles = record.database.rows(f"SELECT DISTINCT handle FROM {table} WHERE account = ? ORDER BY 1", (key,))
        yield from (keys.handle_key(network, row[0]) for row in handles if row[0])


def lonely_authors(record: Record, keys: Sequence[str]) -> list[str]:
    """The authors of forgotten posts of whom the record holds nothing else: what it says of them goes too."""
    authors: set[str] = set()
    for key in keys:
        authors |= {row[0] for row in record.database.rows("SELECT DISTINCT account FROM post WHERE post = ?", (key,))}
    return sorted(
        author
        for author in authors - set(keys)
        if author
        and not item_rows.is_pseudonym(author)
        and not record.database.rows("SELECT 1 FROM reaction WHERE account = ? LIMIT 1", (author,))
        and {row[0] for row in record.database.rows("SELECT post FROM post WHERE account = ?", (author,))} <= set(keys)
    )


def rows_where(record: Record, spec: KindSpec, name: str, values: Sequence[str | int]) -> Iterator[StoredRow]:
    """The rows of a kind in which a column has one of some values."""
    for some in slices(values):
        sql = f'SELECT {select_columns(spec)} FROM {spec.kind} WHERE "{name}" IN ({placeholders(some)})'
        yield from (item_rows.read_row(spec, row) for row in record.database.rows(sql, some))


def rows_naming(record: Record, known: tombstones.ForgottenNames) -> Iterator[StoredRow]:
    """Rows in which a name stands in what others wrote."""
    for spec in (SPECS[model.Post], SPECS[model.Account]):
        named = []
        text = "text, name, links" if spec.type is model.Post else "'', name, '[]'"
        for number, *texts in record.database.iterate(f"SELECT id, {text} FROM {spec.kind}"):
            if any(map(known.stand_in, texts)):
                named.append(number)
        yield from rows_where(record, spec, "id", named)


def lonely_texts(database: Database, changes: Sequence[tuple[StoredRow, model.Item]]) -> frozenset[int]:
    """The marks of texts that are forgotten now and that no other post shares: what another still says, everybody can
    read there, and it must go on counting as the same."""
    gone = {row.id: text_of(row) for row, left in changes if isinstance(left, model.Post) and not left.text}
    marks = sorted(set(gone.values()) - {0})
    shared: set[int] = set()
    for some in slices(marks):
        sql = f"SELECT id, post, same FROM post WHERE same IN ({placeholders(some)})"
        rows = database.rows(sql, some)
        shared |= {same for number, post, same in rows if number not in gone and not is_pseudonym(post)}
    return frozenset(marks) - shared


def own_accounts(database: Database) -> frozenset[str]:
    """The accounts that publications name as their own."""
    lists = (msgspec.json.decode(own, type=list[str]) for (own,) in database.rows("SELECT own FROM publication"))
    return frozenset(account for accounts in lists for account in accounts)


def posts_with_snapshots(record: Record) -> Iterator[tuple[list[str], int]]:
    """All posts that have snapshots."""
    sql = f"SELECT DISTINCT post FROM snapshot WHERE post > ? AND until = 0 ORDER BY post LIMIT {AT_ONCE}"
    after = ""
    while posts := [post for (post,) in record.database.rows(sql, (after,))]:
        after = posts[-1]
        yield posts, 0


def text_of(row: StoredRow) -> int:
    """A mark of a post's text, 0 for none."""
    at = [name for name, _ in SPECS[model.Post].derived].index("same")
    return int(row.derived[at])


def copies_before(database: Database, at: int) -> list[tuple[str, str]]:
    """(way, target) of the backups and exports that were made up to a moment."""
    sql = "SELECT DISTINCT way, target FROM copy WHERE at <= ? ORDER BY way, target"
    return [(way, target) for way, target in database.rows(sql, (at,))]


def marks_of_leavers(database: Database) -> list[tuple[str, str, int]]:
    """(state, mark, since, µs UTC) of the subscribers who have left or cannot be reached."""
    rows = database.rows("SELECT state, mark, since FROM subscriber WHERE state IN ('ended', 'bounced')")
    return [(state, mark, since) for state, mark, since in rows]


# ---- retention ---------------------------------------------------------------------------------------------


class SnapshotRow(NamedTuple):
    """A snapshot, by its row: of which post, observed when, added by which batch."""

    id: int
    post: str
    observed_at: int
    since: int


def drop_expired(database: Database, at: int) -> int:
    """Deletes what is kept raw or in quarantine and whose time is over; how much. Call inside `write()`."""
    return sum(database.run(f"DELETE FROM {table} WHERE keep_until < ?", (at,)) for table in ("raw", "quarantine"))


def snapshots_after(database: Database, number: int, limit: int) -> list[SnapshotRow]:
    """The open snapshots after a row's number, in order."""
    sql = "SELECT id, post, observed_at, since FROM snapshot WHERE id > ? AND until = 0 ORDER BY id LIMIT ?"
    return [SnapshotRow(*row) for row in database.rows(sql, (number, limit))]


def snapshots_of(database: Database, posts: Sequence[str], before: int) -> list[SnapshotRow]:
    """The open snapshots of some posts from before a moment, by post and moment."""
    sql = f"""SELECT id, post, observed_at, since FROM snapshot
        WHERE until = 0 AND observed_at < ? AND post IN ({placeholders(posts)}) ORDER BY post, observed_at"""
    return [SnapshotRow(*row) for row in database.rows(sql, (before, *posts))]


def announcements_of(database: Database, posts: Sequence[str]) -> list[tuple[str, int]]:
    """(post, when a paper that it names was announced, µs UTC)."""
    sql = f"""SELECT DISTINCT m.post, a.announced_at FROM mention AS m JOIN announcement AS a ON a.paper = m.paper
        WHERE m.post IN ({placeholders(posts)})"""
    return [(post, at) for post, at in database.rows(sql, posts)]


def papers_named(database: Database, posts: Sequence[str]) -> list[tuple[str, str]]:
    """(post, paper) of what some posts name."""
    rows = database.rows(f"SELECT post, paper FROM mention WHERE post IN ({placeholders(posts)})", posts)
    return [(post, paper) for post, paper in rows]


def issue_contents(database: Database) -> Iterator[str]:
    """The content of every edition of every issue."""
    return (content for (content,) in database.iterate("SELECT content FROM issue WHERE until = 0"))


def drop_snapshots(database: Database, numbers: Iterable[int]) -> None:
    """Deletes rows of snapshots. Call inside `write()`."""
    database.many("DELETE FROM snapshot WHERE id = ?", [(number,) for number in numbers])
