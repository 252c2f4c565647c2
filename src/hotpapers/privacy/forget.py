"""Forgetting: what a person takes back is gone from every byte of the store, and the issues still verify.

A forgotten value leaves its commitment, so that the row keeps its hash, and a forgotten key leaves a pseudonym, so
that rows which belong together still do and totals stay. A batch says which rows lost parts, with a seal over what is
left of each, and carries the tombstones by which import, restore and re-collection know what must not come back.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from hotpapers import model
from hotpapers.engagement import queries as engagement_queries
from hotpapers.errors import NotFound
from hotpapers.model.keys import parse_key
from hotpapers.privacy import forgotten_file, queries
from hotpapers.privacy.pseudonyms import Pseudonyms
from hotpapers.privacy.queries import lonely_texts, own_accounts
from hotpapers.search import indexing
from hotpapers.store import batches, item_rows, manifest, raw_archive, reader_reports, tombstones
from hotpapers.store.item_rows import SPECS, KindSpec, StoredRow, commitment
from hotpapers.store.leftovers import remove_unfinished
from hotpapers.store.manifest import Seal
from hotpapers.store.record import Record, now


class ForgetResult(NamedTuple):
    """What was forgotten: rows whose parts are gone, raw and quarantined originals, and copies out of reach."""

    keys: tuple[str, ...]
    rows: int
    originals: int
    out_of_reach: tuple[str, ...]


OWN: dict[type[model.Item], tuple[str, ...]] = {
    model.Account: ("account",),
    model.Alias: ("account",),
    model.Post: ("post", "account"),
}
"""The fields whose post or account it is that says all else that is personal in the row."""

Change = tuple[StoredRow, model.Item]
"""A row as it is, and the item that is left of it."""


def forget(record: Record, key: str, *, at: int | None = None) -> ForgetResult:
    """Forgets a post or an account with all its posts, by its key (`x:1341…`, `x:@handle`, `bluesky:did:…`).

    Raises NotFound when the record knows nothing of it, UsageError when it is no key, and what `erase_traces` raises:
    all is done then but that. Running it again finishes what an interruption left.
    """
    done = forget_rows(record, key, at=at)
    record.database.erase_traces()
    return done


def forget_rows(record: Record, key: str, *, at: int | None = None) -> ForgetResult:
    """The same without `erase_traces`: for who forgets several, and erases the traces of all at once."""
    key = parse_key(key)
    with record.database.write():
        keys = _belonging(record, key)
        rows, gone = erase(record, keys, at=at or now())
        forgotten_file.complete(record.database, record.marks)
    left = [f"unfinished {path}" for path in remove_unfinished(record.database)]
    return ForgetResult(keys, rows, gone, (*copies(record, key), *left))


def erase(record: Record, keys: Sequence[str], *, marks: Sequence[str] = (), at: int) -> tuple[int, int]:
    """Takes keys, and the names by which others call them, out of rows and originals; how many of each.

    `marks`: further tombstones to keep, and to obey in what others wrote. Call inside `write()`.
    """
    names = _names_of(keys)
    lonely = queries.lonely_authors(record, keys)
    old = tombstones.load(record.database, record.marks)
    graves = tombstones.Tombstones(record.marks, old.known | frozenset(marks)) if marks else None
    known = tombstones.ForgottenNames(names, graves)
    gone_keys = frozenset([*keys, *lonely])
    stand_ins = Pseudonyms(gone_keys, record.marks, own_accounts(record.database))
    own = _own_changes(record, gone_keys, stand_ins)
    changes = {(type(row.item), row.id): (row, left) for row, left in own}
    for row in queries.rows_naming(record, known):
        _, item = changes.get((type(row.item), row.id), (row, row.item))
        changes[type(row.item), row.id] = (row, tombstones.redacted(item, known))
    lonely_marks = lonely_texts(record.database, list(changes.values()))
    for row in queries.rows_where(record, SPECS[model.Post], "same", sorted(lonely_marks)):  # forgotten before
        changes.setdefault((model.Post, row.id), (row, row.item))
    sealed = _overwrite(record, list(changes.values()), stand_ins, lonely_marks)
    indexing.renew_posts(record.database, {left.post for _, left in changes.values() if isinstance(left, model.Post)})
    sources = {row.origin for row, _ in changes.values() if row.origin}
    gone = raw_archive.erase(record.database, sources, keys, known.named_in)
    engagement_queries.forget_posts(record.database, keys)
    reader_reports.forget(record.database, {*keys, *lonely}, known.stand_in)
    new = sorted({*marks, *tombstones.marks_of(record.marks, keys, names, lonely)} - old.known)
    told = batches.RowChanges(forgotten=sealed, tombstones=new)
    batches.append(record.database, {}, at=at, source="forget", changes=told)
    return len(changes), gone


def copies(record: Record, key: str | None = None) -> Iterator[str]:
    """Backups and exports, all or those made before a key was forgotten: where they went, for a person to deal with."""
    before = model.LARGEST
    if key is not None:
        before = tombstones.forgotten_at(record.database, record.marks, key)
    for way, target in queries.copies_before(record.database, before):
        yield f"{way} {target}"


# ---- what belongs to a key -----------------------------------------------------------------------------


def _belonging(record: Record, key: str) -> tuple[str, ...]:
    """The key; for an account also its other names, as the record joins them, and all its posts."""
    known = queries.is_named(record, key) or tombstones.load(record.database, record.marks).holds(key)
    if not (known or any(queries.rows_naming(record, tombstones.ForgottenNames(_names_of([key]))))):
        raise NotFound(f"{key}: no such post or account in the record")
    found, asked = [key], 0
    while asked < len(found):
        more = [one for one in queries.names_beside(record, found[asked]) if one and not item_rows.is_pseudonym(one)]
        found, asked = list(model.distinct([*found, *more])), asked + 1
    return tuple(found)


def _names_of(keys: Sequence[str]) -> frozenset[str]:
    return frozenset(name for key in keys for name in tombstones.names_of(key))


# ---- what is left of a row -----------------------------------------------------------------------------


def _own_changes(record: Record, keys: frozenset[str], stand_ins: Pseudonyms) -> Iterator[Change]:
    """Rows that name one of the keys, or have its voice, and what is left of them."""
    for cls, names in queries.REFERENCES.items():
        asked: list[tuple[str, Sequence[str | int]]] = [(name, sorted(keys)) for name in names]
        if cls is model.Post:  # of posts that were forgotten before, the author's voice is left
            asked.append(("voice", sorted(stand_ins.voices)))
        seen: set[int] = set()
        for name, values in asked:
            for row in queries.rows_where(record, SPECS[cls], name, values):
                if row.id not in seen:
                    seen.add(row.id)
                    yield row, left_of(row.item, keys, stand_ins)


def left_of(item: model.Item, keys: frozenset[str], stand_ins: Pseudonyms) -> model.Item:
    """The item with pseudonyms for the keys, and without all else that is personal where one of them said it."""
    cls: type[model.Item] = type(item)
    references = queries.REFERENCES[cls]
    said_it = any(getattr(item, name) in keys for name in OWN.get(cls, ()))
    changes: dict[str, Any] = {}
    for name in cls.personal:
        value = getattr(item, name)
        if name in references and value in keys:
            changes[name] = stand_ins.key(value)
        elif said_it and not (name in ("post", "account") or item_rows.is_pseudonym(value)):
            changes[name] = type(value)()
    if isinstance(item, model.Post) and item.post in keys and item.account and not item_rows.is_pseudonym(item.account):
        changes["account"] = stand_ins.key(item.account)
    return msgspec.structs.replace(item, **changes)


def _overwrite(
    record: Record, changes: Sequence[Change], stand_ins: Pseudonyms, lonely: Collection[int]
) -> list[Seal]:  # fmt: skip
    """Writes what is left into rows and manifests; where the rows are listed, and their seals."""
    by_batch: dict[int, dict[manifest.Label, tuple[manifest.Label, str]]] = defaultdict(dict)
    for row, item in changes:
        spec = SPECS[type(item)]
        left = row._replace(
            item=item, derived=stand_ins.derived(row, lonely), lost=_commitments(spec, row) | (row.lost or {}),
            salt=_new_salt(spec, item),
        )  # fmt: skip
        _write_row(record, spec, left)
        by_batch[row.since][row.label] = (left.label, left.seal)
    sealed: list[Seal] = []
    for position, names in by_batch.items():
        listed = batches.load_manifest(record.database, position)
        at = {index: names[label] for index, label in enumerate(listed.labels) if label in names}
        renamed = manifest.relabelled(listed, {index: label for index, (label, _) in at.items()})
        batches.save_manifest(record.database, position, renamed)
        sealed += [(position, index, seal) for index, (_, seal) in at.items()]
    return sorted(sealed)


def _commitments(spec: KindSpec, row: StoredRow) -> dict[str, str]:
    names = [spec.fields[i] for i in spec.personal]
    return {name: commitment(row.salt or b"", value) for name in names if (value := getattr(row.item, name))}


def _new_salt(spec: KindSpec, item: model.Item) -> bytes | None:
    """For the seal, where something personal is left that may be forgotten later."""
    values = (getattr(item, spec.fields[i]) for i in spec.personal)
    return os.urandom(item_rows.SALT) if any(value and not item_rows.is_pseudonym(value) for value in values) else None


def _write_row(record: Record, spec: KindSpec, row: StoredRow) -> None:
    values = item_rows.stored_values(spec, msgspec.structs.astuple(row.item))
    lost = item_rows.canonical_json(row.lost).decode()
    names = ", ".join(f'"{name}" = ?' for name in (*spec.fields, *(name for name, _ in spec.derived)))
    sql = f"UPDATE {spec.kind} SET {names}, salt = ?, lost = ? WHERE id = ?"
    record.database.run(sql, (*values, *row.derived, row.salt, lost, row.id))
