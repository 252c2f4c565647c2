"""Write batches: one transaction, one position, one manifest.

The position is assigned first, under the lock that admits one writer at a time. So it becomes visible only after all
lower positions, and rows have it from the start (decision 0004).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from hotpapers.base import errors, model
from hotpapers.record import identities, item_rows, manifest, tombstones
from hotpapers.record.database import Database, blob, first_column, first_value, placeholders, slices
from hotpapers.record.identities import NO_KEYS, EnrolledKeys, RecentIdentities
from hotpapers.record.item_rows import KindSpec, PreparedRow, RowSecrets
from hotpapers.record.manifest import BatchStamp, ErasedIdentity, Pair, Remainder
from hotpapers.record.meta import SECRET, read_meta
from hotpapers.record.row_groups import RowGroup


class WrittenBatch(NamedTuple):
    """The result of writing a batch. `position` is None if nothing changed and no batch was written.

    `known`: items already in the record. `later`: different observations at the same moment, stored one microsecond
    later. `refused`: items about something forgotten. `quarantined`: raw payloads that could not be parsed.
    """

    position: int | None
    added: int
    known: int = 0
    later: int = 0
    refused: int = 0
    quarantined: int = 0


class BatchHeader(NamedTuple):
    """A batch's own row without its manifest: position, time, source and its cursor, number of items added, chain
    value."""

    position: int
    at: int
    source: str
    cursor: str | None
    items: int
    chain: bytes


class ChainHead(NamedTuple):
    """The last batch: its position (0 if there is none) and chain value."""

    position: int
    chain: bytes


Offer = tuple[model.Item, int]
"""An item, and the number of the raw row from which it was parsed (0 for none)."""


class RowChanges(NamedTuple):
    """What a batch changes in earlier rows and identities. `tombstones`: marks of what was forgotten."""

    close: Sequence[item_rows.StoredRow] = ()
    prune: Sequence[Pair] = ()
    forgotten: Sequence[Remainder] = ()
    erased: Sequence[ErasedIdentity] = ()
    tombstones: Sequence[str] = ()


NOTHING = RowChanges()


class NewRows(NamedTuple):
    """What a batch adds: rows by kind, each table's next number, and the identities that the rows name. `recent`: keeps
    these for the next batch."""

    groups: Sequence[RowGroup] = ()
    numbers: Mapping[str, int] = {}
    enrolled: EnrolledKeys = NO_KEYS
    recent: RecentIdentities | None = None


NO_ROWS = NewRows()


def head(database: Database) -> ChainHead:
    """The last batch of a store."""
    rows = database.rows("SELECT position, chain FROM batch ORDER BY position DESC LIMIT 1")
    return ChainHead(rows[0][0], blob(rows[0][1])) if rows else ChainHead(0, genesis(database))


def head_and_forgotten(database: Database) -> tuple[ChainHead, int]:
    """The last batch, and the number of tombstones."""
    sql = "SELECT position, chain, (SELECT count(*) FROM tombstone) FROM batch ORDER BY position DESC LIMIT 1"
    rows = database.rows(sql)
    return (ChainHead(rows[0][0], blob(rows[0][1])), rows[0][2]) if rows else (ChainHead(0, genesis(database)), 0)


def last_written_at(database: Database) -> int:
    """When the last batch was written, µs UTC; 0 if there is none."""
    return int(first_value(database, "SELECT at FROM batch ORDER BY position DESC LIMIT 1") or 0)


def source_of(database: Database, position: int) -> str | None:
    """Where the rows of a batch came from; None if there is no such batch."""
    source: str | None = first_value(database, "SELECT source FROM batch WHERE position = ?", (position,))
    return source


def position_at(database: Database, at: int) -> int:
    """The position of the last batch written up to a moment, 0 for none."""
    sql = "SELECT position FROM batch WHERE at <= ? ORDER BY position DESC LIMIT 1"
    return int(first_value(database, sql, (at,)) or 0)


def genesis(database: Database) -> bytes:
    """The value to which a store's first batch is chained."""
    return manifest.genesis(bytes.fromhex(read_meta(database, SECRET) or ""))


def chain_at(database: Database, position: int) -> bytes | None:
    """The chain value of the batch at a position, empty for 0; None if there is no such batch."""
    if position == 0:
        return b""
    rows = database.rows("SELECT chain FROM batch WHERE position = ?", (position,))
    return blob(rows[0][0]) if rows else None


# ---- rows ----------------------------------------------------------------------------------------------


class NumberedRow(NamedTuple):
    """A prepared row and its number in the table."""

    number: int
    prepared: PreparedRow


def numbered(database: Database, spec: KindSpec, group: Iterable[PreparedRow]) -> list[NumberedRow]:
    """Rows of a kind, numbered in order with the table's next numbers."""
    return list(map(NumberedRow, itertools.count(identities.next_number(database, spec.kind)), group))


def insert_rows(database: Database, spec: KindSpec, rows: Sequence[NumberedRow], position: int) -> int:
    """Add a kind's rows; the number of rows that were new."""
    filled = [(number, *prepared.row, position, 0) for number, prepared in rows]
    return database.insert(spec.kind, spec.columns, filled)


class AddedRows(NamedTuple):
    """The rows added of a kind, in order: numbers, hashes, raw rows. `known`: items already in the record. `later`:
    items moved to a later microsecond."""

    kind: str
    numbers: Sequence[int]
    hashes: Sequence[bytes]
    origins: Sequence[int]
    known: int = 0
    later: int = 0


def _insert_group(database: Database, group: RowGroup, first: int, position: int) -> AddedRows:
    spec, count = group.spec, len(group.items)
    if database.insert(spec.kind, spec.columns, group.filled(first, position)) == count:
        return AddedRows(spec.kind, range(first, first + count), group.hashes, group.origins)
    rows = [NumberedRow(first + index, group.prepared(index)) for index in range(count)]
    # The numbers of the rows just added at a position
    sql = f"SELECT id FROM {spec.kind} WHERE since = ? AND id >= ?"
    new = frozenset(first_column(database, sql, (position, first)))
    present = [row.prepared for row in rows if row.number not in new]
    different = _not_known(database, spec, present)
    moved = [row for prepared in different if (row := _move_later(database, spec, prepared, position)) is not None]
    added = [*(row for row in rows if row.number in new), *moved]
    numbers, hashes = [number for number, _ in added], [prepared.hash for _, prepared in added]
    origins = [prepared.row[-1] for _, prepared in added]
    return AddedRows(spec.kind, numbers, hashes, origins, len(present) - len(moved), len(moved))


def _not_known(database: Database, spec: KindSpec, group: Sequence[PreparedRow]) -> list[PreparedRow]:
    """The rows of which no identical item with the same key and moment is stored. Queries many at a time."""
    names = [f'"{spec.fields[i]}"' for i in (*spec.key, spec.observed)]
    text = f"({' AND '.join(f'{name} = ?' for name in names)})"
    different = []
    for start in range(0, len(group), 100):
        chunk = group[start : start + 100]
        where = " OR ".join([text] * len(chunk))
        sql = f"""SELECT {", ".join(names)}, {item_rows.select_columns(spec)} FROM {spec.kind}
            WHERE until = 0 AND ({where})"""
        rows = database.rows(sql, [value for prepared in chunk for value in prepared.label])
        items = ((row[: len(names)], item_rows.read_row(spec, row[len(names) :]).item) for row in rows)
        known = {label: tombstones.without_references(item, identities.is_pseudonym) for label, item in items}
        different += [prepared for prepared in chunk if known.get(prepared.label) != prepared.item]
    return different


def _move_later(database: Database, spec: KindSpec, prepared: PreparedRow, position: int) -> NumberedRow | None:
    """The item moved by as many microseconds as needed, because another item has its key and moment; None if it turns
    out to be known."""
    if isinstance(prepared.item, model.Issue):
        issue = prepared.item
        raise errors.IssueError(f"{issue.publication} {issue.day}: another process has already frozen this edition")
    [row] = numbered(database, spec, [prepared])
    while not insert_rows(database, spec, [row], position):
        if not _not_known(database, spec, [row.prepared]):
            return None
        row = row._replace(prepared=_a_microsecond_later(database, spec, row.prepared))
    return row


def _a_microsecond_later(database: Database, spec: KindSpec, prepared: PreparedRow) -> PreparedRow:
    item = msgspec.structs.replace(prepared.item, observed_at=prepared.item.observed_at + 1)
    after = len(spec.fields) + len(spec.derived)
    salt, redacted = prepared.row[after:-1] if spec.words else (None, None)
    kept = RowSecrets(salt, msgspec.json.decode(redacted) if redacted else None, prepared.row[len(spec.fields) : after])
    known = identities.find(database, item_rows.keys_in([item]))
    return item_rows.prepare(item, item_rows.KeyedHasher(b""), known, None, prepared.row[-1], kept)


def close_rows(database: Database, rows: Sequence[item_rows.StoredRow], position: int) -> list[Pair]:
    """Close the rows that no other process has closed since they were read; their places in the manifests."""
    close = "UPDATE {} SET until = ? WHERE id = ? AND until = 0"
    closed = [row for row in rows if database.run(close.format(row.spec.kind), (position, row.id))]
    return sorted(pairs_of(database, [(row.spec.kind, row.id, row.since) for row in closed]))


def pairs_of(database: Database, rows: Iterable[tuple[str, int, int]]) -> list[Pair]:
    """The places of rows, given as (kind, number, batch), in the manifests. Raises CorruptStore."""
    indices_of = cache(lambda since: manifest.indices(load_manifest(database, since)))
    pairs = []
    for kind, number, since in rows:
        if (kind, number) not in indices_of(since):
            raise errors.CorruptStore(
                f"{database.where}: batch {since} does not list {kind} row {number}; run `hotpapers verify`"
            )
        pairs.append((since, indices_of(since)[kind, number]))
    return pairs


def numbers_of_identities(database: Database, places: Collection[Pair]) -> dict[Pair, int]:
    """The numbers of identities, by their places (position, index) in the manifests."""
    first_of = cache(lambda since: load_manifest(database, since).identities[0])
    return {(since, index): first_of(since) + index for since, index in places}


def places_of_identities(database: Database, numbers: Sequence[int]) -> dict[int, Pair]:
    """The places (position, index) of identities in the manifests, by their numbers."""
    first_of = cache(lambda since: load_manifest(database, since).identities[0])
    places: dict[int, Pair] = {}
    for chunk in slices(numbers):
        sql = f"SELECT id, since FROM identity WHERE id IN ({placeholders(chunk)}) ORDER BY id"
        places |= {number: (since, number - first_of(since)) for number, since in database.rows(sql, chunk)}
    return places


# ---- batches -------------------------------------------------------------------------------------------


def append(
    database: Database,
    stamp: BatchStamp,
    rows: NewRows = NO_ROWS,
    changes: RowChanges = NOTHING,
    last: ChainHead | None = None,
) -> WrittenBatch:
    """Write the batch itself: rows, cursor, manifest, chain; nothing if nothing changed. Call inside `write()`.
    `last`: the batch before, if already loaded."""
    last = last or head(database)
    position = last.position + 1
    closed = close_rows(database, changes.close, position)
    added = [_insert_group(database, group, rows.numbers[group.spec.kind], position) for group in rows.groups]
    origins = list(itertools.chain.from_iterable(group.origins for group in added))
    listed = manifest.listing_of(
        [(group.kind, group.numbers) for group in added if group.numbers],
        list(itertools.chain.from_iterable(group.hashes for group in added)),
        identities=rows.enrolled.added,
        persons=rows.enrolled.persons,
        closed=closed,
        pruned=list(changes.prune),
        forgotten=list(changes.forgotten),
        erased=list(changes.erased),
        tombstones=list(changes.tombstones),
        origins=origins if any(origins) else [],
    )
    known, later = sum(group.known for group in added), sum(group.later for group in added)
    is_changed = len(listed) or closed or any(changes._replace(close=()))
    if not is_changed and _resumes_there(database, stamp):
        return WrittenBatch(None, 0, known)
    chain = save_batch(database, position, stamp, listed, last.chain)
    if rows.recent:
        rows.recent.keep(chain, last.chain, rows.enrolled.known)
    return WrittenBatch(position, len(listed), known, later)


def _resumes_there(database: Database, stamp: BatchStamp) -> bool:
    return stamp.cursor is None or stamp.cursor == cursor_of(database, stamp.source)


_SAVE_CURSOR = """INSERT INTO cursor VALUES (?, ?, ?)
    ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, position = excluded.position"""


def save_batch(database: Database, position: int, stamp: BatchStamp, listed: manifest.Manifest, before: bytes) -> bytes:
    """Write the batch's own row, its source's cursor and its tombstones; its chain value."""
    chain = manifest.link(before, position, stamp, listed)
    row = (position, *stamp, len(listed), manifest.pack(listed), chain)
    database.run("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    if stamp.cursor is not None:
        database.run(_SAVE_CURSOR, (stamp.source, stamp.cursor, position))
    if listed.tombstones:
        marks = [(mark, stamp.at) for mark in listed.tombstones]
        database.many("INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO NOTHING", marks)
    return chain


def sources_at(database: Database, cursor: str) -> set[str]:
    """The sources that have this cursor."""
    return set(first_column(database, "SELECT source FROM cursor WHERE cursor = ?", (cursor,)))


def cursor_of(database: Database, source: str) -> str | None:
    """The cursor from which a source resumes."""
    cursor: str | None = first_value(database, "SELECT cursor FROM cursor WHERE source = ?", (source,))
    return cursor


def load_manifest(database: Database, position: int) -> manifest.Manifest:
    """The manifest of one batch. Raises CorruptStore if it is missing or damaged."""
    packed = first_value(database, "SELECT manifest FROM batch WHERE position = ?", (position,))
    return _unpacked(database, position, packed)


def _unpacked(database: Database, position: int, packed: bytes) -> manifest.Manifest:
    """A manifest as read from the database. Raises CorruptStore."""
    try:
        return manifest.unpack(blob(packed))
    except ValueError:
        raise errors.CorruptStore(
            f"{database.where}: batch {position} is missing or damaged; restore a backup: hotpapers backup FILE"
            " --restore"
        ) from None


def all_batches(database: Database) -> Iterator[tuple[BatchHeader, manifest.Manifest]]:
    """All batches in order, with their manifests. Raises CorruptStore."""
    sql = "SELECT position, at, source, cursor, items, chain, manifest FROM batch ORDER BY position"
    for position, at, source, cursor, items, chain, packed in database.iterate(sql):
        header = BatchHeader(position, at, source, cursor, items, blob(chain))
        yield header, _unpacked(database, position, packed)


def manifests_after(database: Database, position: int) -> Iterator[manifest.Manifest]:
    """The manifests of all batches after a position, in order. Raises CorruptStore."""
    sql = "SELECT position, manifest FROM batch WHERE position > ? ORDER BY position"
    return (_unpacked(database, own, packed) for own, packed in database.iterate(sql, (position,)))


def save_manifest(database: Database, position: int, listed: manifest.Manifest) -> None:
    """Replace a batch's manifest by one that also has the hashes of newly pruned rows."""
    database.run("UPDATE batch SET manifest = ? WHERE position = ?", (manifest.pack(listed), position))
