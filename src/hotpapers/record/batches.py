"""Write batches: one transaction, one position, one manifest.

The position is assigned first, under the lock that admits one writer at a time. So it becomes visible only after all
lower positions, and rows have it from the start (decision 0004).

    with record.batch() as batch:
        new = [item for item in items if is_new(batch.view, item)]
        batch.append(new, source="…", at=now())
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from hotpapers.base import errors, model
from hotpapers.record import identities, item_checks, manifest, meta, parsing, raw_archive, row_groups, tombstones
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database, blob_bytes, first_column, first_value, rows_among
from hotpapers.record.item_rows import (
    SPECS,
    KeyedHasher,
    KindSpec,
    PreparedRow,
    RowSecrets,
    StoredRow,
    keys_in,
    prepare_row,
    read_row,
    select_columns,
)
from hotpapers.record.manifest import BatchStamp, Manifest, Pair, RowName
from hotpapers.record.row_groups import Offer, RowGroup


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

    def followed_by(self, later: WrittenBatch) -> WrittenBatch:
        """The sums of both, and the later position."""
        position = later.position or self.position
        return WrittenBatch(position, *map(operator.add, self[1:], later[1:]))


class ChainHead(NamedTuple):
    """The last batch: its position (0 if there is none) and chain value."""

    position: int
    chain: bytes


def head(database: Database) -> ChainHead:
    """The last batch of a store."""
    rows = database.rows("SELECT position, chain FROM batch ORDER BY position DESC LIMIT 1")
    if rows:
        return ChainHead(rows[0][0], blob_bytes(rows[0][1]))
    return ChainHead(0, load_genesis(database))


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


def load_genesis(database: Database) -> bytes:
    """The value to which a store's first batch is chained."""
    return manifest.genesis_value(bytes.fromhex(meta.read_meta(database, meta.SECRET) or ""))


def is_pruned_since(database: Database, position: int) -> bool:
    """Whether snapshots were pruned after a position of the record."""
    return bool(database.rows("SELECT 1 FROM batch WHERE position > ? AND source = 'prune' LIMIT 1", (position,)))


def chain_at(database: Database, position: int) -> bytes | None:
    """The chain value of the batch at a position, empty for 0; None if there is no such batch."""
    if position == 0:
        return b""
    rows = database.rows("SELECT chain FROM batch WHERE position = ?", (position,))
    return blob_bytes(rows[0][0]) if rows else None


# ---- rows ----------------------------------------------------------------------------------------------


class NumberedRow(NamedTuple):
    """A prepared row and its number in the table."""

    number: int
    prepared: PreparedRow


def insert_rows(database: Database, spec: KindSpec, rows: Sequence[NumberedRow], position: int) -> int:
    """Add a kind's rows; the number of rows that were new."""
    return database.insert(spec.kind, spec.columns, [(number, *prepared.row, position, 0) for number, prepared in rows])


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
    spec = group.spec
    count = len(group.items)
    if database.insert(spec.kind, spec.columns, group.filled(first, position)) == count:
        return AddedRows(spec.kind, range(first, first + count), group.hashes, group.columns["origin"])
    rows = [NumberedRow(first + index, group.prepared(index)) for index in range(count)]
    # The numbers of the rows just added at a position
    sql = f"SELECT id FROM {spec.kind} WHERE since = ? AND id >= ?"
    new = frozenset(first_column(database, sql, (position, first)))
    present = [row.prepared for row in rows if row.number not in new]
    not_known = _not_known(database, spec, present)
    moves = (_move_later(database, spec, row, position) for row in not_known)
    moved = list(filter(None, moves))
    added = [*(row for row in rows if row.number in new), *moved]
    numbers = [number for number, _ in added]
    hashes = [prepared.hash for _, prepared in added]
    origins = [prepared.row[-1] for _, prepared in added]
    known = len(present) - len(moved)
    return AddedRows(spec.kind, numbers, hashes, origins, known, len(moved))


def _not_known(database: Database, spec: KindSpec, group: Sequence[PreparedRow]) -> list[PreparedRow]:
    """The rows of which no identical item with the same key and moment is stored. Queries many at a time."""
    names = [f'"{name}"' for name in (*spec.type.key, "observed_at")]
    text = f"({' AND '.join(f'{name} = ?' for name in names)})"
    different = []
    for start in range(0, len(group), 100):
        chunk = group[start : start + 100]
        where = " OR ".join([text] * len(chunk))
        sql = f"""SELECT {", ".join(names)}, {select_columns(spec)} FROM {spec.kind}
            WHERE until = 0 AND ({where})"""
        rows = database.rows(sql, [value for prepared in chunk for value in prepared.label])
        items = ((row[: len(names)], read_row(spec, row[len(names) :]).item) for row in rows)
        known = {label: tombstones.without_references(item, identities.is_pseudonym) for label, item in items}
        different += [prepared for prepared in chunk if known.get(prepared.label) != prepared.item]
    return different


def _move_later(database: Database, spec: KindSpec, prepared: PreparedRow, position: int) -> NumberedRow | None:
    """The item moved by as many microseconds as needed, because another item has its key and moment; None if it turns
    out to be known."""
    if isinstance(issue := prepared.item, model.Issue):
        raise errors.IssueError(f"{issue.publication} {issue.day}: another process has already frozen this edition")
    row = NumberedRow(identities.next_number(database, spec.kind), prepared)
    while not insert_rows(database, spec, [row], position):
        if not _not_known(database, spec, [row.prepared]):
            return None
        row = row._replace(prepared=_a_microsecond_later(database, spec, row.prepared))
    return row


def _a_microsecond_later(database: Database, spec: KindSpec, prepared: PreparedRow) -> PreparedRow:
    item = msgspec.structs.replace(prepared.item, observed_at=prepared.item.observed_at + 1)
    after = len(spec.fields) + len(spec.derived)
    derived = prepared.row[len(spec.fields) : after]
    kept = RowSecrets(prepared.row[after] if spec.words else None, None, derived)
    return prepare_row(
        item, KeyedHasher(b""), identities.find_identities(database, keys_in([item])), kept, prepared.row[-1]
    )


def close_rows(database: Database, rows: Sequence[StoredRow], position: int) -> list[Pair]:
    """Close the rows that no other process has closed since they were read; their places in the manifests."""
    closed = [row for row in rows if close_row(database, row.name, position)]
    return sorted(pairs_of(database, [(*row.name, row.since) for row in closed]))


def close_row(database: Database, row: RowName, position: int) -> int:
    """Close a row unless it is closed; the number of rows closed."""
    kind, number = row
    return database.run(f"UPDATE {kind} SET until = ? WHERE id = ? AND until = 0", (position, number))


def overwrite_row(database: Database, number: int, prepared: PreparedRow) -> None:
    """Overwrite a row with its remaining content. Its origin stays: the manifest has it. Call inside `write()`."""
    spec = SPECS[type(prepared.item)]
    names = spec.columns[1:-3]
    change = ", ".join(f'"{name}" = ?' for name in names)
    database.run(f"UPDATE {spec.kind} SET {change} WHERE id = ?", (*prepared.row[:-1], number))


def pairs_of(database: Database, rows: Iterable[tuple[str, int, int]]) -> list[Pair]:
    """The places of rows, given as (kind, number, batch), in the manifests. Raises CorruptStore."""
    indices_of = cache(lambda since: {row: at for at, row in enumerate(load_manifest(database, since).rows())})
    pairs = []
    for kind, number, since in rows:
        if (kind, number) not in indices_of(since):
            raise errors.CorruptStore(
                f"{database.where}: batch {since} does not list {kind} row {number}; run `hotpapers verify`"
            )
        pairs.append((since, indices_of(since)[kind, number]))
    return pairs


def rows_at(database: Database, places: Iterable[Pair]) -> dict[Pair, RowName]:
    """The rows at places in the manifests, as far as there are any. Raises CorruptStore."""
    rows_of = cache(lambda since: list(load_manifest(database, since).rows()))
    return {(since, index): rows_of(since)[index] for since, index in places if index < len(rows_of(since))}


def numbers_of_identities(database: Database, places: Collection[Pair]) -> dict[Pair, int]:
    """The numbers of identities, by their places (position, index) in the manifests."""
    first_of = cache(lambda since: load_manifest(database, since).identities[0])
    return {(since, index): first_of(since) + index for since, index in places}


def places_of_identities(database: Database, numbers: Sequence[int]) -> dict[int, Pair]:
    """The places (position, index) of identities in the manifests, by their numbers."""
    first_of = cache(lambda since: load_manifest(database, since).identities[0])
    rows = rows_among(database, "SELECT id, since FROM identity WHERE id IN (…) ORDER BY id", numbers)
    return {number: (since, number - first_of(since)) for number, since in rows}


# ---- batches -------------------------------------------------------------------------------------------


def append(
    database: Database,
    stamp: BatchStamp,
    groups: Sequence[RowGroup] = (),
    numbers: Mapping[str, int] = {},
    enrolled: identities.EnrolledKeys = identities.NO_KEYS,
    close: Sequence[StoredRow] = (),
    last: ChainHead | None = None,
    recent: identities.IdentityCache | None = None,
    **changes: Sequence[Any],
) -> WrittenBatch:
    """Write the batch itself: rows, cursor, manifest, chain; nothing if nothing changed. Call inside `write()`.
    `groups`: new rows by kind, each table's next number in `numbers`; `enrolled`: the identities that they name, which
    `recent` keeps for the next batch. `close`: earlier rows. `last`: the batch before, if already loaded. `changes`:
    the manifest's further lists of earlier rows and identities."""
    last = last or head(database)
    position = last.position + 1
    closed = close_rows(database, close, position)
    added = [_insert_group(database, group, numbers[group.spec.kind], position) for group in groups]
    origins = list(itertools.chain.from_iterable(group.origins for group in added))
    listed = manifest.listing_of(
        [(group.kind, group.numbers) for group in added if group.numbers],
        list(itertools.chain.from_iterable(group.hashes for group in added)),
        identities=enrolled.added,
        persons=enrolled.persons,
        closed=closed,
        origins=origins if any(origins) else [],
        **changes,
    )
    known = sum(group.known for group in added)
    is_changed = len(listed) or closed or any(changes.values())
    if not is_changed and stamp.cursor in (None, cursor_of(database, stamp.source)):
        return WrittenBatch(None, 0, known)
    chain = save_batch(database, position, stamp, listed, last.chain)
    if recent:
        recent.keep(chain, enrolled.known)
    total = sum(group.later for group in added)
    return WrittenBatch(position, len(listed), known, total)


def save_batch(database: Database, position: int, stamp: BatchStamp, listed: Manifest, before: bytes) -> bytes:
    """Write the batch's own row, its source's cursor and its tombstones; its chain value."""
    chain = manifest.chain_value(before, position, stamp, listed)
    pack = manifest.pack(listed)
    row = (position, *stamp, len(listed), pack, chain)
    database.run("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    if stamp.cursor is not None:
        sql = """INSERT INTO cursor VALUES (?, ?, ?)
            ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, position = excluded.position"""
        database.run(sql, (stamp.source, stamp.cursor, position))
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


def load_manifest(database: Database, position: int) -> Manifest:
    """The manifest of one batch. Raises CorruptStore if it is missing or damaged."""
    sql = "SELECT manifest FROM batch WHERE position = ?"
    return _unpacked(database, position, first_value(database, sql, (position,)))


def _unpacked(database: Database, position: int, packed: bytes) -> Manifest:
    """A manifest as read from the database. Raises CorruptStore."""
    try:
        return manifest.unpack(blob_bytes(packed))
    except ValueError:
        raise errors.CorruptStore(
            f"{database.where}: batch {position} is missing or damaged; restore a backup: hotpapers backup FILE"
            " --restore"
        ) from None


def all_batches(database: Database) -> Iterator[tuple[int, BatchStamp, bytes, Manifest]]:
    """(position, stamp, chain value, manifest) of all batches in order. Raises CorruptStore."""
    sql = "SELECT position, chain, manifest, at, source, cursor FROM batch ORDER BY position"
    for position, chain, packed, *stamp in database.iterate(sql):
        unpacked = _unpacked(database, position, packed)
        yield position, BatchStamp(*stamp), blob_bytes(chain), unpacked


def manifests_after(database: Database, position: int) -> Iterator[Manifest]:
    """The manifests of all batches after a position, in order. Raises CorruptStore."""
    sql = "SELECT position, manifest FROM batch WHERE position > ? ORDER BY position"
    rows = database.iterate(sql, (position,))
    return (_unpacked(database, own, packed) for own, packed in rows)


def save_manifest(database: Database, position: int, listed: Manifest) -> None:
    """Replace a batch's manifest by one that also has the hashes of newly pruned rows."""
    database.run("UPDATE batch SET manifest = ? WHERE position = ?", (manifest.pack(listed), position))


# ---- a batch of items --------------------------------------------------------------------------------------


class BatchWriter:
    """Writes one batch. From `Record.batch`; only while that transaction lasts.

    `forgotten`: the tombstones. `last`: the batch before. `identities`: looks up each key once, as it was then.
    """

    def __init__(
        self,
        database: Database,
        hasher: KeyedHasher,
        forgotten: tombstones.Tombstones,
        last: ChainHead,
        recent: identities.IdentityCache,
    ) -> None:
        self.database = database
        self.hasher = hasher
        self.forgotten = forgotten
        self.last = last
        self.identities = recent.at(last.chain)

    @property
    def view(self) -> AsOfView:
        """The record as it is now."""
        return AsOfView(self.database, model.MAX_INTEGER, self.last.position)

    def append(
        self,
        items: Iterable[model.Item],
        *,
        source: str,
        at: int,
        cursor: str | None = None,
        close: Sequence[StoredRow] = (),
    ) -> WrittenBatch:
        """Write items that were not parsed from raw payloads, and close the given rows."""
        offers = list(zip(item_checks.clean_items(items), itertools.repeat(0), strict=False))
        return self.write(offers, BatchStamp(at, source, cursor), close)

    def ingest(
        self, parsed: Sequence[parsing.ParsedPayload], *, source: str, at: int, job: str = "", cursor: str | None = None
    ) -> WrittenBatch:
        """Write the items of parsed payloads, and the payloads that are kept raw.

        `job`: the name for the batch and its cursor, by default the source's. Unreadable payloads go to quarantine with
        their reason and don't affect the others.
        """
        archive = raw_archive.RawArchive(self.database, self.forgotten, source)
        unreadable = [payload for payload in parsed if payload.problem]
        for payload in unreadable:
            archive.quarantine(payload)
        useful = [payload for payload in parsed if payload.items]
        origins = archive.keep(useful)
        offers = [(item, origin) for payload, origin in zip(useful, origins, strict=True) for item in payload.items]
        return self.write(offers, BatchStamp(at, job or source, cursor))._replace(quarantined=len(unreadable))

    def write(self, offers: Sequence[Offer], stamp: BatchStamp, close: Sequence[StoredRow] = ()) -> WrittenBatch:
        """Add the new ones of the offered items, close the given rows, and chain the batch."""
        allowed = allowed_offers(offers, self.forgotten)
        # The rows of items, and the identities that they need, which are added here
        groups = row_groups.group_items(allowed)
        tables = ["identity", *(group.spec.kind for group in groups)]
        numbers = identities.next_numbers(self.database, tables) if groups else {}
        keys = row_groups.keys_of(groups)
        position = self.last.position + 1
        enrolled = identities.enroll_keys(self.identities, keys, position, numbers.get("identity", 0))
        prepared = [row_groups.prepare_group(group, self.hasher, enrolled.known) for group in groups]
        written = append(self.database, stamp, prepared, numbers, enrolled, close, self.last, self.identities)
        return written._replace(refused=len(offers) - len(allowed))


def allowed_offers(offers: Sequence[Offer], known: tombstones.Tombstones) -> Sequence[Offer]:
    """The offers that are not by or about anyone forgotten, with forgotten names blacked out and without references to
    forgotten posts. What comes with a later post by a forgotten account is treated in the same way: the post's key
    alone may not say whose it is."""
    if not known:
        return offers
    forgotten = known.refused(itertools.chain.from_iterable(tombstones.keys_of(item) for item, _ in offers))
    posts = (item for item, _ in offers if isinstance(item, model.Post))
    forgotten |= {post.post for post in posts if not forgotten.isdisjoint(tombstones.author_keys(post))}
    return [
        (tombstones.redact_item(item, known.holds_name), origin)
        for offered, origin in offers
        if forgotten.isdisjoint(
            tombstones.keys_of(item := tombstones.without_references(offered, forgotten.__contains__))
        )
    ]
