"""Lines of JSON into a record.

A full export comes back batch for batch into an empty store, or into one that already holds its first batches, as after
an interrupted import. Anywhere else its items come as new batches and its issues are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from hotpapers import model
from hotpapers.errors import NotExchange
from hotpapers.record import manifest, writing
from hotpapers.record.exchange import FORMAT, VERSION
from hotpapers.record.exchange.writing import MADE_HERE
from hotpapers.record.items import BY_KIND, SPECS, Kept, Prepared, label_of, prepare
from hotpapers.record.store import Record, now

CHUNK = 5_000
"""Items of one new batch."""
LONGEST_LINE = 64 * 2**20


class Taken(NamedTuple):
    """What an import did. `restored`: batches that came back as they were. `issues_left`: issues not taken over."""

    restored: int = 0
    added: int = 0
    known: int = 0
    later: int = 0
    refused: int = 0
    issues_left: int = 0


class Line(NamedTuple):
    """A line with its number, read as JSON."""

    number: int
    kind: str
    body: dict[str, Any]


def import_lines(record: Record, file: str, raw: Iterable[bytes]) -> Taken:
    """Takes a whole export, line by line. Raises NotExchange with the line; what came before it is kept."""
    reader = _Reader(file)
    stream = reader.read(raw)
    header = next(stream, None)
    if header is None or header.kind != "header" or header.body.get("format") != FORMAT:
        raise NotExchange(f"not in the exchange format: its first line is no header of {FORMAT}", file=file, line=1)
    if header.body.get("version") != VERSION:
        raise NotExchange(
            f"version {header.body.get('version')} of the format; this program reads {VERSION}", file=file, line=1
        )
    if header.body.get("full"):
        return _Full(record, reader, str(header.body.get("secret", ""))).take(stream)
    return _take_new(record, reader, stream, "jsonl")


class _Reader:
    """Reads lines and items, and knows the file's name for errors."""

    def __init__(self, file: str) -> None:
        self.file = file

    def read(self, raw: Iterable[bytes]) -> Iterator[Line]:
        """The lines that are not blank."""
        for number, text in enumerate(raw, 1):
            if text.strip():
                yield self._line(number, text)

    def _line(self, number: int, text: bytes) -> Line:
        if len(text) > LONGEST_LINE:
            raise self.error(number, f"a line of {len(text):,} bytes; at most {LONGEST_LINE:,} are read")
        try:
            body = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise self.error(number, f"not JSON: {problem}") from problem
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            raise self.error(number, "not an object with a kind")
        return Line(number, body["kind"], body)

    def error(self, number: int, reason: str) -> NotExchange:
        """A NotExchange that names file and line."""
        return NotExchange(reason, file=self.file, line=number)

    def item(self, line: Line) -> tuple[model.Item, Kept | None]:
        """The line's item, and what is kept beside it, if it says so."""
        if line.kind not in BY_KIND:
            raise self.error(line.number, f"{line.kind!r} is no kind of item")
        row = line.body.pop("row", None)
        try:
            item: model.Item = msgspec.convert(line.body, BY_KIND[line.kind].type)
            check_numbers(item)
            return clean(item), _kept(row) if row else None
        except (msgspec.ValidationError, ValueError, TypeError, KeyError) as problem:
            raise self.error(line.number, str(problem)) from problem


def _kept(row: dict[str, Any]) -> Kept:
    salt = bytes.fromhex(row["salt"]) if "salt" in row else None
    derived = tuple(row["derived"]) if "derived" in row else None
    return Kept(salt, row.get("lost"), derived)


def check_numbers(item: model.Item) -> None:
    """Raises ValueError for counts that are negative or too large to be exact everywhere."""
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if isinstance(value, int) and not -model.LARGEST <= value <= model.LARGEST:
            raise ValueError(f"{name} {value} is larger than 2^53 - 1")
        if isinstance(value, int) and value < 0 and name in COUNTS:
            raise ValueError(f"{name} is negative")


COUNTS = frozenset(("reposts", "likes", "replies", "quotes", "views", "place", "places", "n", "edition", "lead"))


def clean(item: model.Item) -> model.Item:
    """The item with U+0000 and lone surrogates, which not every database can hold, as U+FFFD."""
    changes = {
        name: model.storable(value)
        for name in item.__struct_fields__
        if isinstance(value := getattr(item, name), str) and not value.isprintable() and model.storable(value) != value
    }
    return msgspec.structs.replace(item, **changes) if changes else item


def _take_new(record: Record, reader: _Reader, stream: Iterator[Line], source: str) -> Taken:
    """Items as new batches; issues and their deliveries are left out, batches and pruned rows passed over."""
    taken = Taken()
    plain = (line for line in stream if line.kind not in ("batch", "pruned"))
    for chunk in iter(lambda: list(islice(plain, CHUNK)), []):
        offers: list[writing.Offer] = []
        issues = 0
        for line in chunk:
            item, kept = reader.item(line)
            if isinstance(item, MADE_HERE) or (isinstance(item, model.Shown) and item.edition):
                issues += isinstance(item, model.Issue)
            else:
                offers.append((item, 0, kept if kept and kept.lost else None))
        with record.database.write():
            written = writing.write_batch(record.database, offers, record.marks, at=now(), source=source)
        taken = Taken(
            taken.restored, taken.added + written.added, taken.known + written.known, taken.later + written.later,
            taken.refused + written.refused, taken.issues_left + issues,
        )  # fmt: skip
    return taken


class _Full:
    """A full export, batch by batch."""

    def __init__(self, record: Record, reader: _Reader, secret: str) -> None:
        self.record, self.reader, self.secret = record, reader, secret

    def take(self, stream: Iterator[Line]) -> Taken:
        """Restores what continues this store; the rest comes as new batches."""
        if not self.record.head.position:
            self.record.adopt_secret(self.secret)
        restored = 0
        for batch in stream:
            if batch.kind != "batch":
                raise self.reader.error(batch.number, "expected a batch")
            items = list(islice(stream, int(batch.body.get("items", 0))))
            if not self._restore(batch, items):
                rest = (line for part in ([batch, *items], stream) for line in part)
                return _take_new(self.record, self.reader, rest, "jsonl")._replace(restored=restored)
            restored += 1
        return Taken(restored=restored)

    def _restore(self, batch: Line, lines: Sequence[Line]) -> bool:
        """Whether the batch is here now, as it was; False where this store has gone another way."""
        position = int(batch.body.get("position", 0))
        head = self.record.head
        if position <= head.position:
            found = self.record.database.rows("SELECT chain FROM batch WHERE position = ?", (position,))
            return bool(found) and bytes(found[0][0]).hex() == batch.body.get("chain")
        if position != head.position + 1 or (position == 1) != (head.position == 0) or not self._same_secret():
            return False
        self._write(batch, lines, head)
        return True

    def _same_secret(self) -> bool:
        return self.record.secret() == self.secret

    def _write(self, batch: Line, lines: Sequence[Line], head: writing.Head) -> None:
        prepared: list[Prepared] = []
        labels, hashes = [], b""
        for line in lines:
            if line.kind == "pruned":
                labels.append(tuple(line.body["label"]))
                hashes += bytes.fromhex(line.body["hash"])
                continue
            item, kept = self.reader.item(line)
            one = prepare(item, self.record.marks, kept.salt if kept else None, 0, kept)
            prepared.append(one)
            labels.append(one.label)
            hashes += one.hash
        listed = manifest.Manifest(labels, hashes, _pairs(batch.body["closed"]), _pairs(batch.body["pruned"]))
        body = batch.body
        position, at, source, cursor = body["position"], body["at"], body["source"], body["cursor"]
        if manifest.link(head.chain, position, at, source, cursor, listed).hex() != body["chain"]:
            raise self.reader.error(
                batch.number,
                f"batch {position} is not as it was written: an item of it was changed, added or removed. "
                "To import changed items, export with --records.",
            )
        with self.record.database.write():
            self._insert(prepared, position)
            self._close(listed)
            writing.save_batch(self.record.database, position, at, source, cursor, listed, head.chain)

    def _insert(self, prepared: Sequence[Prepared], position: int) -> None:
        for spec in SPECS.values():
            rows = [one.row for one in prepared if type(one.item) is spec.type]
            if rows:
                self.record.database.many(writing.insert_sql(spec, position), rows)

    def _close(self, listed: manifest.Manifest) -> None:
        for position, index in listed.closed:
            label = writing.load_manifest(self.record.database, position).labels[index]
            close_label(self.record, label, position)


def close_label(record: Record, label: Sequence[Any], since: int) -> None:
    """Closes the row of a label, by the batch that is being written."""
    spec = BY_KIND[label[0]]
    names = [spec.fields[i] for i in (*spec.key, spec.observed)]
    where = " AND ".join(f'"{name}" = ?' for name in names)
    position = record.head.position + 1
    record.database.run(
        f"UPDATE {spec.kind} SET until = ? WHERE {where} AND since = ?", (position, *label[1:], since)
    )


def _pairs(found: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in found]


__all__ = ["Taken", "import_lines", "label_of"]
