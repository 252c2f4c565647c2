"""What a log asks of the store: digests of issues, and the chain as it was at the end of each day."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.model import DAY, HOUR, LARGEST, Item, Publication
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import Database
from hotpapers.store.item_rows import SPECS, read_row, select_columns


def frozen_digests(database: Database, publication: str) -> list[tuple[int, str]]:
    """(position, digest) of every edition of a publication's issues, in the order in which they were frozen."""
    sql = 'SELECT since, digest FROM issue WHERE publication = ? ORDER BY since, "day", edition'
    return [(int(since), str(digest)) for since, digest in database.rows(sql, (publication,))]


def digests_by_day(database: Database, publication: str) -> list[tuple[str, str]]:
    """(day, digest) of every edition of a publication's issues."""
    sql = 'SELECT "day", digest FROM issue WHERE publication = ? ORDER BY "day", edition'
    return [(str(day), str(digest)) for day, digest in database.rows(sql, (publication,))]


def chain_at_ends_of_days(database: Database, after: int, before: int) -> list[tuple[int, bytes]]:
    """(position, chain value) of the last batch of each day, UTC, that is over at the moment `before` and whose batches
    come after a position; in their order."""
    sql = """SELECT b.position, b.chain FROM batch AS b WHERE b.position IN (
        SELECT max(position) FROM batch WHERE position > ? AND at < ? GROUP BY at / ?) ORDER BY b.position"""
    rows = database.rows(sql, (after, before - before % DAY, DAY))
    return [(int(position), bytes(chain)) for position, chain in rows]


def own_accounts(database: Database, publication: str) -> tuple[str, ...]:
    """The accounts that a publication names as its own, as it says now."""
    last = AsOfView(database, LARGEST, LARGEST).item(Publication, publication)
    return last.own if last else ()


def ends_of_hours(database: Database, after: int, before: int) -> list[tuple[int, int]]:
    """(hour, position of its last batch) of each hour, UTC, counted from 1970-01-01T00, that is over at the moment
    `before` and has batches after a position; in the order of hours."""
    sql = f"SELECT at / {HOUR}, max(position) FROM batch WHERE position > ? AND at < ? GROUP BY at / {HOUR} ORDER BY 1"
    return [(int(hour), int(position)) for hour, position in database.rows(sql, (after, before - before % HOUR))]


def last_position_before(database: Database, moment: int) -> int:
    """The last batch that was written before a moment; 0 for none."""
    return int(database.rows("SELECT max(position) FROM batch WHERE at < ?", (moment,))[0][0] or 0)


def items_between(database: Database, kinds: tuple[type[Item], ...], after: int, upto: int) -> Iterator[Item]:
    """The items that batches after a position and up to another one brought and that are open: kind by kind, in the
    order in which they came."""
    for kind in kinds:
        spec = SPECS[kind]
        first, last = (AsOfView(database, LARGEST, position).last_row(kind) for position in (after, upto))
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE id > ? AND id <= ? AND until = 0 ORDER BY id"
        yield from (read_row(spec, row).item for row in database.iterate(sql, (first, last)))
