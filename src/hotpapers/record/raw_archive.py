"""Raw payloads: networks' answers, byte for byte, each stored once, or in quarantine with the reason.

Kept only for items that entered the record, and only as long as the network's terms allow. Raw payloads that name
something forgotten are not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

import zstandard

from hotpapers.base import errors, model
from hotpapers.record.database import Database, blob_bytes, sql_placeholders, statement_slices
from hotpapers.record.parsing import ParsedPayload
from hotpapers.record.tombstones import Tombstones

STEP = 100
"""Raw payloads searched at a time for forgotten keys."""
MAX_REASON_CHARS = 500
MIN_UNREADABLE_TIME = 2 * model.DAY
"""The shortest time for which unreadable raw payloads are kept; no network's terms require a shorter one."""

_COLUMNS = ("source", "kind", "key", "content", "body", "seen_at", "keep_until")


def unpack_body(body: bytes) -> bytes:
    """A raw payload's body as it came. Raises CorruptStore."""
    try:
        return zstandard.decompress(blob_bytes(body))
    except zstandard.ZstdError as problem:
        raise errors.CorruptStore(f"a raw payload is damaged ({problem}); restore a backup") from problem


class RawArchive(NamedTuple):
    """Stores the raw payloads of one source. Call its methods inside `write()`."""

    database: Database
    forgotten: Tombstones
    source: str

    def keep(self, offered: Iterable[ParsedPayload]) -> list[int]:
        """Store payloads; the number of each, 0 if it must not be kept."""
        contents = []
        payloads: dict[bytes, tuple[model.RawPayload, int]] = {}
        for payload, items, _, keep_for in offered:
            if keep_for <= 0 or self._names_forgotten(payload) or any(map(self.forgotten.refuses, items)):
                contents.append(b"")
                continue
            contents.append(_content(payload))
            payloads.setdefault(contents[-1], (payload, min(payload.at + keep_for, model.MAX_INTEGER)))
        numbers = _keep(self.database, self.source, payloads)
        return [numbers.get(content, 0) for content in contents]

    def quarantine(self, parsed: ParsedPayload) -> None:
        """Put an unreadable payload into quarantine, once per content. It is kept for a while even if the source's
        payloads are not kept, for diagnosis."""
        payload = parsed.payload
        if self._names_forgotten(payload):
            return
        keep_until = min(payload.at + max(parsed.keep_for, MIN_UNREADABLE_TIME), model.MAX_INTEGER)
        text = parsed.problem[:MAX_REASON_CHARS]
        row = (
            *_row(self.source, payload, _content(payload), keep_until),
            model.storable_text(text),
        )
        self.database.insert("quarantine", (*_COLUMNS, "reason"), [row])

    def _names_forgotten(self, payload: model.RawPayload) -> bool:
        is_forgotten = self.forgotten.holds
        if not self.forgotten:
            return False
        return (
            is_forgotten(payload.key)
            or is_forgotten(f"{self.source}:{payload.key}")
            or self.forgotten.named_in(payload.key, payload.body)
        )


def _keep(database: Database, source: str, payloads: Mapping[bytes, tuple[model.RawPayload, int]]) -> dict[bytes, int]:
    """Store payloads, given with the time until which they are kept (µs UTC); their numbers by content hash.
    Raw payloads already stored keep their number."""
    numbers: dict[bytes, int] = {}
    for chunk in statement_slices(list(payloads.items())):
        rows = (_row(source, payload, content, keep_until) for content, (payload, keep_until) in chunk)
        sql = f"""INSERT INTO raw ({", ".join(_COLUMNS)})
            VALUES {", ".join([f"({sql_placeholders(_COLUMNS)})"] * len(chunk))}
            ON CONFLICT (source, content) DO UPDATE SET content = excluded.content RETURNING content, id"""
        numbers.update(
            (blob_bytes(content), number) for content, number in database.rows(sql, [*chain.from_iterable(rows)])
        )
    return numbers


def _row(source: str, payload: model.RawPayload, content: bytes, keep_until: int) -> tuple[Any, ...]:
    body = zstandard.compress(payload.body, level=3)
    return source, payload.kind, model.storable_text(payload.key), content, body, payload.at, keep_until


def original_payload(kind: str, key: str, body: bytes, seen_at: int) -> model.RawPayload:
    """A stored payload as it came. Raises CorruptStore."""
    return model.RawPayload(kind, key, unpack_body(body), seen_at)


def _content(payload: model.RawPayload) -> bytes:
    """A raw payload's content hash: SHA-256 of kind, key and body. The body is not enough: two may both be `null`."""
    return hashlib.sha256(
        b"\0".join((payload.kind.encode(), payload.key.encode("utf-8", "replace"), payload.body))
    ).digest()


def erase_payloads(
    database: Database, numbers: Iterable[int], keys: Iterable[str], named_in: Callable[[str, bytes], bool]
) -> int:
    """Delete raw payloads by number, and all those, also in quarantine, that have some keys or name them;
    the number deleted."""
    gone = set(numbers)
    own = {name for key in keys for name in (key, key.partition(":")[2])}
    count = 0
    for table in ("raw", "quarantine"):
        # a few at a time: a database server ends a transaction that asks nothing for long, and bodies may be large
        reason = "reason" if table == "quarantine" else "''"
        last = -1
        sql = f"SELECT id, key, {reason}, body FROM {table} WHERE id > ? ORDER BY id LIMIT {STEP}"
        while rows := database.rows(sql, (last,)):
            matching = [
                (number,)
                for number, key, reason, body in rows
                if (table == "raw" and number in gone) or key in own or named_in(f"{key} {reason}", unpack_body(body))
            ]
            count += database.many(f"DELETE FROM {table} WHERE id = ?", matching)
            last = rows[-1][0]
    return count


# ---- in quarantine ---------------------------------------------------------------------------------------


_SHOWN = "id, source, kind, key, reason, seen_at, keep_until"


class QuarantinedPayload(NamedTuple):
    """A raw payload in quarantine. `key`: the network's id, as far as it could be read. `reason`: why the payload could
    not be parsed. `seen_at`, `keep_until`: µs UTC."""

    number: int
    source: str
    kind: str
    key: str
    reason: str
    seen_at: int
    keep_until: int


def count_by_source(database: Database) -> dict[str, int]:
    """The number of raw payloads in quarantine, by source."""
    return dict(database.rows("SELECT source, count(*) FROM quarantine GROUP BY source ORDER BY source"))


def latest(database: Database, source: str, most: int) -> list[QuarantinedPayload]:
    """The latest raw payloads, at most `most`, newest first. `source`: only of this source, empty for all."""
    where, params = ("WHERE source = ?", (source,)) if source else ("", ())
    sql = f"SELECT {_SHOWN} FROM quarantine {where} ORDER BY id DESC LIMIT ?"
    rows = database.rows(sql, (*params, most))
    return [QuarantinedPayload(*row) for row in rows]


def load(database: Database, number: int) -> tuple[QuarantinedPayload, bytes]:
    """A raw payload and its body, as the network sent it. Raises NotFound, CorruptStore."""
    rows = database.rows(f"SELECT {_SHOWN}, body FROM quarantine WHERE id = ?", (number,))
    if not rows:
        raise errors.NotFound(f"{number}: no such payload in quarantine; `hotpapers quarantine` lists them")
    *columns, body = rows[0]
    return QuarantinedPayload(*columns), unpack_body(body)


def release(
    database: Database,
    forgotten: Tombstones,
    source: str,
    read: Callable[[model.RawPayload], ParsedPayload],
) -> None:
    """Release payloads from quarantine that a newer parser can read; store it with the raw payloads if it has any
    items."""
    sql = "SELECT id, kind, key, body, seen_at, keep_until FROM quarantine WHERE source = ? ORDER BY id"
    for number, *parts, keep_until in database.rows(sql, (source,)):
        parsed = read(original_payload(*parts))
        if not parsed.problem:
            database.run("DELETE FROM quarantine WHERE id = ?", (number,))
            if parsed.items and not any(map(forgotten.refuses, parsed.items)):
                _keep(database, source, {_content(parsed.payload): (parsed.payload, keep_until)})
