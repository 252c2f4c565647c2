"""Writing batches: one transaction, one position, one manifest.

The position is taken first, under the lock that lets one writer in at a time; so it becomes visible only after every
lower one, and rows carry it from the start (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from hotpapers import errors, model
from hotpapers.record import items, manifest
from hotpapers.record.database import Database
from hotpapers.record.items import Kept, Prepared, Spec


class Written(NamedTuple):
    """What became of a batch. `position` is None when it changed nothing and left no batch.

    `known`: already there. `later`: another observation of the same moment, kept one microsecond later.
    `refused`: parts of what was forgotten.
    """

    position: int | None
    added: int
    known: int = 0
    later: int = 0
    refused: int = 0


class Head(NamedTuple):
    """The last batch: its position (0 when there is none) and chain value."""

    position: int
    chain: bytes


Offer = tuple[model.Item, int, Kept | None]
"""An item, the raw row it was read from (0: none), and what is kept beside it on import of a whole record."""


def head(database: Database) -> Head:
    """The last batch of a store."""
    found = database.rows("SELECT position, chain FROM batch ORDER BY position DESC LIMIT 1")
    return Head(found[0][0], bytes(found[0][1])) if found else Head(0, manifest.GENESIS)


def insert_sql(spec: Spec, position: int) -> str:
    """The statement that adds a kind's rows to the batch at a position."""
    columns = ", ".join(f'"{name}"' for name in spec.columns)
    values = ", ".join("?" * (len(spec.columns) - 2))
    return f"INSERT INTO {spec.kind} ({columns}) VALUES ({values}, {position}, 0) ON CONFLICT DO NOTHING"


def insert_group(database: Database, spec: Spec, group: list[Prepared], position: int) -> tuple[list[Prepared], Written]:
    """Adds one kind's rows; what was added, in order, and the counts."""
    before = database.rows(f"SELECT coalesce(max(id), 0) FROM {spec.kind}")[0][0]
    sql = insert_sql(spec, position)
    if database.many(sql, [prepared.row for prepared in group]) == len(group):
        return group, Written(position, len(group))
    new = _labels_after(database, spec, before)
    added, known, later = [], 0, 0
    for prepared in group:
        if prepared.label in new:
            new.discard(prepared.label)
            added.append(prepared)
        elif (moved := _move_later(database, spec, prepared, sql)) is not None:
            added.append(moved)
            later += 1
        else:
            known += 1
    return sorted(added, key=lambda p: p.label), Written(position, len(added), known, later)


def _labels_after(database: Database, spec: Spec, before: int) -> set[tuple[Any, ...]]:
    names = [spec.fields[i] for i in (*spec.key, spec.observed)]
    columns = ", ".join(f'"{name}"' for name in names)
    found = database.iterate(f"SELECT {columns} FROM {spec.kind} WHERE id > ?", (before,))
    return {(spec.kind, *row) for row in found}


def _move_later(database: Database, spec: Spec, prepared: Prepared, sql: str) -> Prepared | None:
    """The item one or more microseconds later, where its moment is taken by other words; None if it is known."""
    if spec.type is model.Issue:
        raise errors.IssueError(f"{prepared.label[1]} {prepared.label[2]}: another process froze this edition first.")
    while True:
        values = msgspec.structs.astuple(prepared.item)
        taken = _open_row(database, spec, values)
        if taken is None:
            database.run(sql, prepared.row)
            return prepared
        if taken.item == prepared.item:
            return None
        item = msgspec.structs.replace(prepared.item, observed_at=prepared.item.observed_at + 1)
        salt = prepared.row[-3]
        lost = msgspec.json.decode(prepared.row[-2]) if prepared.row[-2] else None
        derived = prepared.row[len(spec.fields) : len(spec.fields) + len(spec.derived)]
        prepared = items.prepare(item, items.Marks(b""), salt, prepared.row[-1], Kept(salt, lost, derived))


def _open_row(database: Database, spec: Spec, values: Sequence[Any]) -> items.Row | None:
    names = [spec.fields[i] for i in (*spec.key, spec.observed)]
    where = " AND ".join(f'"{name}" = ?' for name in names)
    sql = f"SELECT {items.select_columns(spec)} FROM {spec.kind} WHERE {where} AND until = 0"
    found = database.rows(sql, [values[i] for i in (*spec.key, spec.observed)])
    return items.read_row(spec, found[0]) if found else None


def refused_by(tombstones: frozenset[str], marks: items.Marks) -> Callable[[model.Item], bool]:
    """Whether an item speaks of somebody or something that was forgotten."""

    def refused(item: model.Item) -> bool:
        spec = items.SPECS[type(item)]
        for index in spec.personal:
            value = getattr(item, spec.fields[index])
            if isinstance(value, str) and ":" in value and marks.tombstone(value) in tombstones:
                return True
        return False

    return refused


def write_batch(
    database: Database,
    offers: Iterable[Offer],
    marks: items.Marks,
    *,
    at: int,
    source: str,
    cursor: str | None = None,
    close: Sequence[items.Row] = (),
) -> Written:
    """Adds what is new among the offered items, closes the given rows, and chains the batch. Call inside `write()`."""
    tombstones = frozenset(row[0] for row in database.rows("SELECT mark FROM tombstone"))
    refused = 0
    if tombstones:
        check = refused_by(tombstones, marks)
        offers = list(offers)
        allowed = [offer for offer in offers if not check(offer[0])]
        refused = len(offers) - len(allowed)
        offers = allowed
    groups = items.prepare_all(offers, marks)
    return append(database, groups, at=at, source=source, cursor=cursor, close=close)._replace(refused=refused)


def append(
    database: Database,
    groups: dict[Spec, list[Prepared]],
    *,
    at: int,
    source: str,
    cursor: str | None = None,
    close: Sequence[items.Row] = (),
    prune: Sequence[tuple[int, int]] = (),
) -> Written:
    """The batch itself: rows, cursor, manifest, chain. Call inside `write()`."""
    last = head(database)
    position = last.position + 1
    closed = close_rows(database, close, position)
    added: list[Prepared] = []
    known = later = 0
    for spec, group in groups.items():
        new, counts = insert_group(database, spec, group, position)
        added += new
        known, later = known + counts.known, later + counts.later
    if not (added or closed or prune or (cursor is not None and cursor != cursor_of(database, source))):
        return Written(None, 0, known)
    listed = manifest.Manifest([p.label for p in added], b"".join(p.hash for p in added), closed, list(prune))
    save_batch(database, position, at, source, cursor, listed, last.chain)
    return Written(position, len(added), known, later)


def save_batch(
    database: Database, position: int, at: int, source: str, cursor: str | None, listed: manifest.Manifest, before: bytes
) -> None:
    """The batch's own row and its source's cursor."""
    chain = manifest.link(before, position, at, source, cursor, listed)
    row = (position, at, source, cursor, len(listed.labels), manifest.pack(listed), chain)
    database.run("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    if cursor is not None:
        database.run("DELETE FROM cursor WHERE source = ?", (source,))
        database.run("INSERT INTO cursor VALUES (?, ?, ?)", (source, cursor, position))


def cursor_of(database: Database, source: str) -> str | None:
    """Where a source resumes."""
    found = database.rows("SELECT cursor FROM cursor WHERE source = ?", (source,))
    return found[0][0] if found else None


def close_rows(database: Database, rows: Sequence[items.Row], position: int) -> list[tuple[int, int]]:
    """Closes rows that a better reading no longer gives; where their manifests list them."""
    listed: dict[int, manifest.Manifest] = {}
    closed = []
    for row in rows:
        if row.since not in listed:
            listed[row.since] = load_manifest(database, row.since)
        closed.append((row.since, manifest.index_of(listed[row.since], row.label)))
        kind = model.kind_of(row.item)
        database.run(f"UPDATE {kind} SET until = ? WHERE id = ?", (position, row.id))
    return sorted(closed)


def load_manifest(database: Database, position: int) -> manifest.Manifest:
    """The manifest of one batch. Raises CorruptStore when it is not there."""
    found = database.rows("SELECT manifest FROM batch WHERE position = ?", (position,))
    if not found:
        raise errors.CorruptStore(f"{database.where}: batch {position} is missing; restore a backup.")
    return manifest.unpack(bytes(found[0][0]))
