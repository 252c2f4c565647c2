"""Export a record as lines of JSON, streaming and in a stable order.

The first line is the header. In a full export, every batch follows in order, each with its items in the order of its
manifest. So a store can be rebuilt from it, batch by batch, and verifies. With `records_only` there are no batches or
issues, only observations, to be read, changed and imported anywhere. The last line marks the end.

For the networks in `ids_only`, posts and accounts are exported without their words and names; see
`record.wordless_rows`. With `records_only`, so are papers without abstracts that may not be passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from hotpapers.base import errors, model
from hotpapers.base.installed import hooks_of
from hotpapers.base.wings import load_object
from hotpapers.keep.hooks import NoteKind
from hotpapers.keep.transfer import queries
from hotpapers.keep.transfer.jsonl.lines import (
    CHECK,
    FORMAT,
    VERSION,
    DeliveryStateLine,
    ExchangeBatch,
    ExchangeEnd,
    ExchangeHeader,
    IdentityLine,
    NoteLine,
    PrunedLine,
    RowExtras,
    changes_of,
)
from hotpapers.record import batches, identities, manifest, meta, wordless_rows
from hotpapers.record.item_rows import SPECS, RowOf, StoredRow
from hotpapers.record.ordered_scan import OrderedScan
from hotpapers.record.record import Record
from hotpapers.record.wordless_rows import WordRedactor

_encode = msgspec.json.Encoder().encode
MADE_HERE = (model.Issue, model.Delivery)
"""Kinds that the program makes from a record instead of observing them; left out of `--records`."""


def record_lines(
    record: Record,
    *,
    records_only: bool = False,
    ids_only: Collection[str] = (),
    on_redacted: Callable[[Mapping[str, int]], None] = lambda _: None,
) -> Iterator[bytes]:
    """The lines of the export, each ending in a newline. `ids_only`: networks whose posts and accounts go without
    words. `on_redacted`: called at the end with the number of rows that went without words, by network."""
    with record.database.snapshot():
        redactor = WordRedactor(record.database, ids_only)
        networks_concerned = redactor.networks_concerned(record.database)
        noted = wordless_rows.networks_without_words(record.database)
        if records_only:
            noted |= wordless_rows.networks_without_words(record.database, wordless_rows.OBSERVED)
        withheld = sorted(noted.union(networks_concerned))
        secret = "" if records_only else record.secret()
        yield _line(
            ExchangeHeader(
                format=FORMAT,
                version=VERSION,
                full=not records_only,
                end=True,
                withheld=withheld or msgspec.UNSET,
                secret=secret,
            )
        )
        yield from _records(record, redactor) if records_only else _whole(record, redactor)
        yield _line(ExchangeEnd())
        on_redacted(redactor.rows)


def _line(value: msgspec.Struct) -> bytes:
    return _encode(value) + b"\n"


def _records(record: Record, redactor: WordRedactor) -> Iterator[bytes]:
    for spec in SPECS.values():
        if spec.type in MADE_HERE:
            continue
        for row in queries.open_rows(record.database, spec):
            if not (isinstance(row.item, model.Shown) and row.item.edition):
                yield _line(wordless_rows.without_abstract(redactor.row(row).item))


def _whole(record: Record, redactor: WordRedactor) -> Iterator[bytes]:
    yield from _batches(record, redactor)
    for row in queries.delivery_states(record.database):
        yield _line(DeliveryStateLine(**dict(zip(DeliveryStateLine.__struct_fields__, row, strict=True))))
    for kind in note_kinds():
        for name, value in meta.read_prefixed(record.database, kind.prefix).items():
            text = load_object(kind.exported)(record.database, value) if kind.exported else value
            yield _line(NoteLine(name=kind.prefix + name, value=text))


def note_kinds() -> tuple[NoteKind, ...]:
    """The kinds of notes that full exports contain."""
    return hooks_of(NoteKind)


def _batches(record: Record, redactor: WordRedactor) -> Iterator[bytes]:
    scan = OrderedScan(record.database)
    for position, stamp, chain, listed in batches.all_batches(record.database):
        first, _ = listed.identities
        yield _line(
            ExchangeBatch(
                position=position,
                **stamp._asdict(),
                items=len(listed),
                chain=chain.hex(),
                identities=listed.persons,
                **changes_of(listed),
            )
        )
        for identity in identities.identities_between(record.database, first, listed.persons):
            salt = (identity.salt or b"").hex()
            kept = (identity.commitment or b"").hex()
            yield _line(IdentityLine(key=identity.key, salt=salt, commitment=kept))
        rows = {row.name: row for row in scan.upto(position) if isinstance(row, RowOf)}
        for index, name in enumerate(listed.rows()):
            row = rows.get(name)
            if row:
                yield _item_line(redactor.row(row), listed.check(index))
            else:
                yield _line(_pruned(record, name, listed, index))


def _pruned(record: Record, name: manifest.RowName, listed: manifest.Manifest, index: int) -> PrunedLine:
    kind, number = name
    if index not in listed.kept:
        raise errors.CorruptStore(f"{record.database.where}: {kind} row {number} is missing; run `hotpapers verify`")
    return PrunedLine(was=kind, hash=listed.kept[index].hex())


def _item_line(row: StoredRow, check: bytes) -> bytes:
    beside = RowExtras(
        check=check.hex()[:CHECK],
        salt=row.salt.hex() if row.salt is not None else None,
        redacted=row.redacted,
        # with a key in place of the store's own number
        derived=[
            row.voice if name == "voice" else value for name, value in zip(row.spec.derived, row.derived, strict=True)
        ]
        if row.redacted is not None
        else None,
        until=row.until or None,
    )
    return _encode(row.item)[:-1] + b',"row":' + _encode(beside) + b"}\n"
