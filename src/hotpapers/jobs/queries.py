"""SQL for leases, the pace of hosts and job states. These are not items and appear in no batch or export."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hotpapers.base.model import MAX_INTEGER
from hotpapers.jobs.job_state import LEASE, MAX_WAIT_AHEAD, JobState
from hotpapers.record.database import Database, first_column, first_value
from hotpapers.record.record import Record

_decode = msgspec.json.Decoder(JobState).decode


def take_lease(record: Record, source: str, holder: str, *, at: int | None = None, hold: int = LEASE) -> bool:
    """Takes or renews a source's lease, unless another process holds it. Returns whether it did.

    Uses the database's clock, which is the same for all machines that share it. A lease that ends impossibly late was
    taken before that clock was set back, so it may be taken. Long-expired leases of other holders are deleted.
    """
    with record.database.write():
        at = at or record.database.clock()  # read under the lock: otherwise the wait would shorten the lease
        rows = record.database.rows("SELECT holder, until_at FROM lease WHERE source = ?", (source,))
        if rows and rows[0][0] != holder and at < rows[0][1] <= at + hold:
            return False
        sql = "DELETE FROM lease WHERE source = ? OR (until_at < ? AND holder <> ?)"
        record.database.run(sql, (source, at - hold, holder))
        record.database.run("INSERT INTO lease VALUES (?, ?, ?)", (source, holder, at + hold))
    return True


def renew_leases(record: Record, sources: Iterable[str], holder: str, *, hold: int) -> frozenset[str]:
    """Renews leases and returns which. Skips those that another process has had since: the former holder's state of the
    source is out of date."""
    with record.database.write():
        rows = record.database.rows("SELECT source FROM lease WHERE holder = ?", (holder,))
        renewed = frozenset(source for (source,) in rows).intersection(sources)
        until = record.database.clock() + hold
        for source in sorted(renewed):
            record.database.run("UPDATE lease SET until_at = ? WHERE source = ?", (until, source))
    return renewed


def holder_of(record: Record, source: str) -> str:
    """The current or last holder of a source's lease; empty if it was given back."""
    return str(first_value(record.database, "SELECT holder FROM lease WHERE source = ?", (source,)) or "")


def announced_holders(record: Record, prefix: str) -> list[str]:
    """The names of the current leases that start with `prefix`, with which processes announce themselves."""
    at = record.database.clock()
    sql = "SELECT source FROM lease WHERE source >= ? AND source < ? AND until_at > ? AND until_at <= ? ORDER BY source"
    return first_column(record.database, sql, (prefix, prefix + "~", at, at + LEASE))


def end_leases(database: Database, holder: str) -> None:
    """Gives back all leases of a holder, so that others need not wait for them to expire."""
    with database.write():
        database.run("DELETE FROM lease WHERE holder = ?", (holder,))


def reserve_moment(record: Record, host: str, seconds: float, *, at: int | None = None) -> float:
    """Reserves the next moment at which any process of the site may ask a host. Returns the seconds to wait for it."""
    with record.database.write():
        at = at or record.database.clock()
        rows = record.database.rows("SELECT next_at FROM pace WHERE host = ?", (host,))
        moment = max(rows[0][0], at) if rows and rows[0][0] <= at + MAX_WAIT_AHEAD else at
        record.database.run("DELETE FROM pace WHERE host = ?", (host,))
        record.database.run("INSERT INTO pace VALUES (?, ?)", (host, min(moment + int(seconds * 1e6), MAX_INTEGER)))
        return (moment - at) / 1e6


def save_state(record: Record, status: JobState) -> None:
    """Saves how a source is doing."""
    with record.database.write():
        write_state(record.database, status)


def write_state(database: Database, status: JobState) -> None:
    """Saves how a source is doing. Call inside `write()`."""
    sql = "INSERT INTO job_state VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET state = excluded.state"
    database.run(sql, (status.source, msgspec.json.encode(status).decode()))


def load_state(record: Record, source: str) -> JobState:
    """The last saved state of a source; a new one if it never ran."""
    rows = record.database.rows("SELECT state FROM job_state WHERE source = ?", (source,))
    return _decode(rows[0][0]) if rows else JobState(source=source)


def all_states(record: Record) -> list[JobState]:
    """The states of all sources that ever ran, by name."""
    return [_decode(row[0]) for row in record.database.rows("SELECT state FROM job_state ORDER BY source")]


def forget_reasons(database: Database, stand_in: Callable[[str], bool]) -> None:
    """Clears failure reasons that name a forgotten person or thing, as errors may contain the requested address. Call
    inside `write()`."""
    for source, row in database.rows("SELECT source, state FROM job_state"):
        if stand_in((state := _decode(row)).reason):
            write_state(database, msgspec.structs.replace(state, source=source, reason=""))


def held_sources(record: Record, at: int) -> set[str]:
    """The sources whose leases are still valid at a moment."""
    return set(first_column(record.database, "SELECT source FROM lease WHERE until_at > ?", (at,)))
