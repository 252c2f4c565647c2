"""A record as lines of JSON, streaming and in stable order.

The first line is the header. A full export then has every batch, in order, each followed by its items as its manifest
lists them; so a store can be rebuilt from it, batch by batch, and verifies. With `records_only` there are neither
batches nor issues: just what was observed, to be read, changed and imported anywhere. The last line says that it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hotpapers import model
from hotpapers.record import manifest
from hotpapers.record.ahead import all_ahead
from hotpapers.record.exchange import FORMAT, VERSION
from hotpapers.record.exchange.lines import CHECK, Batch, Beside, End, Header, Pruned
from hotpapers.record.items import SPECS, Row, Spec, read_row, select_columns
from hotpapers.record.manifest import Label
from hotpapers.record.store import Record

_encode = msgspec.json.Encoder().encode
MADE_HERE = (model.Issue, model.Delivery)
"""What a program makes from a record, not what it observes: left out of `--records`."""


def lines(record: Record, *, records_only: bool = False) -> Iterator[bytes]:
    """The lines of the export, each ending in a newline."""
    with record.database.snapshot():
        secret = "" if records_only else record.secret()
        yield _line(Header(format=FORMAT, version=VERSION, full=not records_only, end=True, secret=secret))
        yield from _records(record) if records_only else _batches(record)
        yield _line(End())


def _line(value: msgspec.Struct) -> bytes:
    return _encode(value) + b"\n"


def _records(record: Record) -> Iterator[bytes]:
    for spec in SPECS.values():
        if spec.type in MADE_HERE:
            continue
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE until = 0 ORDER BY {_stable_order(spec)}"
        for found in record.database.iterate(sql):
            row = read_row(spec, found)
            if not (isinstance(row.item, model.Shown) and row.item.edition):
                yield _line(row.item)


def _stable_order(spec: Spec) -> str:
    names = [spec.fields[i] for i in (*spec.key, spec.observed)]
    return ", ".join(f'"{name}"' for name in names)


def _batches(record: Record) -> Iterator[bytes]:
    ahead = all_ahead(record.database)
    for position, at, source, cursor, items, blob, chain in record.database.iterate(
        "SELECT position, at, source, cursor, items, manifest, chain FROM batch ORDER BY position"
    ):
        listed = manifest.unpack(bytes(blob))
        yield _line(
            Batch(
                position=position, at=at, source=source, cursor=cursor, items=items, chain=bytes(chain).hex(),
                closed=listed.closed, pruned=listed.pruned, forgotten=listed.forgotten, tombstones=listed.tombstones,
            )
        )  # fmt: skip
        rows = {row.label: row for kind in ahead.values() for row in kind.upto(position) if isinstance(row, Row)}
        for index, label in enumerate(listed.labels):
            yield _item_line(rows.get(label), label, listed.hash(index))


def _item_line(row: Row | None, label: Label, item_hash: bytes) -> bytes:
    if row is None:
        return _line(Pruned(label=label, hash=item_hash.hex()))
    beside = Beside(
        check=item_hash.hex()[:CHECK],
        salt=row.salt.hex() if row.salt is not None else None,
        lost=row.lost,
        derived=list(row.derived) if row.lost is not None else None,
        until=row.until or None,
    )
    return _encode(row.item)[:-1] + b',"row":' + _encode(beside) + b"}\n"
