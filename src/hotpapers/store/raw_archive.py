"""What networks said, untouched: kept raw per item, once by content, or in quarantine with the reason.

Only for items that entered the record, and only as long as the network's terms allow. An original that names what was
forgotten is not kept.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import zstandard

from hotpapers import model
from hotpapers.errors import CorruptStore
from hotpapers.store.database import Database
from hotpapers.store.item_rows import SPECS, StoredRow, read_row, select_columns
from hotpapers.store.parsing import ParsedPayload
from hotpapers.store.tombstones import Tombstones

CHUNK = 2_000
"""Originals that are read again in one batch."""
LONGEST_REASON = 500
SHORTEST = 2 * model.DAY
"""For how long at least what could not be read is kept: no network's terms ask for less."""

_KEEP = (
    "INSERT INTO raw (source, kind, key, content, body, seen_at, keep_until) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (source, content) DO UPDATE SET content = excluded.content RETURNING id"
)
_SET_APART = (
    "INSERT INTO quarantine (source, kind, key, reason, content, body, seen_at, keep_until)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


def _pack(body: bytes) -> bytes:
    return zstandard.compress(body, level=3)


def unpack(body: bytes) -> bytes:
    """An original as it came. Raises CorruptStore."""
    try:
        return zstandard.decompress(bytes(body))
    except zstandard.ZstdError as problem:
        raise CorruptStore(f"an original is damaged ({problem}); restore a backup") from problem


class RawArchive(NamedTuple):
    """Where one source's originals go. Call inside `write()`."""

    database: Database
    forgotten: Tombstones
    source: str

    def keep(self, parsed: ParsedPayload, items: Iterable[model.Item]) -> int:
        """The number of the original of some items; 0 where it is not to be kept."""
        payload, time = parsed.payload, parsed.keep_for
        if time <= 0 or self._names_forgotten(payload) or any(map(self.forgotten.refuses, items)):
            return 0
        return _keep(self.database, self.source, payload, min(payload.at + time, model.LARGEST))

    def quarantine(self, parsed: ParsedPayload) -> None:
        """Sets apart what could not be read, once by content; a while also where nothing is kept, to find out why."""
        payload = parsed.payload
        if self._names_forgotten(payload):
            return
        keep_until = min(payload.at + max(parsed.keep_for, SHORTEST), model.LARGEST)
        content, reason = _content(payload), model.storable(parsed.problem[:LONGEST_REASON])
        key = model.storable(payload.key)
        row = (self.source, payload.kind, key, reason, content, _pack(payload.body), payload.at, keep_until)
        self.database.run(_SET_APART, row)

    def _names_forgotten(self, payload: model.RawPayload) -> bool:
        held = self.forgotten.holds
        return bool(self.forgotten) and (
            held(payload.key)
            or held(f"{self.source}:{payload.key}")
            or self.forgotten.named_in(payload.key, payload.body)
        )


def _keep(database: Database, source: str, payload: model.RawPayload, keep_until: int) -> int:
    content = _content(payload)
    row = (source, payload.kind, model.storable(payload.key), content, _pack(payload.body), payload.at, keep_until)
    return int(database.rows(_KEEP, row)[0][0])


def _content(payload: model.RawPayload) -> bytes:
    """By what an original is known: SHA-256 of its kind, key and body; two posts may both be told of as `null`."""
    return hashlib.sha256(
        b"\0".join((payload.kind.encode(), payload.key.encode("utf-8", "replace"), payload.body))
    ).digest()


# ---- read again ------------------------------------------------------------------------------------------


def release(
    database: Database,
    forgotten: Tombstones,
    source: str,
    read: Callable[[model.RawPayload], ParsedPayload],
) -> None:
    """Takes out of quarantine what a better reader can read: to the originals, if it gives anything."""
    sql = "SELECT id, kind, key, body, seen_at, keep_until FROM quarantine WHERE source = ? ORDER BY id"
    for number, *parts, keep_until in database.rows(sql, (source,)):
        parsed = read(_original(*parts))
        if not parsed.problem:
            database.run("DELETE FROM quarantine WHERE id = ?", (number,))
            if parsed.items and not any(map(forgotten.refuses, parsed.items)):
                _keep(database, source, parsed.payload, keep_until)


def apart(database: Database, source: str) -> Iterator[model.RawPayload]:
    """What is in quarantine of a source."""
    sql = "SELECT kind, key, body, seen_at FROM quarantine WHERE source = ? ORDER BY id"
    return (_original(*parts) for parts in database.iterate(sql, (source,)))


def after(database: Database, source: str, number: int) -> list[tuple[int, model.RawPayload]]:
    """The next originals of a source, by number."""
    sql = f"SELECT id, kind, key, body, seen_at FROM raw WHERE source = ? AND id > ? ORDER BY id LIMIT {CHUNK}"
    return [(own, _original(*parts)) for own, *parts in database.rows(sql, (source, number))]


def _original(kind: str, key: str, body: bytes, seen_at: int) -> model.RawPayload:
    return model.RawPayload(kind, key, unpack(body), seen_at)


def open_rows(database: Database, numbers: Sequence[int]) -> dict[int, list[StoredRow]]:
    """The open rows that were read from originals, by the original's number; numbers are ascending."""
    rows: dict[int, list[StoredRow]] = defaultdict(list)
    if numbers:
        for spec in SPECS.values():
            sql = (
                f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE until = 0 AND origin > 0"  # as its index has it
            )
            for stored in database.iterate(f"{sql} AND origin BETWEEN ? AND ?", (numbers[0], numbers[-1])):
                row = read_row(spec, stored)
                rows[row.origin].append(row)
    return rows


def compare(rows: Iterable[StoredRow], read: Iterable[model.Item]) -> tuple[list[StoredRow], list[model.Item]]:
    """What is no longer given, and what is new. The same words at a later moment are the same words: an original is
    kept once, however often it was seen; what is read anew from it holds at all these moments."""
    kept, items = list(rows), list(read)
    stale = [row for row in kept if not any(_same(row.item, item) for item in items)]
    fresh = [item for item in items if not any(_same(row.item, item) for row in kept)]
    new = [msgspec.structs.replace(item, observed_at=at) for item in fresh for at in _moments(item, stale)]
    return stale, new


def _moments(item: model.Item, stale: Iterable[StoredRow]) -> list[int]:
    """The moments of an item: its own, and the later ones at which the original said something else of its key."""
    key = model.typed_key(item)
    later = {row.item.observed_at for row in stale if model.typed_key(row.item) == key}
    return sorted({item.observed_at, *(at for at in later if at > item.observed_at)})


def _same(kept: model.Item, item: model.Item) -> bool:
    return kept.observed_at >= item.observed_at and kept == msgspec.structs.replace(item, observed_at=kept.observed_at)


def erase(
    database: Database, numbers: Iterable[int], keys: Iterable[str], named_in: Callable[[str, bytes], bool]
) -> int:
    """Removes originals by number, and all, also from quarantine, that are under some keys or name them; how many."""
    gone = set(numbers)
    own = {name for key in keys for name in (key, key.partition(":")[2])}
    count = 0
    for table in ("raw", "quarantine"):
        marked = [
            (number,)
            for number, key, body in database.iterate(f"SELECT id, key, body FROM {table}")
            if (table == "raw" and number in gone) or key in own or named_in(key, unpack(body))
        ]
        if marked:
            count += database.many(f"DELETE FROM {table} WHERE id = ?", marked)
    return count
