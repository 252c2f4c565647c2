"""Leases, the pace of hosts and how jobs are doing, as the store keeps them: no items, in no batch and in no export."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hotpapers.jobs.job_state import LEASE, MOST_AHEAD, JobState
from hotpapers.model import LARGEST
from hotpapers.store.database import Database
from hotpapers.store.record import Record, allow_all


def take_lease(record: Record, source: str, holder: str, *, at: int | None = None, hold: int = LEASE) -> bool:
    """Takes or renews the lease of a source, unless somebody else holds it. By the database's own clock, which is the
    same for all machines that share it. A lease that ends later than any can was taken before that clock was set back;
    those of others that ended long ago are swept out."""
    with record.database.write():
        at = at or record.database.clock()  # not before: who waits for the lock would hold a lease of the past
        rows = record.database.rows("SELECT holder, until_at FROM lease WHERE source = ?", (source,))
        if rows and rows[0][0] != holder and at < rows[0][1] <= at + hold:
            return False
        sql = "DELETE FROM lease WHERE source = ? OR (until_at < ? AND holder <> ?)"
        record.database.run(sql, (source, at - hold, holder))
        record.database.run("INSERT INTO lease VALUES (?, ?, ?)", (source, holder, at + hold))
    return True


def renew_leases(record: Record, sources: Iterable[str], holder: str, *, hold: int = LEASE) -> frozenset[str]:
    """Renews leases; which of them. Not those that somebody else had meanwhile: what their holder knew of the source is
    old then."""
    with record.database.write():
        rows = record.database.rows("SELECT source FROM lease WHERE holder = ?", (holder,))
        renewed = frozenset(source for (source,) in rows).intersection(sources)
        until = record.database.clock() + hold
        for source in sorted(renewed):
            record.database.run("UPDATE lease SET until_at = ? WHERE source = ?", (until, source))
    return renewed


def holder_of(record: Record, source: str) -> str:
    """Who holds the lease of a source, or held it last; empty where it was given back."""
    rows = record.database.rows("SELECT holder FROM lease WHERE source = ?", (source,))
    return str(rows[0][0]) if rows else ""


def end_lease(record: Record, source: str, holder: str) -> None:
    """Gives one lease back."""
    with record.database.write():
        record.database.run("DELETE FROM lease WHERE source = ? AND holder = ?", (source, holder))


def count_holders(record: Record, kin: str, *, at: int | None = None, hold: int = LEASE) -> int:
    """How many processes say that they are there, by leases whose names begin alike."""
    at = at or record.database.clock()
    sql = "SELECT count(*) FROM lease WHERE source >= ? AND source < ? AND until_at > ? AND until_at <= ?"
    return int(record.database.rows(sql, (kin, kin + "~", at, at + hold))[0][0])


def end_leases(database: Database, holder: str) -> None:
    """Gives all leases of a holder back, so that others need not wait for their end."""
    with database.write():
        database.run("DELETE FROM lease WHERE holder = ?", (holder,))


def reserve_moment(record: Record, host: str, seconds: float, *, at: int | None = None) -> float:
    """Reserves the next moment at which a host may be asked, over all processes of a site; seconds to wait for it."""
    with record.database.write():
        at = at or record.database.clock()
        rows = record.database.rows("SELECT next_at FROM pace WHERE host = ?", (host,))
        moment = max(rows[0][0], at) if rows and rows[0][0] <= at + MOST_AHEAD else at
        record.database.run("DELETE FROM pace WHERE host = ?", (host,))
        record.database.run("INSERT INTO pace VALUES (?, ?)", (host, min(moment + int(seconds * 1e6), LARGEST)))
        return (moment - at) / 1e6


def save_state(record: Record, status: JobState, precondition: Callable[[], object] = allow_all) -> None:
    """Keeps how a source is doing. `precondition`, asked while nobody else can write, raises what forbids it."""
    with record.database.write():
        precondition()
        sql = "INSERT INTO job_state VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET state = excluded.state"
        record.database.run(sql, (status.source, msgspec.json.encode(status).decode()))


def load_state(record: Record, source: str) -> JobState:
    """How a source was doing last; a fresh start if it never ran."""
    rows = record.database.rows("SELECT state FROM job_state WHERE source = ?", (source,))
    return msgspec.json.decode(rows[0][0], type=JobState) if rows else JobState(source=source)


def all_states(record: Record) -> list[JobState]:
    """Every source that ever ran, by name."""
    rows = record.database.rows("SELECT state FROM job_state ORDER BY source")
    return [msgspec.json.decode(row[0], type=JobState) for row in rows]


def forget_reasons(database: Database, stand_in: Callable[[str], bool]) -> None:
    """Deletes why sources fail where somebody or something forgotten is named: errors may name what was asked for. Call
    inside `write()`."""
    for source, state in database.rows("SELECT source, state FROM job_state"):
        status = msgspec.json.decode(state, type=JobState)
        if stand_in(status.reason):
            left = msgspec.json.encode(msgspec.structs.replace(status, reason="")).decode()
            database.run("UPDATE job_state SET state = ? WHERE source = ?", (left, source))


def held_sources(record: Record, at: int) -> set[str]:
    """The sources whose leases hold at a moment."""
    return {source for (source,) in record.database.rows("SELECT source FROM lease WHERE until_at > ?", (at,))}


def drop_old_paces(record: Record, prefix: str, before: int) -> None:
    """Removes the moments before one that were reserved for hosts whose names begin so."""
    with record.database.write():
        sql = "DELETE FROM pace WHERE host >= ? AND host < ? AND next_at < ?"
        record.database.run(sql, (prefix, prefix + "~", before))
