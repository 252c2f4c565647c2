"""Forgetting: what a person takes back is gone from every byte of the store, and the issues still verify.

A forgotten value leaves its commitment, so that the row keeps its hash, and a forgotten key leaves a pseudonym, so
that rows which belong together still do and totals stay. The pseudonym is also the tombstone's mark: import, restore
and re-collection know by it what must not come back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import zstandard

from hotpapers import model
from hotpapers.errors import NoSuch, UsageError
from hotpapers.record import items, manifest
from hotpapers.record.items import SPECS, Row, Spec, commitment, select_columns
from hotpapers.record.store import Record, now


class Forgotten(NamedTuple):
    """What was forgotten: rows whose parts are gone, raw and quarantined originals, and copies out of reach."""

    keys: tuple[str, ...]
    rows: int
    originals: int
    out_of_reach: tuple[str, ...]


REFERENCES: dict[type[model.Item], tuple[str, ...]] = {
    model.Shown: ("post",),
    model.Account: ("account",),
    model.Alias: ("account", "stable"),
    model.Post: ("post", "account", "reply_to", "quotes"),
    model.Mention: ("post",),
    model.Reaction: ("post", "account"),
    model.Snapshot: ("post",),
    model.Verdict: ("subject",),
}
"""The fields in which a post or an account is named."""


def forget(record: Record, key: str, *, at: int | None = None) -> Forgotten:
    """Forgets a post or an account with all its posts, by its key (`x:1341…`, `x:@handle`, `bluesky:did:…`).

    Raises NoSuch when the record knows nothing of it, UsageError when it is no key. Running it again finishes what
    an interruption left.
    """
    keys = _keys(record, key)
    with record.database.write():
        handles = _handles(record, keys)
        rows = sum(_forget_rows(record, one) for one in keys)
        rows += sum(_redact(record, handle) for handle in handles)
        originals = sum(_forget_originals(record, one) for one in keys)
        for one in keys:
            mark = record.marks.tombstone(one)
            record.database.run("INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO NOTHING", (mark, at or now()))
    record.database.erase_traces()
    return Forgotten(keys, rows, originals, tuple(copies(record)))


def copies(record: Record) -> Iterator[str]:
    """Backups and exports that were made before: where they went, for a person to deal with."""
    for way, target in record.database.rows("SELECT way, target FROM copy ORDER BY id"):
        yield f"{way} {target}"


def _keys(record: Record, key: str) -> tuple[str, ...]:
    network, _, own = key.partition(":")
    if network not in model.NETWORKS or not own:
        raise UsageError(f"{key}: not a post or account; write it as network:id, such as x:1341202937956233217")
    if own.startswith("@"):
        key = f"{network}:{own.lower()}"
    posts = record.database.rows("SELECT DISTINCT post FROM post WHERE account = ? ORDER BY post", (key,))
    stable = record.database.rows("SELECT DISTINCT stable FROM alias WHERE account = ?", (key,))
    handles = record.database.rows("SELECT DISTINCT account FROM alias WHERE stable = ?", (key,))
    known = any(_named(record, cls, (key,)) for cls in REFERENCES)
    gone = record.database.rows("SELECT 1 FROM tombstone WHERE mark = ?", (record.marks.tombstone(key),))
    if not (known or gone):
        raise NoSuch(f"{key}: the record knows no such post or account")
    others = [row[0] for row in (*stable, *handles)]
    more = [p[0] for other in others for p in record.database.rows("SELECT post FROM post WHERE account = ?", (other,))]
    return model.distinct((key, *others, *(row[0] for row in posts), *more))


def _named(record: Record, cls: type[model.Item], keys: Sequence[str]) -> list[tuple[Any, ...]]:
    spec = SPECS[cls]
    where = " OR ".join(f'"{name}" = ?' for name in REFERENCES[cls])
    sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE {where}"
    return record.database.rows(sql, [key for key in keys for _ in REFERENCES[cls]])


def _forget_rows(record: Record, key: str) -> int:
    relabel: dict[int, dict[tuple[Any, ...], tuple[Any, ...]]] = defaultdict(dict)
    count = 0
    for cls in REFERENCES:
        spec = SPECS[cls]
        for found in _named(record, cls, (key,)):
            row = items.read_row(spec, found)
            anonymous = _anonymous(record, spec, row, key)
            relabel[row.since][row.label] = items.label_of(spec, msgspec.structs.astuple(anonymous))
            _overwrite(record, spec, row, anonymous)
            count += 1
    for position, names in relabel.items():
        _relabel(record, position, names)
    return count


def _anonymous(record: Record, spec: Spec, row: Row, key: str) -> model.Item:
    """The item without the key, and without all else that is personal where the key is the row's own subject."""
    own = getattr(row.item, spec.type.key[0]) == key and spec.type is not model.Reaction
    changes: dict[str, Any] = {}
    for index in spec.personal:
        name = spec.fields[index]
        value = getattr(row.item, name)
        if value == key or (own and name == "account" and value):
            changes[name] = value if items.is_pseudonym(value) else record.marks.pseudonym(value)
        elif own or (spec.type is model.Post and getattr(row.item, "account") == key):  # noqa: B009
            if name not in ("post", "account"):
                changes[name] = type(value)()
    return msgspec.structs.replace(row.item, **changes)


def _overwrite(record: Record, spec: Spec, row: Row, anonymous: model.Item) -> None:
    values = list(msgspec.structs.astuple(anonymous))
    for i in spec.lists:
        values[i] = items.canonical_json(values[i]).decode()
    for i in spec.flags:
        values[i] = int(values[i])
    lost = items.canonical_json(row.lost or _commitments(spec, row)).decode()
    names = ", ".join(f'"{name}" = ?' for name in spec.fields)
    sql = f"UPDATE {spec.kind} SET {names}, salt = NULL, lost = ? WHERE id = ?"
    record.database.run(sql, (*values, lost, row.id))


def _handles(record: Record, keys: Sequence[str]) -> list[str]:
    """The handles under which forgotten accounts are named in other people's posts."""
    found = []
    for key in keys:
        found += [row[0] for row in record.database.rows("SELECT handle FROM account WHERE account = ?", (key,))]
        found += [row[0] for row in record.database.rows("SELECT handle FROM post WHERE account = ?", (key,))]
    return sorted({handle.lower() for handle in found if handle})


def _redact(record: Record, handle: str) -> int:
    """Blacks out a handle in what others wrote: signs keep their places, so that links keep theirs."""
    spec = SPECS[model.Post]
    named = re.compile(rf"(?<![\w@.]){re.escape(handle)}(?![\w])", re.IGNORECASE)
    sql = f"SELECT {select_columns(spec)} FROM post WHERE lower(text) LIKE ? OR lower(links) LIKE ?"
    pattern = f"%{handle}%"
    count = 0
    for found in record.database.rows(sql, (pattern, pattern)):
        row = items.read_row(spec, found)
        post = row.item
        if not isinstance(post, model.Post):
            continue
        text = re.sub(rf"@{re.escape(handle)}(?!\w)", lambda m: "\u2588" * len(m[0]), post.text, flags=re.IGNORECASE)
        links = tuple(msgspec.structs.replace(k, target="") if named.search(k.target) else k for k in post.links)
        if (text, links) != (post.text, post.links):
            _overwrite(record, spec, row, msgspec.structs.replace(post, text=text, links=links))
            count += 1
    return count


def _commitments(spec: Spec, row: Row) -> dict[str, str]:
    names = [spec.fields[i] for i in spec.personal]
    salt = row.salt or b""
    return {name: commitment(salt, value) for name in names if (value := getattr(row.item, name))}


def _relabel(record: Record, position: int, names: dict[tuple[Any, ...], tuple[Any, ...]]) -> None:
    """Writes pseudonyms into a batch's list of labels; its chain value covers hashes, not labels."""
    found = record.database.rows("SELECT manifest FROM batch WHERE position = ?", (position,))
    listed = manifest.unpack(bytes(found[0][0]))
    labels = [names.get(tuple(label), tuple(label)) for label in listed.labels]
    changed = manifest.pack(msgspec.structs.replace(listed, labels=labels))
    record.database.run("UPDATE batch SET manifest = ? WHERE position = ?", (changed, position))


def _forget_originals(record: Record, key: str) -> int:
    """Removes raw and quarantined originals that are about the key or name it."""
    own = key.partition(":")[2].encode()
    count = 0
    for table in ("raw", "quarantine"):
        for raw_id, raw_key, body in record.database.rows(f"SELECT id, key, body FROM {table}"):
            if raw_key == key or own in zstandard.decompress(bytes(body)):
                count += record.database.run(f"DELETE FROM {table} WHERE id = ?", (raw_id,))
    return count
