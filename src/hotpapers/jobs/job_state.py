"""Who reads which source, when a host may be asked again, and how each source is doing.

These rows are about the work, not about the world: they are no items, are in no batch and in no export.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hotpapers.model import LARGEST
from hotpapers.store.database import Database
from hotpapers.store.record import Record, allow_all

LEASE = 16_000_000
"""Microseconds that a lease holds; its holder renews it while it works, so what a dead one left is taken over then."""
MOST_AHEAD = 600_000_000
"""Microseconds by which a host's next moment is ahead at most: what is further off was reserved by a clock that was
wrong."""


COUNTS = "/counts"
"""After a source's name: the job that reads its counts again."""
WORKING = "at work"
"""A job's state in a round."""


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is doing. Moments in µs UTC, None when there is none.

    `success_at`: the last page that was stored. `covered_to`: up to when the network was read without a gap.
    `failing_since` and `reason`: since when and why it cannot be read. `next_at`: when it is asked next. `bytes_in`,
    `bytes_out`, `requests`: traffic since `traffic_from`. `quarantined`: how much could not be read so far.
    `back_to`: the moment back to which it is read at first, where it is; `back_at`: when that was done.
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
    quarantined: int = 0
    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    traffic_from: int | None = None
    back_to: int | None = None
    back_at: int | None = None


def take_lease(record: Record, source: str, holder: str, *, at: int | None = None, hold: int = LEASE) -> bool:
    """Takes or renews the lease of a source, unless somebody else holds it. By the database's own clock, which is the
    same for all machines that share it. A lease that ends later than any can was taken before that clock was set back;
    those that ended long ago are swept out."""
    with record.database.write():
        at = at or record.database.clock()  # not before: who waits for the lock would hold a lease of the past
        found = record.database.rows("SELECT holder, until_at FROM lease WHERE source = ?", (source,))
        if found and found[0][0] != holder and at < found[0][1] <= at + hold:
            return False
        record.database.run("DELETE FROM lease WHERE source = ? OR until_at < ?", (source, at - hold))
        record.database.run("INSERT INTO lease VALUES (?, ?, ?)", (source, holder, at + hold))
    return True


def holder_of(record: Record, source: str) -> str:
    """Who holds the lease of a source, or held it last; empty where it was given back."""
    found = record.database.rows("SELECT holder FROM lease WHERE source = ?", (source,))
    return str(found[0][0]) if found else ""


def end_lease(record: Record, source: str, holder: str) -> None:
    """Gives one lease back."""
    with record.database.write():
        record.database.run("DELETE FROM lease WHERE source = ? AND holder = ?", (source, holder))


def holders(record: Record, kin: str, *, at: int | None = None, hold: int = LEASE) -> int:
    """How many processes say that they are there, by leases whose names begin alike."""
    at = at or record.database.clock()
    sql = "SELECT count(*) FROM lease WHERE source >= ? AND source < ? AND until_at > ? AND until_at <= ?"
    return int(record.database.rows(sql, (kin, kin + "~", at, at + hold))[0][0])


def end_leases(database: Database, holder: str) -> None:
    """Gives all leases of a holder back, so that others need not wait for their end."""
    with database.write():
        database.run("DELETE FROM lease WHERE holder = ?", (holder,))


def reserve(record: Record, host: str, seconds: float, *, at: int | None = None) -> float:
    """Reserves the next moment at which a host may be asked, over all processes of a site; seconds to wait for it."""
    with record.database.write():
        at = at or record.database.clock()
        found = record.database.rows("SELECT next_at FROM pace WHERE host = ?", (host,))
        mine = max(found[0][0], at) if found and found[0][0] <= at + MOST_AHEAD else at
        record.database.run("DELETE FROM pace WHERE host = ?", (host,))
        record.database.run("INSERT INTO pace VALUES (?, ?)", (host, min(mine + int(seconds * 1e6), LARGEST)))
        return (mine - at) / 1e6


def save(record: Record, duty: JobState, allowed: Callable[[], object] = allow_all) -> None:
    """Keeps how a source is doing. `allowed`: raises what keeps it from being written, asked while nobody else can."""
    with record.database.write():
        allowed()
        record.database.run("DELETE FROM duty WHERE source = ?", (duty.source,))
        record.database.run("INSERT INTO duty VALUES (?, ?)", (duty.source, msgspec.json.encode(duty).decode()))


def load(record: Record, source: str) -> JobState:
    """How a source was doing last; a fresh start if it never ran."""
    found = record.database.rows("SELECT state FROM duty WHERE source = ?", (source,))
    return msgspec.json.decode(found[0][0], type=JobState) if found else JobState(source=source)


def readers(known: Iterable[JobState], network: str) -> list[JobState]:
    """Of all jobs those that read a network: one, or one for each part of its stream."""
    return [
        duty for duty in known
        if duty.source == network or (duty.source.startswith(f"{network}/") and not duty.source.endswith(COUNTS))
    ]  # fmt: skip


def all_states(record: Record) -> list[JobState]:
    """Every source that ever ran, by name."""
    rows = record.database.rows("SELECT state FROM duty ORDER BY source")
    return [msgspec.json.decode(row[0], type=JobState) for row in rows]
