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
from hotpapers.record import checks, manifest, withheld, writing
from hotpapers.record.checks import COUNTS
from hotpapers.record.exchange import FORMAT, VERSION
from hotpapers.record.exchange.forgetting import Left, Redactions
from hotpapers.record.exchange.lines import Batch, Beside, Header, Pruned
from hotpapers.record.exchange.writing import MADE_HERE
from hotpapers.record.frozen import flaw_of
from hotpapers.record.items import BY_KIND, SALT, SPECS, Kept, Marks, Prepared, prepare
from hotpapers.record.manifest import Pair
from hotpapers.record.store import Record
from hotpapers.record.verify import Finding, check

CHUNK = 5_000
"""Items of one new batch."""
PRUNED = ("snapshot",)
"""What the label of a pruned item says: snapshots alone are pruned, and nothing names their post any more."""
LONGEST_LINE = 64 * 2**20
IN_MEMORY = 32 * 2**20
"""Bytes of checked items that are held in memory; more wait in a temporary file."""

T = TypeVar("T", bound=msgspec.Struct)


class Taken(NamedTuple):
    """What an import did. `restored`: batches that came back as they were. `issues_left`: issues not taken over.
    `forgotten`: rows of which parts were forgotten with the other store."""

    restored: int = 0
    added: int = 0
    known: int = 0
    later: int = 0
    refused: int = 0
    issues_left: int = 0
    forgotten: int = 0


class Line(NamedTuple):
    """A line with its number, read as JSON."""

    number: int
    kind: str
    body: dict[str, Any]


def import_lines(record: Record, file: str, raw: Iterable[bytes]) -> Taken:
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
    """Reads lines and items, and knows the file's name for errors. `withheld`: see `Header`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.withheld: frozenset[str] = frozenset()
        self._promised = False

    def read(self, raw: Iterable[bytes]) -> Iterator[Line]:
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

    def _line(self, number: int, text: bytes) -> Line:
        if len(text) > LONGEST_LINE:
            raise self.error(number, f"a line longer than {LONGEST_LINE:,} bytes")
        try:
            body = msgspec.json.decode(text)
        except (ValueError, RecursionError) as problem:
            raise self.error(number, f"not JSON: {problem}") from problem
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            raise self.error(number, "not an object with a kind")
        return Line(number, body["kind"], body)

    def error(self, number: int, reason: str) -> NotExchange:
        """A NotExchange that names file and line."""
        reason = "".join([sign if sign.isprintable() else "\ufffd" for sign in reason[:300]])
        return NotExchange(reason, file=self.file, line=number)

    def header(self, line: Line | None) -> Header:
        """The first line."""
        if line is None or line.kind != "header" or line.body.get("format") != FORMAT:
            raise self.error(1, f"not in the exchange format: its first line is no header of {FORMAT}")
        if line.body.get("version") != VERSION:
            version = str(line.body.get("version"))[:20]
            raise self.error(1, f"version {version} of the format; this program reads {VERSION}")
        header = self.convert(line, Header)
        secret = _hex(header.secret)
        if header.full and len(secret) != 32:
            raise self.error(1, "a full export without its secret")
        self._promised = header.end
        self.withheld = frozenset(header.withheld or ()).intersection(model.NETWORKS)
        return msgspec.structs.replace(header, secret=secret.hex())

    def convert(self, line: Line, cls: type[T]) -> T:
        """The line as one of the format's own structs."""
        try:
            return msgspec.convert(line.body, cls)
        except (ValueError, RecursionError) as problem:
            raise self.error(line.number, str(problem)) from problem

    def item(self, line: Line) -> tuple[model.Item, Beside]:
        """The line's item, and what is kept beside it."""
        if line.kind not in BY_KIND:
            raise self.error(line.number, f"{line.kind[:40]!r} is no kind of item")
        row = line.body.pop("row", {})
        try:
            item: model.Item = msgspec.convert(line.body, BY_KIND[line.kind].type)
            beside = msgspec.convert(row, Beside)
            (checks.check_closed if beside.until else checks.check)(item)
            return checks.clean(item), beside
        except (ValueError, InputError, RecursionError) as problem:
            raise self.error(line.number, str(problem)) from problem

    def kept(self, line: Line, item: model.Item, beside: Beside) -> Kept:
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
        return Kept(salt, lost, derived)


_NO_MARKS = Marks(b"")


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


def _take_new(record: Record, reader: _Reader, stream: Iterator[Line]) -> Taken:
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


def _write_new(record: Record, good: IO[bytes], lacking: frozenset[str]) -> Taken:
    """`lacking`: networks whose posts may lack their words; where the record has these, they are known."""
    taken = Taken()
    while chunk := [_decode_item(line) for line in islice(good, CHUNK)]:
        new = [item for item in chunk if not withheld.is_known(record.database, item, lacking)]
        written = record.write(new, source="jsonl")
        taken = Taken(
            0, taken.added + written.added, taken.known + written.known + len(chunk) - len(new),
            taken.later + written.later, taken.refused + written.refused,
        )  # fmt: skip
    return taken


# ---- batches as they were ------------------------------------------------------------------------------


class _Full:
    """A full export, batch by batch."""

    def __init__(self, record: Record, reader: _Reader, secret: str) -> None:
        self.record, self.reader, self.secret = record, reader, secret
        self._redactions = Redactions()
        self._until: dict[Pair, int] = {}
        self._closed: dict[Pair, int] = {}
        self._first = 1

    def take(self, stream: Iterator[Line]) -> Taken:
        """Restores what continues this store; the rest comes as new batches."""
        if not self.record.head.position:
            self.record.adopt_secret(self.secret)
        self._first = self.record.head.position + 1
        restored, line = 0, Line(1, "header", {})
        for line in stream:
            if line.kind != "batch":
                raise self.reader.error(line.number, "expected a batch")
            batch = self.reader.convert(line, Batch)
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
        return Taken(restored=restored, forgotten=self._redactions.rows)

    def _check_whole(self, last: Line) -> None:
        """Only now is all said of every row: by which batch it was closed, what of it was forgotten, which are gone."""
        wrong = sorted({pair for pair, _ in self._until.items() ^ self._closed.items()})
        named = [
            Finding("changed", f"by which batch row {index} of batch {since} was closed") for since, index in wrong
        ]
        findings = named or check(self.record.database, self.record.marks).findings
        if findings:
            more = f", and {len(findings) - 1:,} more" if len(findings) > 1 else ""
            raise self._changed(last.number, f"{findings[0]}{more}; the store cannot be verified now, delete it")

    def _restore(self, line: Line, batch: Batch, items: Sequence[Line]) -> bool:
        """Whether the batch is here now, as it was; False where this store has gone another way."""
        database = self.record.database
        with database.write():
            head = self.record.head
            if batch.position <= head.position:
                found = database.rows("SELECT chain FROM batch WHERE position = ?", (batch.position,))
                is_same = bool(found) and bytes(found[0][0]).hex() == batch.chain
                if is_same:
                    self._note_forgotten(batch.position, items)
                return is_same
            if self.record.secret() != self.secret:
                return False
            self._write(line, batch, items, head.chain)
            return True

    def _note_forgotten(self, position: int, items: Sequence[Line]) -> None:
        for index, line in enumerate(items):
            row = line.body.get("row")
            if isinstance(row, dict) and row.get("lost"):
                label, _, made = self._listed(line)
                if made is not None:
                    self._redactions.note(position, index, Left(label, made))

    def _write(self, line: Line, batch: Batch, items: Sequence[Line], before: bytes) -> None:
        self._note_closed(batch, items)
        listing = [self._listed(one) for one in items]
        listed = manifest.Manifest(
            [label for label, _, _ in listing], b"".join([item_hash for _, item_hash, _ in listing]),
            batch.closed, batch.pruned, batch.forgotten, batch.tombstones,
        )  # fmt: skip
        link = manifest.link(before, batch.position, batch.at, batch.source, batch.cursor, listed)
        if link.hex() != batch.chain or len(items) != batch.items:
            raise self._changed(line.number, f"batch {batch.position} is not as it was written")
        withheld.note(self.record.database, self.reader.withheld)
        self._redactions.apply(self.record.database, batch.forgotten)
        self._close(line, batch)
        self._insert(line, [made for _, _, made in listing if made], batch.position)
        writing.save_batch(
            self.record.database, batch.position, batch.at, batch.source, batch.cursor, listed, before
        )  # fmt: skip

    def _note_closed(self, batch: Batch, items: Sequence[Line]) -> None:
        """What a batch closed of those that came with this file, and which of its own rows say that they are closed."""
        here = {(batch.position, index): _until(one) for index, one in enumerate(items)}
        self._until |= {pair: until for pair, until in here.items() if until}
        self._closed |= {pair: batch.position for pair in batch.closed if pair[0] >= self._first}

    def _listed(self, line: Line) -> tuple[manifest.Label, bytes, Prepared | None]:
        """What the manifest says of a line, and its row, unless that is pruned."""
        if line.kind == "batch":
            raise self._changed(line.number, "a batch begins before the last one is whole")
        if line.kind == "pruned":
            pruned = self.reader.convert(line, Pruned)
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

    def _close(self, line: Line, batch: Batch) -> None:
        """Closes rows of earlier batches; before new ones with the same key come in."""
        listed: dict[int, list[manifest.Label]] = {}
        for since, index in batch.closed:
            if not 0 < since < batch.position:
                raise self.reader.error(line.number, f"closes a row of batch {since}")
            if since not in listed:
                listed[since] = writing.load_manifest(self.record.database, since).labels
            label = listed[since][index] if 0 <= index < len(listed[since]) else ()
            if not _close_row(self.record, label, since, batch.position):
                raise self.reader.error(line.number, f"closes row {index} of batch {since}, which is not there")

    def _insert(self, line: Line, prepared: Sequence[Prepared], position: int) -> None:
        for spec in SPECS.values():
            rows = [(*one.row, position) for one in prepared if type(one.item) is spec.type]
            if rows and self.record.database.many(writing.insert_sql(spec.kind), rows) != len(rows):
                raise self.reader.error(line.number, f"batch {position} has a {spec.kind} twice")
        for one in prepared:
            if isinstance(one.item, model.Issue) and (flaw := flaw_of(self.record.database, one.item)):
                raise self._changed(line.number, f"the issue of {one.item.day}: {flaw}")


def _until(line: Line) -> int:
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


__all__ = ["COUNTS", "Taken", "import_lines"]
