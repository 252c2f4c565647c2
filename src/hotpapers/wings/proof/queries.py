"""Store queries of the logs: digests of issues, the ends of days and hours, observations by position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import HOUR, MAX_INTEGER, Item, Publication
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database, blob_bytes, column_among
from hotpapers.record.identities import NUMBERS, key_of
from hotpapers.record.item_rows import SPECS, read_row, select_columns


def frozen_digests(database: Database, publication: str) -> list[tuple[int, str, str]]:
    """(position, day, digest) of every edition of a publication's issues, in the order of freezing."""
    sql = 'SELECT since, "day", digest FROM issue WHERE publication = ? ORDER BY since, "day", edition'
    rows = database.rows(sql, (publication,))
    return [(int(since), str(day), str(digest)) for since, day, digest in rows]


def ends_of(database: Database, period: int, after: int, before: int) -> list[tuple[int, int, bytes]]:
    """(number, position, chain value) of the last batch of each UTC day or hour, a `period` in µs and counted from
    1970-01-01T00, that is over at the moment `before` and has batches after a position; by number."""
    sql = """SELECT b.at / ?, b.position, b.chain FROM batch AS b WHERE b.position IN (
        SELECT max(position) FROM batch WHERE position > ? AND at < ? GROUP BY at / ?) ORDER BY 1"""
    rows = database.rows(sql, (period, after, before - before % period, period))
    return [(int(number), int(position), blob_bytes(chain)) for number, position, chain in rows]


def own_accounts(database: Database, publication: str) -> tuple[str, ...]:
    """The accounts that a publication currently names as its own, and those known to belong to the same people."""
    last = AsOfView(database, MAX_INTEGER, MAX_INTEGER).item(Publication, publication)
    named = last.own if last else ()
    stable = f"SELECT {key_of('alias.stable')} FROM alias WHERE alias.account IN ({NUMBERS})"
    people = {*named, *column_among(database, stable, named)}
    others = f"SELECT {key_of('alias.account')} FROM alias WHERE alias.stable IN ({NUMBERS})"
    return tuple(sorted({*people, *column_among(database, others, people)}))


def posts_of(database: Database, accounts: Sequence[int]) -> frozenset[str]:
    """The keys of the posts by some accounts, by their numbers."""
    sql = f"SELECT DISTINCT {key_of('post.post')} FROM post WHERE post.account IN (…)"
    return frozenset(column_among(database, sql, accounts))


def hour_of(database: Database, position: int) -> int | None:
    """The UTC hour of a batch, counted from 1970-01-01T00; None if there is no such batch."""
    rows = database.rows(f"SELECT at / {HOUR} FROM batch WHERE position = ?", (position,))
    return int(rows[0][0]) if rows else None


def last_position_before(database: Database, moment: int) -> int:
    """The position of the last batch before a moment; 0 if there is none."""
    return int(database.rows("SELECT max(position) FROM batch WHERE at < ?", (moment,))[0][0] or 0)


def items_between(database: Database, kinds: tuple[type[Item], ...], after: int, upto: int) -> Iterator[Item]:
    """The items from batches after one position and up to another that are still current: kind by kind, in order of
    arrival."""
    for kind in kinds:
        spec = SPECS[kind]
        first, last = (AsOfView(database, MAX_INTEGER, position).last_row(kind) for position in (after, upto))
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE id > ? AND id <= ? AND until = 0 ORDER BY id"
        rows = database.iterate(sql, (first, last))
        yield from (read_row(spec, row).item for row in rows)
