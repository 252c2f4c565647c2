"""Who reads which source, when a host may be asked again, and how each source is doing.

These rows are about the work, not about the world: they are no items, are in no batch and in no export.
"""

from __future__ import annotations

import msgspec

from hotpapers.model import LARGEST
from hotpapers.record.store import Record, now

LEASE = 30_000_000
"""Microseconds that a lease holds; its holder renews it while it works, so what a dead one left is taken over then."""


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is doing. Moments in µs UTC, None when there is none.

    `success_at`: the last page that was stored. `covered_to`: up to when the network was read without a gap.
    `failing_since` and `reason`: since when and why it cannot be read. `next_at`: when it is asked next. `bytes_in`,
    `requests`: traffic since `traffic_from`.
    """

    source: str
    started_at: int | None = None
    success_at: int | None = None
    covered_to: int | None = None
    failing_since: int | None = None
    state: str = "idle"
    reason: str = ""
    next_at: int | None = None
    items: int = 0
    requests: int = 0
    bytes_in: int = 0
    traffic_from: int | None = None


def take_lease(record: Record, source: str, holder: str, *, at: int | None = None, hold: int = LEASE) -> bool:
    """Takes or renews the lease of a source, unless somebody else holds it."""
    at = at or now()
    with record.database.write():
        found = record.database.rows("SELECT holder, until_at FROM lease WHERE source = ?", (source,))
        if found and found[0][0] != holder and found[0][1] > at:
            return False
        record.database.run("DELETE FROM lease WHERE source = ?", (source,))
        record.database.run("INSERT INTO lease VALUES (?, ?, ?)", (source, holder, at + hold))
    return True


def end_lease(record: Record, source: str, holder: str) -> None:
    """Gives a lease back, so that others need not wait for its end."""
    with record.database.write():
        record.database.run("DELETE FROM lease WHERE source = ? AND holder = ?", (source, holder))


def reserve(record: Record, host: str, seconds: float, *, at: int | None = None) -> float:
    """Reserves the next moment at which a host may be asked, over all processes of a site; seconds to wait for it."""
    at = at or now()
    with record.database.write():
        found = record.database.rows("SELECT next_at FROM pace WHERE host = ?", (host,))
        mine = max(found[0][0] if found else 0, at)
        record.database.run("DELETE FROM pace WHERE host = ?", (host,))
        record.database.run("INSERT INTO pace VALUES (?, ?)", (host, min(mine + int(seconds * 1e6), LARGEST)))
    return (mine - at) / 1e6


def save(record: Record, duty: Duty) -> None:
    """Keeps how a source is doing."""
    with record.database.write():
        record.database.run("DELETE FROM duty WHERE source = ?", (duty.source,))
        record.database.run("INSERT INTO duty VALUES (?, ?)", (duty.source, msgspec.json.encode(duty).decode()))


def load(record: Record, source: str) -> Duty:
    """How a source was doing last; a fresh start if it never ran."""
    found = record.database.rows("SELECT state FROM duty WHERE source = ?", (source,))
    return msgspec.json.decode(found[0][0], type=Duty) if found else Duty(source=source)


def all_duties(record: Record) -> list[Duty]:
    """Every source that ever ran, by name."""
    rows = record.database.rows("SELECT state FROM duty ORDER BY source")
    return [msgspec.json.decode(row[0], type=Duty) for row in rows]
