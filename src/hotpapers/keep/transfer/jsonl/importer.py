"""Import lines of JSON into a record.

A full export is restored batch by batch into an empty store, or into one that already has its first batches, such as
after an interrupted import. In any other store its items are added as new batches, without its issues.

A store that is updated from another's full exports also forgets what the other forgot: in batches that are already
here, identities and rows that were forgotten since are noted. When the batch that forgot them is imported, they
overwrite what is stored here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import IO, NamedTuple

import msgspec

from hotpapers.base import errors, model, wings
from hotpapers.keep.hooks import NoteKind
from hotpapers.keep.privacy import forget, forgotten_file, retention
from hotpapers.keep.privacy import queries as privacy_queries
from hotpapers.keep.search import indexing
from hotpapers.keep.transfer import queries
from hotpapers.keep.transfer.jsonl.exporter import MADE_HERE, note_kinds
from hotpapers.keep.transfer.jsonl.lines import (
    ExchangeBatch,
    ExchangeReader,
    NoteLine,
    NumberedLine,
    PrunedLine,
    changes_of,
    has_fields_of,
    hex_bytes,
)
from hotpapers.record import batches, identities, manifest, meta, tombstones, wordless_rows
from hotpapers.record.database import Database
from hotpapers.record.item_rows import SPECS, PreparedRow, RowSecrets, keys_in, prepare_row
from hotpapers.record.record import Record
from hotpapers.record.verify import VerifyFinding, check_record, flaw_of

CHUNK = 5_000
"""Items per new batch."""
PRUNED = "snapshot"
"""The only kind of which rows are pruned."""
BESIDE = ("delivery_state", "note")
"""Lines after the last batch."""
IN_MEMORY = 32 * 2**20
"""Bytes of checked items kept in memory; more go to a temporary file."""


class ImportResult(NamedTuple):
    """The result of an import. `restored`: batches restored unchanged. `present`: batches already here. `issues_left`:
    issues not imported. `forgotten`: rows and identities overwritten because the other store forgot them."""

    restored: int = 0
    added: int = 0
    known: int = 0
    later: int = 0
    refused: int = 0
    issues_left: int = 0
    forgotten: int = 0
    present: int = 0


def import_lines(record: Record, file: str, raw: Iterable[bytes]) -> ImportResult:
    """Import an export, line by line. Raises NotExchange with the line.

    In that case nothing was imported, or of a full export the batches before that line. Raises FullStore and BusyStore
    if the store can no longer be written.
    """
    reader = ExchangeReader(file)
    stream = reader.read(raw)
    header = reader.header(next(stream, None))
    before = record.head.position
    try:
        if header.full:
            return _FullImport(record, reader, header.secret).take(stream)
        return _take_new(record, reader, stream)
    except (errors.FullStore, errors.BusyStore) as problem:
        if record.head.position == before:
            raise
        reason = str(problem).replace("nothing was changed", f"a part of {file} is imported")
        raise type(problem)(f"{reason.removesuffix('.')}. Run the same import again to continue.") from problem


# ---- items as new batches ------------------------------------------------------------------------------

_decode_item = msgspec.json.Decoder(model.AnyItem).decode


def _take_new(record: Record, reader: ExchangeReader, stream: Iterator[NumberedLine]) -> ImportResult:
    """Write items as new batches once all lines are checked. Issues, deliveries and closed rows are left out."""
    issues = 0
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as checked_lines:
        for line in stream:
            if line.kind in ("batch", "identity", "pruned", *BESIDE):
                continue
            item, beside = reader.item(line)
            issues += isinstance(item, model.Issue)
            if not (beside.until or isinstance(item, MADE_HERE) or (isinstance(item, model.Shown) and item.edition)):
                checked_lines.write(msgspec.json.encode(item) + b"\n")
        checked_lines.seek(0)
        return _write_new(record, checked_lines, reader.withheld)._replace(issues_left=issues)


def _write_new(record: Record, checked_lines: IO[bytes], withheld: frozenset[str]) -> ImportResult:
    """Write checked items. `withheld`: networks whose posts may lack their words; such a post is known if the record
    has it with its words."""
    if withheld:
        with record.database.write():
            wordless_rows.note_networks(record.database, withheld, wordless_rows.OBSERVED)  # later exports say so, too
    total = batches.WrittenBatch(None, 0)
    while chunk := [_decode_item(line) for line in islice(checked_lines, CHUNK)]:
        new = [item for item in chunk if not wordless_rows.is_known(record.database, item, withheld)]
        written = record.append(new, source="jsonl")
        known = written.known + len(chunk) - len(new)
        total = total.followed_by(written._replace(known=known))
    return ImportResult(0, *total[1:5])


# ---- full exports --------------------------------------------------------------------------------------


class ReadLine(NamedTuple):
    """A checked item line: the item, its row's secrets, the first digits of its hash, and whether it has exactly the
    hashed fields; or the hash of a pruned item."""

    number: int
    item: model.Item | None = None
    kept: RowSecrets = RowSecrets()
    check: str = ""
    pruned: bytes = b""
    is_as_written: bool = True


def keys_of(read: Sequence[ReadLine]) -> set[str]:
    """The keys of all posts, accounts and papers in some lines."""
    voices = {str(line.kept.derived[0]) for line in read if line.kept.derived}
    items = (line.item for line in read if line.item is not None)
    return voices | keys_in(items)


class _FullImport:
    """Imports a full export, batch by batch."""

    def __init__(self, record: Record, reader: ExchangeReader, secret: str) -> None:
        self.record = record
        self.database = record.database
        self.reader = reader
        self.secret = secret
        self._redactions = LaterRedactions()
        self._states: list[tuple[str | int, ...]] = []
        self._notes: list[tuple[int, NoteKind, NoteLine]] = []
        self._until: dict[manifest.Pair, int] = {}
        self._closed: dict[manifest.Pair, int] = {}
        self._first = 1

    def take(self, stream: Iterator[NumberedLine]) -> ImportResult:
        """Restore the batches that continue this store, and add the items of any others as new batches."""
        if not self.record.head.position:
            self.record.adopt_secret(self.secret)
        self._first = self.record.head.position + 1
        here = 0
        line = NumberedLine(1, "header", {})
        for line in stream:
            if line.kind in BESIDE:
                self._note_beside(chain([line], stream))
                break
            if line.kind != "batch":
                raise self.reader.error(line.number, "expected a batch")
            batch = self.reader.convert(line, ExchangeBatch)
            if batch.position != here + 1:
                raise self._changed(line.number, f"batch {batch.position} follows batch {here}")
            items = list(islice(stream, batch.identities + batch.items))
            if not self._restore(line, batch, items):
                return self._with_batches(_take_new(self.record, self.reader, chain([line], items, stream)), here)
            here += 1
        if self._redactions.count:
            self.database.erase_traces()
        forgotten_file.complete_file(self.database, self.record.hasher)
        self._check_whole(line)
        with self.database.write():
            queries.merge_delivery_states(self.database, self._states)
            for number, kind, note in self._notes:
                if meta.read_meta(self.database, note.name) is None:
                    self.reader.checked(number, wings.load_object(kind.imported), self.database, note.name, note.value)
        return self._with_batches(ImportResult(forgotten=self._redactions.count), here)

    def _note_beside(self, stream: Iterator[NumberedLine]) -> None:
        """Note the lines after the last batch: states of deliveries, and notes with the numbers of their lines and
        their kinds, without those of wings that are not installed."""
        for line in stream:
            if line.kind == "note":
                note = self.reader.convert(line, NoteLine)
                self._notes += ((line.number, kind, note) for kind in note_kinds() if note.name.startswith(kind.prefix))
            else:
                self._states.append(self.reader.delivery_state(line))

    def _with_batches(self, result: ImportResult, here: int) -> ImportResult:
        """`here`: how many of the file's batches are here now."""
        present = min(here, self._first - 1)
        return result._replace(restored=here - present, present=present)

    def _check_whole(self, last: NumberedLine) -> None:
        """Check the imported rows. Possible only at the end, when it is known which rows were closed, forgotten or
        pruned by later batches."""
        closing_problems = [
            VerifyFinding("changed", f"by which batch row {index} of batch {since} was closed")
            for since, index in sorted({pair for pair, _ in self._until.items() ^ self._closed.items()})
        ]
        findings = closing_problems or check_record(self.database, self.record.hasher).findings
        if findings:
            if len(findings) > 1:
                more = f", and {len(findings) - 1:,} more"
            else:
                more = ""
            raise self._changed(last.number, f"{findings[0]}{more}; the store cannot be verified now, delete it")

    def _restore(self, line: NumberedLine, batch: ExchangeBatch, items: Sequence[NumberedLine]) -> bool:
        """Restore a batch unless it is already here; False if this store's record differs from the export's."""
        with self.database.write():
            head = self.record.head
            if batch.position <= head.position:
                known = batches.chain_at(self.database, batch.position)
                is_same = known is not None and known.hex() == batch.chain
                if is_same:
                    self._note_forgotten(batch.position, batch.identities, items)
                return is_same
            if self.record.secret() != self.secret:
                return False
            self._write(line, batch, items, head.chain)
            return True

    def _note_forgotten(self, position: int, count: int, lines: Sequence[NumberedLine]) -> None:
        """Note the rows forgotten since in a batch that is already here. `count`: number of identities, which come
        first."""
        for index, line in enumerate(lines[:count]):
            if line.body.get("commitment"):
                identity = self.reader.identity(line, 0, position)
                self._redactions.note_identity((position, index), identity)
        for index, line in enumerate(lines[count:]):
            if line.row.get("redacted"):
                self._redactions.note_row((position, index), line)

    def _write(self, line: NumberedLine, batch: ExchangeBatch, lines: Sequence[NumberedLine], before: bytes) -> None:
        items = lines[batch.identities :]
        self._note_closed(batch, items)
        read = [self._read(item) for item in items]
        enrolled = self._enrolled(batch.position, lines[: batch.identities], keys_of(read))
        forgets = batch.erased or batch.forgotten or batch.tombstones
        if forgets and not self._redactions.apply(self.record, batch, self._left):
            raise self._changed(line.number, f"batch {batch.position} forgets what no batch has")
        listing = self._listing(read, enrolled.known)
        listed = manifest.build_manifest(
            [row for row, _, _ in listing],
            [item_hash for _, item_hash, _ in listing],
            identities=enrolled.added,
            persons=enrolled.persons,
            **changes_of(batch),
            kept={index: item_hash for index, (_, item_hash, prepared) in enumerate(listing) if prepared is None},
        )
        stamp = manifest.BatchStamp(batch.at, batch.source, batch.cursor)
        link = manifest.chain_value(before, batch.position, stamp, listed)
        is_whole = len(lines) == batch.identities + batch.items and has_fields_of(line.body, batch)
        if link.hex() != batch.chain or not is_whole:
            raise self._changed(line.number, f"batch {batch.position} differs from what was written")
        wordless_rows.note_networks(self.database, self.reader.withheld)
        self._prune(line, batch)
        self._close(line, batch)
        rows = [batches.NumberedRow(number, prepared) for (_, number), _, prepared in listing if prepared]
        self._insert(line, rows, batch.position)
        batches.save_batch(self.database, batch.position, stamp, listed, before)

    def _note_closed(self, batch: ExchangeBatch, items: Sequence[NumberedLine]) -> None:
        """Note which rows of this file a batch closed, and which of its own rows say that they were closed."""
        here = enumerate(item.row.get("until") for item in items)
        self._until |= {(batch.position, index): until for index, until in here if until}
        self._closed |= {pair: batch.position for pair in batch.closed if pair[0] >= self._first}

    def _enrolled(self, position: int, lines: Sequence[NumberedLine], keys: Collection[str]) -> identities.EnrolledKeys:
        """Insert the identities that a batch adds; these, and those of all keys in its items."""
        known = self._known(keys)
        first = identities.next_number(self.database, "identity")
        persons = [self.reader.identity(line, number, position) for number, line in enumerate(lines, first)]
        new_keys = [row.key for row in persons]
        if len(set(new_keys)) < len(new_keys) or identities.find_identities(self.database, new_keys).keys() - {""}:
            raise self._changed(lines[0].number, f"batch {position} adds an identity that already exists")
        papers = sorted(key for key in set(keys) - known.keys() if identities.is_paper(key))
        rows = [
            identities.IdentityRow(number, key, None, None, position)
            for number, key in enumerate(papers, first + len(persons))
        ]
        return identities.add_identities(self.database, [*persons, *rows], known)

    def _listing(
        self, read: Sequence[ReadLine], known: identities.Known
    ) -> list[tuple[manifest.RowName, bytes, PreparedRow | None]]:
        """The rows for the manifest, their hashes, and the prepared rows, None for pruned ones."""
        numbers: dict[str, int] = {}
        result = []
        for line in read:
            if line.item is None:
                prepared = None
            else:
                prepared = self._prepared_row(line, line.item, known)
            kind, item_hash = (
                (PRUNED, line.pruned) if prepared is None else (model.kind_of(prepared.item), prepared.hash)
            )
            number = numbers.get(kind) or identities.next_number(self.database, kind)
            numbers[kind] = number + 1
            result.append(((kind, number), item_hash, prepared))
        return result

    def _known(self, keys: Collection[str]) -> dict[str, identities.Identity]:
        """The identities of keys, as stored here or as in the export."""
        known = identities.find_identities(self.database, keys)
        return self._redactions.known(self.database, set(keys) - set(known)) | known

    def _left(self, lines: Iterable[NumberedLine]) -> list[PreparedRow]:
        """The remaining content of rows that were forgotten since."""
        read = [self._read(line) for line in lines]
        known = self._known(keys_of(read))
        return [self._prepared_row(line, line.item, known) for line in read if line.item is not None]

    def _prepared_row(self, line: ReadLine, item: model.Item, known: identities.Known) -> PreparedRow:
        """The row of an item's line."""
        kept = line.kept
        try:
            if kept.derived:
                kept = kept._replace(derived=(known[str(kept.derived[0])].number, *kept.derived[1:]))
            prepared = prepare_row(item, self.record.hasher, known, kept)
        except KeyError as unknown:
            hint = " (exports of version 0.1 can only be imported without batches: export with --records)"
            raise self._changed(line.number, f"no earlier line adds {unknown}{hint}") from unknown
        except errors.InputError as problem:
            raise self.reader.error(line.number, str(problem)) from problem
        if not (line.is_as_written and prepared.hash.hex().startswith(line.check)):
            raise self._changed(line.number, "the item differs from what was written")
        return prepared

    def _read(self, line: NumberedLine) -> ReadLine:
        if line.kind == "batch":
            raise self._changed(line.number, "a batch begins before the previous one is complete")
        if line.kind == "pruned":
            pruned = self.reader.convert(line, PrunedLine)
            whole_hash = hex_bytes(pruned.hash)
            if pruned.was != PRUNED or len(whole_hash) != manifest.HASH:
                raise self.reader.error(line.number, "not the kind and hash of a pruned item")
            return ReadLine(line.number, pruned=whole_hash)
        has_nulls = None in line.row.values()  # missing values are left out
        item, beside = self.reader.item(line)
        is_as_written = not has_nulls and has_fields_of(line.body, item, in_order=bool(beside.redacted))
        kept = self.reader.kept(line, item, beside)
        return ReadLine(line.number, item, kept, beside.check, is_as_written=is_as_written)

    def _changed(self, number: int, text: str) -> errors.NotExchange:
        return self.reader.error(
            number, f"{text}: lines were changed, added or removed. To import changed items, export with --records."
        )

    def _prune(self, line: NumberedLine, batch: ExchangeBatch) -> None:
        """Prune rows of batches that were here before this import. Of later batches, the file has no such rows."""
        rows = []
        for since, pairs in groupby(sorted(pair for pair in batch.pruned if 0 < pair[0] < self._first), itemgetter(0)):
            listed = batches.load_manifest(self.database, since)
            names = dict(enumerate(listed.rows()))
            for _, index in pairs:
                if names.get(index, ("", 0))[0] != PRUNED:
                    raise self.reader.error(line.number, f"prunes row {index} of batch {since}, which does not exist")
                rows += [(since, names[index][1])] if index not in listed.kept else []
        retention.delete_snapshots(self.record, rows)

    def _close(self, line: NumberedLine, batch: ExchangeBatch) -> None:
        """Close rows of earlier batches, before new ones with the same key are inserted."""
        for since, _ in batch.closed:
            if not 0 < since < batch.position:
                raise self.reader.error(line.number, f"closes a row of batch {since}")
        rows = batches.rows_at(self.database, batch.closed)
        for since, index in batch.closed:
            row = rows.get((since, index))
            if row is None or not batches.close_row(self.database, row, batch.position):
                raise self.reader.error(line.number, f"closes row {index} of batch {since}, which does not exist")

    def _insert(self, line: NumberedLine, rows: Sequence[batches.NumberedRow], position: int) -> None:
        for spec in SPECS.values():
            kind_rows = [row for row in rows if type(row.prepared.item) is spec.type]
            if kind_rows and batches.insert_rows(self.database, spec, kind_rows, position) != len(kind_rows):
                raise self.reader.error(line.number, f"batch {position} has the same {spec.kind} twice")
        for row in (row.prepared for row in rows):
            if isinstance(row.item, model.Issue) and (flaw := flaw_of(self.database, row.item)):
                raise self._changed(line.number, f"the issue of {row.item.day}: {flaw}")


# ---- what the other store forgot since -------------------------------------------------------------------


class LaterRedactions:
    """The remaining content of rows and identities of earlier batches, by position and index, until the batch that
    forgot them is imported. `count`: the number of rows and identities overwritten."""

    def __init__(self) -> None:
        self._lines: dict[manifest.Pair, NumberedLine] = {}
        self._identities: dict[manifest.Pair, identities.IdentityRow] = {}
        self._pseudonyms: dict[str, manifest.Pair] = {}
        self.count = 0

    def note_row(self, pair: manifest.Pair, line: NumberedLine) -> None:
        """Note a row of a batch that is already here, as it is in the export."""
        self._lines[pair] = line

    def note_identity(self, pair: manifest.Pair, row: identities.IdentityRow) -> None:
        """Note an identity of such a batch, as it is in the export."""
        self._identities[pair] = row
        self._pseudonyms[row.key] = pair

    def known(self, database: Database, keys: Iterable[str]) -> dict[str, identities.Identity]:
        """The identities of pseudonyms that are not stored here yet: all lines use the keys as of the export."""
        pairs = {key: pair for key in keys if (pair := self._pseudonyms.get(key)) and pair in self._identities}
        numbers = batches.numbers_of_identities(database, pairs.values())
        committed = {key: self._identities[pair].committed for key, pair in pairs.items()}
        return {key: identities.Identity(numbers[pair], committed[key]) for key, pair in pairs.items()}

    def apply(
        self,
        record: Record,
        batch: ExchangeBatch,
        prepare: Callable[[Sequence[NumberedLine]], Iterable[PreparedRow]],
    ) -> bool:
        """Overwrite the identities and then the rows that a batch forgot, and remove them from working data and
        raw payloads. False if they don't exist here: the file's earlier batches may have more of them. Call inside
        `write()`."""
        database = record.database
        pseudonyms = {(since, index): key for since, index, key in batch.erased if (since, index) in self._identities}
        pairs = [(since, index) for since, index, _ in batch.forgotten if (since, index) in self._lines]
        rows = batches.rows_at(database, pairs)
        counts = {since: batches.load_manifest(database, since).persons for since, _ in pseudonyms}
        if len(rows) < len(pairs) or any(index >= counts[since] for since, index in pseudonyms):
            return False
        numbers = batches.numbers_of_identities(database, pseudonyms)
        keys = [row.key for pair in pseudonyms for row in identities.identities_between(database, numbers[pair], 1)]
        names_beside = privacy_queries.names_beside(record, keys)
        distinct_keys = model.without_duplicates([*keys, *filter(None, names_beside)])
        keys = list(distinct_keys)
        origins_of_rows = queries.origins_of_rows(database, rows.values())
        forget.erase_beside(database, keys, _names(record, keys, batch), origins_of_rows)
        committed = {pair: bytes.fromhex(self._identities.pop(pair).committed) for pair in pseudonyms}
        identities.overwrite_keys(database, [(numbers[pair], key, committed[pair]) for pair, key in pseudonyms.items()])
        prepared = list(prepare([self._lines.pop(pair) for pair in pairs]))
        for (_, number), row in zip(rows.values(), prepared, strict=True):
            batches.overwrite_row(database, number, row)
        indexing.renew_posts(database, {row.item.post for row in prepared if isinstance(row.item, model.Post)})
        self.count += len(pseudonyms) + len(rows)
        return True


def _names(record: Record, keys: Sequence[str], batch: ExchangeBatch) -> tombstones.ForgottenNames:
    """The names that a batch forgot: those of the keys, and any others by their tombstones, which takes longer."""
    names = tombstones.names_of_all(keys)
    marks = tombstones.marks_of(record.hasher, keys, names, keys)
    others = frozenset(batch.tombstones) - marks
    return tombstones.ForgottenNames(names, tombstones.Tombstones(record.hasher, others) if others else None)
