"""Lines of JSON into a record.

A full export comes back batch for batch into an empty store, or into one that already holds its first batches, as after
an interrupted import. Anywhere else its items come as new batches and its issues are left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any, NamedTuple, TypeVar

import msgspec
import zstandard

from hotpapers import model
from hotpapers.errors import InputError, NotExchange
from hotpapers.store import batches, item_checks, manifest, redaction
from hotpapers.store.chain_check import flaw_of
from hotpapers.store.item_checks import COUNTS
from hotpapers.store.item_rows import BY_KIND, SALT, SPECS, KeyedHasher, PreparedRow, RowSecrets, prepare
from hotpapers.store.manifest import Pair
from hotpapers.store.record import Record
from hotpapers.store.verify import VerifyFinding, check
from hotpapers.transfer.jsonl import FORMAT, VERSION
from hotpapers.transfer.jsonl.exporter import MADE_HERE
from hotpapers.transfer.jsonl.lines import ExchangeBatch, ExchangeHeader, PrunedLine, RowExtras
from hotpapers.transfer.jsonl.redactions import RemainingRow, RowRedactions

CHUNK = 5_000
"""Items of one new batch."""
PRUNED = ("snapshot",)
"""What the label of a pruned item says: snapshots alone are pruned, and nothing names their post any more."""
LONGEST_LINE = 64 * 2**20
IN_MEMORY = 32 * 2**20
"""Bytes of checked items that are held in memory; more wait in a temporary file."""

T = TypeVar("T", bound=msgspec.Struct)


class ImportResult(NamedTuple):
    """What an import did. `restored`: batches that came back as they were. `issues_left`: issues not taken over.
    `forgotten`: rows of which parts were forgotten with the other store."""

    restored: int = 0
    added: int = 0
    known: int = 0
    later: int = 0
    refused: int = 0
    issues_left: int = 0
    forgotten: int = 0


class NumberedLine(NamedTuple):
    """A line with its number, read as JSON."""

    number: int
    kind: str
    body: dict[str, Any]


def import_lines(record: Record, file: str, raw: Iterable[bytes]) -> ImportResult:
    """Takes a whole export, line by line. Raises NotExchange with the line.

    Then nothing of it was taken, or, of a full export, the batches before that line.
    """
    reader = _Reader(file)
    stream = reader.read(raw)
    header = reader.header(next(stream, None))
    if header.full:
        return _Full(record, reader, header.secret).take(stream)
    return _take_new(record, reader, stream)


class _Reader:
    """Reads lines and items, and knows the file's name for errors. `withheld`: see `ExchangeHeader`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.withheld: frozenset[str] = frozenset()
        self._promised = False

    def read(self, raw: Iterable[bytes]) -> Iterator[NumberedLine]:
        """The lines that are not blank, up to the end."""
        number, ended = 0, False
        try:
            for number, text in enumerate(raw, 1):
                if text.strip():
                    if ended:
                        raise self.error(number, "something follows the end")
                    line = self._line(number, text)
                    ended = line.kind == "end"
                    if not ended:
                        yield line
        except (zstandard.ZstdError, EOFError) as problem:
            raise self.error(number + 1, f"cannot be unpacked: {problem}") from problem
        if self._promised and not ended:
            raise self.error(number + 1, "the file ends too early: it was cut off")

    def _line(self, number: int, text: bytes) -> NumberedLine:
        if len(text) > LONGEST_LINE:
            raise self.error(number, f"a line longer than {LONGEST_LINE:,} bytes")
        try:
            body = msgspec.json.decode(text)
        except (ValueError, RecursionError) as problem:
            raise self.error(number, f"not JSON: {problem}") from problem
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            raise self.error(number, "not an object with a kind")
        return NumberedLine(number, body["kind"], body)

    def error(self, number: int, reason: str) -> NotExchange:
        """A NotExchange that names file and line."""
        reason = "".join([sign if sign.isprintable() else "\ufffd" for sign in reason[:300]])
        return NotExchange(reason, file=self.file, line=number)

    def header(self, line: NumberedLine | None) -> ExchangeHeader:
        """The first line."""
        if line is None or line.kind != "header" or line.body.get("format") != FORMAT:
            raise self.error(1, f"not in the exchange format: its first line is no header of {FORMAT}")
        if line.body.get("version") != VERSION:
            version = str(line.body.get("version"))[:20]
            raise self.error(1, f"version {version} of the format; this program reads {VERSION}")
        header = self.convert(line, ExchangeHeader)
        secret = _hex(header.secret)
        if header.full and len(secret) != 32:
            raise self.error(1, "a full export without its secret")
        self._promised = header.end
        self.withheld = frozenset(header.withheld or ()).intersection(model.NETWORKS)
        return msgspec.structs.replace(header, secret=secret.hex())

    def convert(self, line: NumberedLine, cls: type[T]) -> T:
        """The line as one of the format's own structs."""
        try:
            return msgspec.convert(line.body, cls)
        except (ValueError, RecursionError) as problem:
            raise self.error(line.number, str(problem)) from problem

    def item(self, line: NumberedLine) -> tuple[model.Item, RowExtras]:
        """The line's item, and what is kept beside it."""
        if line.kind not in BY_KIND:
            raise self.error(line.number, f"{line.kind[:40]!r} is no kind of item")
        row = line.body.pop("row", {})
        try:
            item: model.Item = msgspec.convert(line.body, BY_KIND[line.kind].type)
            beside = msgspec.convert(row, RowExtras)
            (item_checks.check_closed if beside.until else item_checks.check)(item)
            return item_checks.clean(item), beside
        except (ValueError, InputError, RecursionError) as problem:
            raise self.error(line.number, str(problem)) from problem

    def kept(self, line: NumberedLine, item: model.Item, beside: RowExtras) -> RowSecrets:
        """What is kept beside an item of a full export, checked."""
        spec = SPECS[type(item)]
        salt = _hex(beside.salt) if beside.salt is not None else None
        lost, derived = beside.lost or None, tuple(beside.derived) if beside.derived is not None else None
        known = (salt is None or len(salt) == SALT) and set(lost or ()) <= set(type(item).personal)
        if (
            not known
            or (derived is None) is not (lost is None)
            or (derived is not None and not _fits(derived, prepare(item, _NO_MARKS, None).row[len(spec.fields) : -3]))
        ):
            raise self.error(line.number, "what stands beside the item cannot be its own")
        return RowSecrets(salt, lost, derived)


_NO_MARKS = KeyedHasher(b"")


def _fits(derived: Sequence[int | str], usual: Sequence[object]) -> bool:
    """Whether values could stand in the columns of others."""
    return [type(value) for value in derived] == [type(value) for value in usual] and all(
        isinstance(value, str) or -(2**63) <= value < 2**63 for value in derived
    )


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


# ---- items as new batches ------------------------------------------------------------------------------

_decode_item = msgspec.json.Decoder(model.AnyItem).decode


def _take_new(record: Record, reader: _Reader, stream: Iterator[NumberedLine]) -> ImportResult:
    """Items as new batches, once all lines are good. Issues, their deliveries and what was closed are left out."""
    issues = 0
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as good:
        for line in stream:
            if line.kind in ("batch", "pruned"):
                continue
            item, beside = reader.item(line)
            issues += isinstance(item, model.Issue)
            if not (beside.until or isinstance(item, MADE_HERE) or (isinstance(item, model.Shown) and item.edition)):
                good.write(msgspec.json.encode(item) + b"\n")
        good.seek(0)
        return _write_new(record, good, reader.withheld)._replace(issues_left=issues)


def _write_new(record: Record, good: IO[bytes], lacking: frozenset[str]) -> ImportResult:
    """`lacking`: networks whose posts may lack their words; where the record has these, they are known."""
    taken = ImportResult()
    while chunk := [_decode_item(line) for line in islice(good, CHUNK)]:
        new = [item for item in chunk if not redaction.is_known(record.database, item, lacking)]
        written = record.append(new, source="jsonl")
        taken = ImportResult(
            0, taken.added + written.added, taken.known + written.known + len(chunk) - len(new),
            taken.later + written.later, taken.refused + written.refused,
        )  # fmt: skip
    return taken


# ---- batches as they were ------------------------------------------------------------------------------


class _Full:
    """A full export, batch by batch."""

    def __init__(self, record: Record, reader: _Reader, secret: str) -> None:
        self.record, self.reader, self.secret = record, reader, secret
        self._redactions = RowRedactions()
        self._until: dict[Pair, int] = {}
        self._closed: dict[Pair, int] = {}
        self._first = 1

    def take(self, stream: Iterator[NumberedLine]) -> ImportResult:
        """Restores what continues this store; the rest comes as new batches."""
        if not self.record.head.position:
            self.record.adopt_secret(self.secret)
        self._first = self.record.head.position + 1
        restored, line = 0, NumberedLine(1, "header", {})
        for line in stream:
            if line.kind != "batch":
                raise self.reader.error(line.number, "expected a batch")
            batch = self.reader.convert(line, ExchangeBatch)
            if batch.position != restored + 1:
                raise self._changed(line.number, f"batch {batch.position} follows batch {restored}")
            items = list(islice(stream, max(batch.items, 0)))
            if not self._restore(line, batch, items):
                rest = chain([line], items, stream)
                return _take_new(self.record, self.reader, rest)._replace(restored=restored)
            restored += 1
        if self._redactions.rows:
            self.record.database.erase_traces()
        self._check_whole(line)
        return ImportResult(restored=restored, forgotten=self._redactions.rows)

    def _check_whole(self, last: NumberedLine) -> None:
        """Only now is all said of every row: by which batch it was closed, what of it was forgotten, which are gone."""
        wrong = sorted({pair for pair, _ in self._until.items() ^ self._closed.items()})
        named = [
            VerifyFinding("changed", f"by which batch row {index} of batch {since} was closed")
            for since, index in wrong
        ]
        findings = named or check(self.record.database, self.record.marks).findings
        if findings:
            more = f", and {len(findings) - 1:,} more" if len(findings) > 1 else ""
            raise self._changed(last.number, f"{findings[0]}{more}; the store cannot be verified now, delete it")

    def _restore(self, line: NumberedLine, batch: ExchangeBatch, items: Sequence[NumberedLine]) -> bool:
        """Whether the batch is here now, as it was; False where this store has gone another way."""
        database = self.record.database
        with database.write():
            head = self.record.head
            if batch.position <= head.position:
                known = batches.chain_at(database, batch.position)
                is_same = known is not None and known.hex() == batch.chain
                if is_same:
                    self._note_forgotten(batch.position, items)
                return is_same
            if self.record.secret() != self.secret:
                return False
            self._write(line, batch, items, head.chain)
            return True

    def _note_forgotten(self, position: int, items: Sequence[NumberedLine]) -> None:
        for index, line in enumerate(items):
            row = line.body.get("row")
            if isinstance(row, dict) and row.get("lost"):
                label, _, made = self._listed(line)
                if made is not None:
                    self._redactions.note(position, index, RemainingRow(label, made))

    def _write(self, line: NumberedLine, batch: ExchangeBatch, items: Sequence[NumberedLine], before: bytes) -> None:
        self._note_closed(batch, items)
        listing = [self._listed(item) for item in items]
        listed = manifest.Manifest(
            [label for label, _, _ in listing], b"".join([item_hash for _, item_hash, _ in listing]),
            batch.closed, batch.pruned, batch.forgotten, batch.tombstones,
        )  # fmt: skip
        link = manifest.link(before, batch.position, batch.at, batch.source, batch.cursor, listed)
        if link.hex() != batch.chain or len(items) != batch.items:
            raise self._changed(line.number, f"batch {batch.position} is not as it was written")
        redaction.note(self.record.database, self.reader.withheld)
        self._redactions.apply(self.record.database, batch.forgotten)
        self._close(line, batch)
        self._insert(line, [made for _, _, made in listing if made], batch.position)
        batches.save_batch(
            self.record.database, batch.position, batch.at, batch.source, batch.cursor, listed, before
        )  # fmt: skip

    def _note_closed(self, batch: ExchangeBatch, items: Sequence[NumberedLine]) -> None:
        """What a batch closed of those that came with this file, and which of its own rows say that they are closed."""
        here = {(batch.position, index): _until(item) for index, item in enumerate(items)}
        self._until |= {pair: until for pair, until in here.items() if until}
        self._closed |= {pair: batch.position for pair in batch.closed if pair[0] >= self._first}

    def _listed(self, line: NumberedLine) -> tuple[manifest.Label, bytes, PreparedRow | None]:
        """What the manifest says of a line, and its row, unless that is pruned."""
        if line.kind == "batch":
            raise self._changed(line.number, "a batch begins before the last one is whole")
        if line.kind == "pruned":
            pruned = self.reader.convert(line, PrunedLine)
            if pruned.label != PRUNED or len(_hex(pruned.hash)) != manifest.HASH:
                raise self.reader.error(line.number, "no label and hash of a pruned item")
            return pruned.label, _hex(pruned.hash), None
        item, beside = self.reader.item(line)
        made = prepare(item, self.record.marks, None, 0, self.reader.kept(line, item, beside))
        if beside.check and not made.hash.hex().startswith(beside.check):
            raise self._changed(line.number, "the item is not as it was written")
        return made.label, made.hash, made

    def _changed(self, number: int, what: str) -> NotExchange:
        return self.reader.error(
            number, f"{what}: something was changed, added or removed. To import changed items, export with --records."
        )

    def _close(self, line: NumberedLine, batch: ExchangeBatch) -> None:
        """Closes rows of earlier batches; before new ones with the same key come in."""
        listed: dict[int, list[manifest.Label]] = {}
        for since, index in batch.closed:
            if not 0 < since < batch.position:
                raise self.reader.error(line.number, f"closes a row of batch {since}")
            if since not in listed:
                listed[since] = batches.load_manifest(self.record.database, since).labels
            label = listed[since][index] if 0 <= index < len(listed[since]) else ()
            if not _close_row(self.record, label, since, batch.position):
                raise self.reader.error(line.number, f"closes row {index} of batch {since}, which is not there")

    def _insert(self, line: NumberedLine, prepared: Sequence[PreparedRow], position: int) -> None:
        for spec in SPECS.values():
            rows = [(*one.row, position) for one in prepared if type(one.item) is spec.type]
            if rows and self.record.database.many(batches.insert_sql(spec.kind), rows) != len(rows):
                raise self.reader.error(line.number, f"batch {position} has a {spec.kind} twice")
        for row in prepared:
            if isinstance(row.item, model.Issue) and (flaw := flaw_of(self.record.database, row.item)):
                raise self._changed(line.number, f"the issue of {row.item.day}: {flaw}")


def _until(line: NumberedLine) -> int:
    row = line.body.get("row")
    return row.get("until") or 0 if isinstance(row, dict) else 0


def _close_row(record: Record, label: manifest.Label, since: int, position: int) -> int:
    if len(label) < 2:
        return 0
    spec = BY_KIND[str(label[0])]
    names = [spec.fields[i] for i in (*spec.key, spec.observed)]
    where = " AND ".join(f'"{name}" = ?' for name in names)
    sql = f"UPDATE {spec.kind} SET until = ? WHERE {where} AND since = ? AND until = 0"
    return record.database.run(sql, (position, *label[1:], since))


__all__ = ["COUNTS", "ImportResult", "import_lines"]
