"""Queries for copies, imports and exports, and copying whole tables between databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hotpapers.base.model import storable_text
from hotpapers.keep.search import index
from hotpapers.record import identities, item_rows, tombstones
from hotpapers.record.database import Database, first_column, first_value, sql_placeholders
from hotpapers.record.record import Record, current_time
from hotpapers.record.sqlite import SqliteDatabase

_DELIVERY_STATE = 'publication, "day", edition, channel, target, state, receipt, at'


def note_copy(record: Record, kind: str, target: str) -> None:
    """Remember that a copy left the store, so `forget` can list it as out of reach."""
    with record.database.write():
        add_copies(record.database, [(current_time(), kind, storable_text(target))])


def keys_marked(record: Record, marks: frozenset[str]) -> list[str]:
    """The keys in the record whose tombstones, or those of the authors whom they contain, are among these marks."""
    known_tombstones = tombstones.Tombstones(record.hasher, marks)
    rows = record.database.iterate("SELECT key FROM identity WHERE id > 0 ORDER BY key")
    return [key for (key,) in rows if not identities.is_pseudonym(key) and known_tombstones.names(key)]


def tables_of(database: SqliteDatabase) -> list[str]:
    """The tables of a store that are copied to another kind of database: not those of the index, which each makes its
    own."""
    condition = "type = 'table' AND name <> 'sqlite_sequence' AND substr(name, 1, 7) <> 'search_'"
    return first_column(database, f"SELECT name FROM sqlite_schema WHERE {condition} ORDER BY name")


def copy_tables(source: Database, target: Database, lite: SqliteDatabase) -> None:
    """Replace all rows of all tables by the source's. Both have the same schema; `lite` is the SQLite one of them."""
    for table in tables_of(lite):
        columns = [row[1] for row in lite.rows(f"PRAGMA table_info({table})")]
        names = ", ".join(f'"{name}"' for name in columns)
        condition = " WHERE name <> 'schema'" if table == "meta" else ""  # PostgreSQL keeps the schema's version there
        target.run(f"DELETE FROM {table}{condition}")
        rows = source.iterate(f"SELECT {names} FROM {table}{condition} ORDER BY 1")
        sql = f"INSERT INTO {table} ({names}) VALUES ({sql_placeholders(columns)})"
        target.many(sql, rows)
    index.clear(target)


def last_original(database: Database) -> int:
    """The highest number that a raw payload ever had, as far as rows show. Numbers are never reused."""
    specs = item_rows.SPECS.values()
    tables = ["SELECT max(id) FROM raw", *(f"SELECT max(origin) FROM {spec.kind}" for spec in specs)]
    return max(first_value(database, sql) or 0 for sql in tables)


def restart_numbers(source: SqliteDatabase, target: Database) -> None:
    """Make a PostgreSQL store continue numbering after the copied rows."""
    for table in tables_of(source):
        if table in ("raw", "quarantine", "copy", "report"):  # in all others the program numbers the rows
            highest = first_value(target, f"SELECT coalesce(max(id), 0) FROM {table}")
            highest = max(highest, last_original(source)) if table == "raw" else highest
            target.run(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {int(highest) + 1}")


def origins_of_rows(database: Database, rows: Iterable[tuple[str, int]]) -> set[int]:
    """The raw payloads of rows, given as (kind, number)."""
    sql = "SELECT origin FROM {} WHERE id = ?"
    return {origin for kind, number in rows for (origin,) in database.rows(sql.format(kind), (number,))}


def merge_leavers(database: Database, leavers: Iterable[tuple[str, str, int]]) -> None:
    """Merge another store's subscribers who left, as (state, mark, since), keeping the newer rows. Call inside
    `write()`."""
    for state, mark, since in leavers:
        address = "address" if state == "bounced" else "''"
        sql = f"UPDATE subscriber SET state = ?, since = ?, address = {address} WHERE mark = ? AND since < ?"
        database.run(sql, (state, since, mark, since))


def all_delivery_states(database: Database) -> list[tuple[Any, ...]]:
    """The states of all deliveries, as `merge_delivery_states` takes them."""
    return database.rows(f"SELECT {_DELIVERY_STATE}, tries, next_at FROM delivery_state")


def delivery_states(database: Database) -> list[tuple[Any, ...]]:
    """The delivery states of editions: rows of (publication, day, edition, channel, target, state, receipt, at), in
    order. Those of messages to subscribers, with edition 0, stay in the store."""
    return database.rows(f"SELECT {_DELIVERY_STATE} FROM delivery_state WHERE edition > 0 ORDER BY 1, 2, 3, 4, 5")


def merge_delivery_states(database: Database, known: Iterable[tuple[Any, ...]]) -> None:
    """Merge another store's delivery states, with or without `tries` and `next_at`, keeping the newer rows. Call inside
    `write()`."""
    sql = f"""INSERT INTO delivery_state ({_DELIVERY_STATE}, tries, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (publication, channel, "day", edition, target) DO UPDATE
        SET state = excluded.state, receipt = excluded.receipt, at = excluded.at, tries = excluded.tries,
        next_at = excluded.next_at WHERE delivery_state.at < excluded.at"""
    rows = ((*row, 0, 0)[:10] for row in known)
    database.many(sql, rows)


def last_editions(database: Database) -> Iterator[tuple[str, str]]:
    """(digest, content) of each day's last edition, ordered by publication and day."""
    sql = """SELECT i.digest, i.content FROM issue AS i WHERE i.until = 0 AND i.edition = (
            SELECT max(e.edition) FROM issue AS e WHERE e.publication = i.publication AND e."day" = i."day")
        ORDER BY i.publication, i."day" """
    return database.iterate(sql)


def continue_originals(database: SqliteDatabase, number: int) -> None:
    """Make a SQLite store number its raw payloads from here on."""
    database.run("DELETE FROM sqlite_sequence WHERE name = 'raw'")
    database.run("INSERT INTO sqlite_sequence VALUES ('raw', ?)", (number,))


def confirmed_since(database: Database) -> dict[str, int]:
    """Since when each confirmed subscriber is confirmed, by mark: µs UTC."""
    return dict(database.rows("SELECT mark, since FROM subscriber WHERE state = 'confirmed'"))


def copies(database: Database) -> list[tuple[int, str, str]]:
    """(at, kind, target) of the copies that left the store, oldest first."""
    return database.rows("SELECT at, kind, target FROM copy ORDER BY id")


def add_copies(database: Database, copies: Sequence[tuple[int, str, str]]) -> None:
    """Remember copies that left the store. Call inside `write()`."""
    database.many("INSERT INTO copy (at, kind, target) VALUES (?, ?, ?)", copies)


def open_rows(database: Database, spec: item_rows.KindSpec) -> Iterator[item_rows.StoredRow]:
    """The open rows of a kind, by key and moment."""
    order = item_rows.sql_columns(spec, (*spec.type.key, "observed_at"), "t")
    return item_rows.select_rows(database, spec, f"until = 0 ORDER BY {order}")
