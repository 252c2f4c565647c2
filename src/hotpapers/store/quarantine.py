"""What could not be read: set apart with its reason until its time is over, or until a better reader can read it."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.errors import NotFound
from hotpapers.store.database import Database
from hotpapers.store.raw_archive import unpack

_COLUMNS = "id, source, kind, key, reason, seen_at, keep_until"


class QuarantinedPayload(NamedTuple):
    """An original in quarantine. `number`: its own; `key`: what the network calls it, as far as that could be read;
    `reason`: why it could not be read; `seen_at`, `keep_until`: µs UTC."""

    number: int
    source: str
    kind: str
    key: str
    reason: str
    seen_at: int
    keep_until: int


def counted(database: Database) -> dict[str, int]:
    """How many originals of each source are in quarantine."""
    return dict(database.rows("SELECT source, count(*) FROM quarantine GROUP BY source ORDER BY source"))


def latest(database: Database, source: str, most: int) -> list[QuarantinedPayload]:
    """The originals that came last, those of one source where it is named: the latest first, `most` at most."""
    where, params = ("WHERE source = ?", (source,)) if source else ("", ())
    sql = f"SELECT {_COLUMNS} FROM quarantine {where} ORDER BY id DESC LIMIT ?"
    return [QuarantinedPayload(*row) for row in database.rows(sql, (*params, most))]


def load(database: Database, number: int) -> tuple[QuarantinedPayload, bytes]:
    """An original and its body, as the network sent it. Raises NotFound, CorruptStore."""
    rows = database.rows(f"SELECT {_COLUMNS}, body FROM quarantine WHERE id = ?", (number,))
    if not rows:
        raise NotFound(f"{number}: nothing in quarantine has this number; `hotpapers quarantine` lists what is there")
    *columns, body = rows[0]
    return QuarantinedPayload(*columns), unpack(body)
