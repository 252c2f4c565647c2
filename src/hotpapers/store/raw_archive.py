"""What networks said, untouched: kept raw per item, once by content, or in quarantine with the reason.

Only for items that entered the record, and only as long as the network's terms allow. An original that names what was
forgotten is not kept.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import zstandard

from hotpapers import model
from hotpapers.errors import CorruptStore
from hotpapers.store.database import Database, placeholders, slices
from hotpapers.store.item_rows import SPECS, StoredRow, read_row, select_columns
from hotpapers.store.parsing import ParsedPayload
from hotpapers.store.tombstones import Tombstones

CHUNK = 2_000
"""Originals that are read again in one batch."""
LONGEST_REASON = 500
SHORTEST = 2 * model.DAY
"""For how long at least what could not be read is kept: no network's terms ask for less."""

_COLUMNS = ("source", "kind", "key", "content", "body", "seen_at", "keep_until")
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


class Original(NamedTuple):
    """What a network said, and until when it is kept (µs UTC)."""

    payload: model.RawPayload
    keep_until: int


class RawArchive(NamedTuple):
    """Where one source's originals go. Call inside `write()`."""

    database: Database
    forgotten: Tombstones
    source: str

    def keep(self, offered: Iterable[tuple[ParsedPayload, Sequence[model.Item]]]) -> list[int]:
        """The numbers of the originals of some items each; 0 where one is not to be kept."""
        contents: list[bytes] = []
        originals: dict[bytes, Original] = {}
        for parsed, items in offered:
            content = _content(parsed.payload) if self._may_keep(parsed, items) else b""
            contents.append(content)
            if content:
                keep_until = min(parsed.payload.at + parsed.keep_for, model.LARGEST)
                originals.setdefault(content, Original(parsed.payload, keep_until))
        numbers = _keep(self.database, self.source, originals)
        return [numbers.get(content, 0) for content in contents]

    def _may_keep(self, parsed: ParsedPayload, items: Iterable[model.Item]) -> bool:
        if parsed.keep_for <= 0:
            return False
        return not (self._names_forgotten(parsed.payload) or any(map(self.forgotten.refuses, items)))

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


def _keep(database: Database, source: str, originals: Mapping[bytes, Original]) -> dict[bytes, int]:
    """The numbers of originals, by content; one that is there already keeps its own."""
    numbers: dict[bytes, int] = {}
    for some in slices(list(originals.items())):
        rows = (_row(source, content, original) for content, original in some)
        sql = f"""INSERT INTO raw ({", ".join(_COLUMNS)})
            VALUES {", ".join([f"({placeholders(_COLUMNS)})"] * len(some))}
            ON CONFLICT (source, content) DO UPDATE SET content = excluded.content RETURNING content, id"""
        numbers.update((bytes(content), number) for content, number in database.rows(sql, [*chain.from_iterable(rows)]))
    return numbers


def _row(source: str, content: bytes, original: Original) -> tuple[Any, ...]:
    payload = original.payload
    key, body = model.storable(payload.key), _pack(payload.body)
    return (source, payload.kind, key, content, body, payload.at, original.keep_until)


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
                _keep(database, source, {_content(parsed.payload): Original(parsed.payload, keep_until)})


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
