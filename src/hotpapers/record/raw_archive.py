"""Raw payloads: what networks sent, byte for byte, each stored once, or in quarantine with the reason.

Kept only for items that entered the record, and only as long as the network's terms allow. Raw payloads that name
something forgotten are not kept.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec
import zstandard

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore
from hotpapers.record.database import Database, blob, placeholders, slices
from hotpapers.record.item_rows import SPECS, StoredRow, read_row, select_columns
from hotpapers.record.parsing import ParsedPayload
from hotpapers.record.tombstones import Tombstones

CHUNK = 2_000
"""Raw payloads parsed again per batch."""
STEP = 100
"""Raw payloads searched at a time for what is forgotten."""
MAX_REASON_CHARS = 500
MIN_UNREADABLE_TIME = 2 * model.DAY
"""The shortest time for which unreadable raw payloads are kept; no network's terms require a shorter one."""

_COLUMNS = ("source", "kind", "key", "content", "body", "seen_at", "keep_until")
_INSERT_QUARANTINED = (
    "INSERT INTO quarantine (source, kind, key, reason, content, body, seen_at, keep_until)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


def _pack(body: bytes) -> bytes:
    return zstandard.compress(body, level=3)


def unpack(body: bytes) -> bytes:
    """A raw payload's body as it came. Raises CorruptStore."""
    try:
        return zstandard.decompress(blob(body))
    except zstandard.ZstdError as problem:
        raise CorruptStore(f"a raw payload is damaged ({problem}); restore a backup") from problem


class RawArchive(NamedTuple):
    """Stores the raw payloads of one source. Call its methods inside `write()`."""

    database: Database
    forgotten: Tombstones
    source: str

    def keep(self, offered: Iterable[ParsedPayload]) -> list[int]:
        """Store payloads; the number of each, 0 if it must not be kept."""
        contents: list[bytes] = []
        payloads: dict[bytes, tuple[model.RawPayload, int]] = {}
        for parsed in offered:
            content = _content(parsed.payload) if self._may_keep(parsed) else b""
            contents.append(content)
            if content:
                keep_until = min(parsed.payload.at + parsed.keep_for, model.MAX_INTEGER)
                payloads.setdefault(content, (parsed.payload, keep_until))
        numbers = _keep(self.database, self.source, payloads)
        return [numbers.get(content, 0) for content in contents]

    def _may_keep(self, parsed: ParsedPayload) -> bool:
        if parsed.keep_for <= 0:
            return False
        return not (self._names_forgotten(parsed.payload) or any(map(self.forgotten.refuses, parsed.items)))

    def quarantine(self, parsed: ParsedPayload) -> None:
        """Put an unreadable payload into quarantine, once per content. It is kept for a while even if the source's
        payloads are not kept, for diagnosis."""
        payload = parsed.payload
        if self._names_forgotten(payload):
            return
        keep_until = min(payload.at + max(parsed.keep_for, MIN_UNREADABLE_TIME), model.MAX_INTEGER)
        content, reason = _content(payload), model.storable(parsed.problem[:MAX_REASON_CHARS])
        key = model.storable(payload.key)
        row = (self.source, payload.kind, key, reason, content, _pack(payload.body), payload.at, keep_until)
        self.database.run(_INSERT_QUARANTINED, row)

    def _names_forgotten(self, payload: model.RawPayload) -> bool:
        is_forgotten = self.forgotten.holds
        return bool(self.forgotten) and (
            is_forgotten(payload.key)
            or is_forgotten(f"{self.source}:{payload.key}")
            or self.forgotten.named_in(payload.key, payload.body)
        )


def _keep(database: Database, source: str, payloads: Mapping[bytes, tuple[model.RawPayload, int]]) -> dict[bytes, int]:
    """Store payloads, given with the time until which they are kept (µs UTC); their numbers by content hash.
    Raw payloads already stored keep their number."""
    numbers: dict[bytes, int] = {}
    for chunk in slices(list(payloads.items())):
        rows = (
            (source, payload.kind, model.storable(payload.key), content, _pack(payload.body), payload.at, keep_until)
            for content, (payload, keep_until) in chunk
        )
        sql = f"""INSERT INTO raw ({", ".join(_COLUMNS)})
            VALUES {", ".join([f"({placeholders(_COLUMNS)})"] * len(chunk))}
            ON CONFLICT (source, content) DO UPDATE SET content = excluded.content RETURNING content, id"""
        numbers.update((blob(content), number) for content, number in database.rows(sql, [*chain.from_iterable(rows)]))
    return numbers


def _content(payload: model.RawPayload) -> bytes:
    """A raw payload's content hash: SHA-256 of kind, key and body. The body is not enough: two may both be `null`."""
    return hashlib.sha256(
        b"\0".join((payload.kind.encode(), payload.key.encode("utf-8", "replace"), payload.body))
    ).digest()


# ---- parsed again ----------------------------------------------------------------------------------------


def release(
    database: Database,
    forgotten: Tombstones,
    source: str,
    read: Callable[[model.RawPayload], ParsedPayload],
) -> None:
    """Release from quarantine what a newer parser can read; store it with the raw payloads if it has any items."""
    sql = "SELECT id, kind, key, body, seen_at, keep_until FROM quarantine WHERE source = ? ORDER BY id"
    for number, *parts, keep_until in database.rows(sql, (source,)):
        parsed = read(_original(*parts))
        if not parsed.problem:
            database.run("DELETE FROM quarantine WHERE id = ?", (number,))
            if parsed.items and not any(map(forgotten.refuses, parsed.items)):
                _keep(database, source, {_content(parsed.payload): (parsed.payload, keep_until)})


def in_quarantine(database: Database, source: str) -> Iterator[model.RawPayload]:
    """A source's payloads in quarantine."""
    sql = "SELECT kind, key, body, seen_at FROM quarantine WHERE source = ? ORDER BY id"
    return (_original(*parts) for parts in database.iterate(sql, (source,)))


def after(database: Database, source: str, number: int) -> list[tuple[int, model.RawPayload]]:
    """The next raw payloads of a source after a number."""
    sql = f"SELECT id, kind, key, body, seen_at FROM raw WHERE source = ? AND id > ? ORDER BY id LIMIT {CHUNK}"
    return [(own, _original(*parts)) for own, *parts in database.rows(sql, (source, number))]


def _original(kind: str, key: str, body: bytes, seen_at: int) -> model.RawPayload:
    return model.RawPayload(kind, key, unpack(body), seen_at)


def open_rows(database: Database, numbers: Sequence[int]) -> dict[int, list[StoredRow]]:
    """The open rows parsed from raw payloads, by the payload's number. `numbers`: ascending."""
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
    """The rows that a raw payload no longer yields, and the new items. The same content at a later moment is not new: a
    raw payload is stored once, however often it was seen, and new items are added at all these moments."""
    stored_rows, items = list(rows), list(read)
    stale = [row for row in stored_rows if not any(_same(row.item, item) for item in items)]
    new_items = [item for item in items if not any(_same(row.item, item) for row in stored_rows)]
    new = [msgspec.structs.replace(item, observed_at=at) for item in new_items for at in _moments(item, stale)]
    return stale, new


def _moments(item: model.Item, stale: Iterable[StoredRow]) -> list[int]:
    """The moments of a new item: its own, and the later ones of stale rows with its key."""
    key = model.typed_key(item)
    later = {row.item.observed_at for row in stale if model.typed_key(row.item) == key}
    return sorted({item.observed_at, *(at for at in later if at > item.observed_at)})


def _same(kept: model.Item, item: model.Item) -> bool:
    return kept.observed_at >= item.observed_at and kept == msgspec.structs.replace(item, observed_at=kept.observed_at)


def erase(
    database: Database, numbers: Iterable[int], keys: Iterable[str], named_in: Callable[[str, bytes], bool]
) -> int:
    """Delete raw payloads by number, and all those, also in quarantine, that have some keys or name them;
    the number deleted."""
    gone = set(numbers)
    own = {name for key in keys for name in (key, key.partition(":")[2])}
    count = 0
    for table in ("raw", "quarantine"):
        for rows in _steps(database, table):
            matching = [
                (number,)
                for number, key, body in rows
                if (table == "raw" and number in gone) or key in own or named_in(key, unpack(body))
            ]
            if matching:
                count += database.many(f"DELETE FROM {table} WHERE id = ?", matching)
    return count


def _steps(database: Database, table: str) -> Iterator[list[tuple[int, str, bytes]]]:
    """(number, key, body) of all payloads in a table, in order, a few at a time: a database server ends a transaction
    that asks nothing for long, and bodies may be large."""
    after, sql = -1, f"SELECT id, key, body FROM {table} WHERE id > ? ORDER BY id LIMIT {STEP}"
    while rows := [(number, key, body) for number, key, body in database.rows(sql, (after,))]:
        yield rows
        after = rows[-1][0]
