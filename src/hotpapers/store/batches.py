"""Writing batches: one transaction, one position, one manifest.

The position is taken first, under the lock that lets one writer in at a time; so it becomes visible only after every
lower one, and rows carry it from the start (docs/development/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from hotpapers import errors, model
from hotpapers.store import item_checks, item_rows, manifest, tombstones
from hotpapers.store.database import Database
from hotpapers.store.item_rows import KindSpec, PreparedRow, RowSecrets
from hotpapers.store.manifest import Pair, Seal
from hotpapers.store.meta import SECRET, read_meta


class WrittenBatch(NamedTuple):
    """What became of a batch. `position` is None when it changed nothing and left no batch.

    `known`: already there. `later`: another observation of the same moment, kept one microsecond later.
    `refused`: parts of what was forgotten. `mended`: had signs that no database can hold. `quarantined`: originals
    that could not be read.
    """

    position: int | None
    added: int
    known: int = 0
    later: int = 0
    refused: int = 0
    mended: int = 0
    quarantined: int = 0


class BatchHeader(NamedTuple):
    """A batch's own row, but for its manifest: where it stands, when and of what it was written, how many items it
    added, its value in the chain."""

    position: int
    at: int
    source: str
    cursor: str | None
    items: int
    chain: bytes


class ChainHead(NamedTuple):
    """The last batch: its position (0 when there is none) and chain value."""

    position: int
    chain: bytes


Offer = tuple[model.Item, int, RowSecrets | None]
"""An item, the raw row it was read from (0: none), and what is kept beside it on import of a whole record."""


class RowChanges(NamedTuple):
    """What a batch does to rows of earlier ones. `tombstones`: marks of what was forgotten."""

    close: Sequence[item_rows.StoredRow] = ()
    prune: Sequence[Pair] = ()
    forgotten: Sequence[Seal] = ()
    tombstones: Sequence[str] = ()


NOTHING = RowChanges()


def head(database: Database) -> ChainHead:
    """The last batch of a store."""
    rows = database.rows("SELECT position, chain FROM batch ORDER BY position DESC LIMIT 1")
    return ChainHead(rows[0][0], bytes(rows[0][1])) if rows else ChainHead(0, genesis(database))


def last_written_at(database: Database) -> int:
    """When the last batch was written, µs UTC; 0 when there is none."""
    rows = database.rows("SELECT at FROM batch ORDER BY position DESC LIMIT 1")
    return int(rows[0][0]) if rows else 0


def source_of(database: Database, position: int) -> str | None:
    """Where the rows of a batch came from; None when there is no such batch."""
    rows = database.rows("SELECT source FROM batch WHERE position = ?", (position,))
    return str(rows[0][0]) if rows else None


def position_at(database: Database, at: int) -> int:
    """The last batch that was written up to a moment, 0 for none."""
    rows = database.rows("SELECT position FROM batch WHERE at <= ? ORDER BY position DESC LIMIT 1", (at,))
    return int(rows[0][0]) if rows else 0


def genesis(database: Database) -> bytes:
    """What a store's first batch is chained to."""
    return manifest.genesis(bytes.fromhex(read_meta(database, SECRET) or ""))


def chain_at(database: Database, position: int) -> bytes | None:
    """The chain value of the batch at a position, nothing for 0; None when there is no such batch."""
    if position == 0:
        return b""
    rows = database.rows("SELECT chain FROM batch WHERE position = ?", (position,))
    return bytes(rows[0][0]) if rows else None


# ---- rows ----------------------------------------------------------------------------------------------


@cache
def insert_sql(kind: str) -> str:
    """The statement that adds a kind's rows: the prepared ones, each with the position of its batch after it."""
    spec = item_rows.BY_KIND[kind]
    columns = ", ".join(f'"{name}"' for name in spec.columns)
    values = ", ".join("?" * (len(spec.columns) - 1))
    return f"INSERT INTO {spec.kind} ({columns}) VALUES ({values}, 0) ON CONFLICT DO NOTHING"


def insert_group(
    database: Database, spec: KindSpec, group: list[PreparedRow], position: int
) -> tuple[list[PreparedRow], WrittenBatch]:
    """Adds one kind's rows; what was added, in order, and the counts."""
    if database.many(insert_sql(spec.kind), [(*prepared.row, position) for prepared in group]) == len(group):
        return group, WrittenBatch(position, len(group))
    new = _labels_of_last(database, spec, position, len(group))
    added: list[PreparedRow] = []
    taken: list[PreparedRow] = []
    for prepared in group:
        (added if prepared.label in new else taken).append(prepared)
        new.discard(prepared.label)
    different = _not_known(database, spec, taken)
    moved = [row for prepared in different if (row := _move_later(database, spec, prepared, position)) is not None]
    added = sorted([*added, *moved], key=lambda prepared: prepared.label)
    return added, WrittenBatch(position, len(added), len(taken) - len(moved), len(moved))


def _labels_of_last(database: Database, spec: KindSpec, position: int, most: int) -> set[tuple[Any, ...]]:
    """What was just added at a position. A row that was not added may still have used up a number."""
    where = f"since = ? AND id > (SELECT max(id) FROM {spec.kind}) - ?"
    sql = f"SELECT {', '.join(_label_columns(spec))} FROM {spec.kind} WHERE {where}"
    return {(spec.kind, *row) for row in database.iterate(sql, (position, most))}


def _label_columns(spec: KindSpec) -> list[str]:
    return [f'"{spec.fields[i]}"' for i in (*spec.key, spec.observed)]


def _not_known(database: Database, spec: KindSpec, group: Sequence[PreparedRow]) -> list[PreparedRow]:
    """Those whose moment is not taken by the very same words; asked for many at a time."""
    text = f"({' AND '.join(f'{name} = ?' for name in _label_columns(spec))})"
    different = []
    for start in range(0, len(group), 100):
        some = group[start : start + 100]
        where = " OR ".join([text] * len(some))
        sql = f"SELECT {item_rows.select_columns(spec)} FROM {spec.kind} WHERE until = 0 AND ({where})"
        rows = database.rows(sql, [value for prepared in some for value in prepared.label[1:]])
        known = {row.label: row.item for row in (item_rows.read_row(spec, found) for found in rows)}
        different += [prepared for prepared in some if known.get(prepared.label) != prepared.item]
    return different


def _move_later(database: Database, spec: KindSpec, prepared: PreparedRow, position: int) -> PreparedRow | None:
    """The item one or more microseconds later, where its moment is taken by other words; None if it is known there."""
    if spec.type is model.Issue:
        raise errors.IssueError(f"{prepared.label[1]} {prepared.label[2]}: another process froze this edition first.")
    while not database.run(insert_sql(spec.kind), (*prepared.row, position)):
        if not _not_known(database, spec, [prepared]):
            return None
        prepared = _a_microsecond_later(spec, prepared)
    return prepared


def _a_microsecond_later(spec: KindSpec, prepared: PreparedRow) -> PreparedRow:
    item = msgspec.structs.replace(prepared.item, observed_at=prepared.item.observed_at + 1)
    *_, salt, lost, origin = prepared.row
    derived = prepared.row[len(spec.fields) : len(spec.fields) + len(spec.derived)]
    kept = RowSecrets(salt, msgspec.json.decode(lost) if lost else None, derived)
    return item_rows.prepare(item, item_rows.KeyedHasher(b""), None, origin, kept)


def close_rows(database: Database, rows: Sequence[item_rows.StoredRow], position: int) -> list[Pair]:
    """Closes rows that a better reading no longer gives; where their manifests list them."""
    listed: dict[int, dict[manifest.Label, int]] = {}
    closed = []
    for row in rows:
        if row.since not in listed:
            listed[row.since] = manifest.indices(load_manifest(database, row.since))
        if row.label not in listed[row.since]:
            raise errors.CorruptStore(f"{database.where}: batch {row.since} does not list {row.label}; see `verify`.")
        closed.append((row.since, listed[row.since][row.label]))
        database.run(f"UPDATE {model.kind_of(row.item)} SET until = ? WHERE id = ?", (position, row.id))
    return sorted(closed)


# ---- batches -------------------------------------------------------------------------------------------


def write_batch(
    database: Database,
    offers: Iterable[Offer],
    marks: item_rows.KeyedHasher,
    *,
    at: int,
    source: str,
    cursor: str | None = None,
    close: Sequence[item_rows.StoredRow] = (),
    known: tombstones.Tombstones | None = None,
) -> WrittenBatch:
    """Adds what is new among the offered items, closes the given rows, and chains the batch. Call inside `write()`.
    `known`: what was forgotten, where that was loaded already."""
    known = tombstones.load(database, marks) if known is None else known
    allowed: list[Offer] = []
    refused = mended = 0
    for item, origin, kept in offers:
        cleaned = item_checks.clean(item)
        mended += cleaned is not item
        if not known:
            allowed.append((cleaned, origin, kept))
        elif known.refuses(cleaned):
            refused += 1
        else:
            allowed.append((known.redacted(cleaned), origin, kept))
    groups = item_rows.prepare_all(allowed, marks)
    written = append(database, groups, at=at, source=source, cursor=cursor, changes=RowChanges(close=close))
    return written._replace(refused=refused, mended=mended)


def append(
    database: Database,
    groups: dict[KindSpec, list[PreparedRow]],
    *,
    at: int,
    source: str,
    cursor: str | None = None,
    changes: RowChanges = NOTHING,
) -> WrittenBatch:
    """The batch itself: rows, cursor, manifest, chain; none if there is nothing to say. Call inside `write()`."""
    last = head(database)
    position = last.position + 1
    closed = close_rows(database, changes.close, position)
    added: list[PreparedRow] = []
    known = later = 0
    for spec, group in groups.items():
        new, counts = insert_group(database, spec, group, position)
        added += new
        known, later = known + counts.known, later + counts.later
    origins = [p.row[-1] for p in added]
    listed = manifest.Manifest(
        [p.label for p in added], b"".join([p.hash for p in added]), closed, list(changes.prune),
        list(changes.forgotten), list(changes.tombstones), origins if any(origins) else [],
    )  # fmt: skip
    if not any(changes) and not added and (cursor is None or cursor == cursor_of(database, source)):
        return WrittenBatch(None, 0, known)
    save_batch(database, position, at, source, cursor, listed, last.chain)
    return WrittenBatch(position, len(added), known, later)


def save_batch(
    database: Database,
    position: int,
    at: int,
    source: str,
    cursor: str | None,
    listed: manifest.Manifest,
    before: bytes,
) -> None:
    """The batch's own row, its source's cursor and its tombstones."""
    chain = manifest.link(before, position, at, source, cursor, listed)
    row = (position, at, source, cursor, len(listed.labels), manifest.pack(listed), chain)
    database.run("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    if cursor is not None:
        database.run("DELETE FROM cursor WHERE source = ?", (source,))
        database.run("INSERT INTO cursor VALUES (?, ?, ?)", (source, cursor, position))
    if listed.tombstones:
        marks = [(mark, at) for mark in listed.tombstones]
        database.many("INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO NOTHING", marks)


def cursor_of(database: Database, source: str) -> str | None:
    """Where a source resumes."""
    rows = database.rows("SELECT cursor FROM cursor WHERE source = ?", (source,))
    return rows[0][0] if rows else None


def load_manifest(database: Database, position: int) -> manifest.Manifest:
    """The manifest of one batch. Raises CorruptStore when it is not there or damaged."""
    rows = database.rows("SELECT manifest FROM batch WHERE position = ?", (position,))
    try:
        return manifest.unpack(bytes(rows[0][0]))
    except (IndexError, ValueError):
        raise errors.CorruptStore(
            f"{database.where}: batch {position} is missing or damaged; restore one: hotpapers backup FILE --restore"
        ) from None


def all_batches(database: Database) -> Iterator[tuple[BatchHeader, manifest.Manifest]]:
    """All batches in order, with their manifests."""
    sql = "SELECT position, at, source, cursor, items, chain, manifest FROM batch ORDER BY position"
    for position, at, source, cursor, items, chain, packed in database.iterate(sql):
        header = BatchHeader(position, at, source, cursor, items, bytes(chain))
        yield header, manifest.unpack(bytes(packed))


def manifests_after(database: Database, position: int) -> Iterator[manifest.Manifest]:
    """The manifests of all batches after a position, in order."""
    sql = "SELECT manifest FROM batch WHERE position > ? ORDER BY position"
    return (manifest.unpack(bytes(packed)) for (packed,) in database.iterate(sql, (position,)))


def save_manifest(database: Database, position: int, listed: manifest.Manifest) -> None:
    """Puts a manifest with other labels in its place."""
    database.run("UPDATE batch SET manifest = ? WHERE position = ?", (manifest.pack(listed), position))
