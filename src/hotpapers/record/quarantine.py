"""What is in quarantine: payloads that could not be parsed, kept with the reason until they expire or a newer parser
can. `raw_archive` puts them there."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.errors import NotFound
from hotpapers.record.database import Database
from hotpapers.record.raw_archive import unpack

_COLUMNS = "id, source, kind, key, reason, seen_at, keep_until"


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
    sql = f"SELECT {_COLUMNS} FROM quarantine {where} ORDER BY id DESC LIMIT ?"
    return [QuarantinedPayload(*row) for row in database.rows(sql, (*params, most))]


def load(database: Database, number: int) -> tuple[QuarantinedPayload, bytes]:
    """A raw payload and its body, as the network sent it. Raises NotFound, CorruptStore."""
    rows = database.rows(f"SELECT {_COLUMNS}, body FROM quarantine WHERE id = ?", (number,))
    if not rows:
        raise NotFound(f"{number}: no such payload in quarantine; `hotpapers quarantine` lists them")
    *columns, body = rows[0]
    return QuarantinedPayload(*columns), unpack(body)
