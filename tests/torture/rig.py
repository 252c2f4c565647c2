"""Processes that read the loopback internet into one store, by an accelerated clock, until a test ends them."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

from hotpapers.base.model import DAY, HOUR
from hotpapers.collect.job_factory import job_names
from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from tests.loopback.clock import moment
from tests.loopback.script import MINUTE
from tests.loopback.servers import Loopback
from tests.loopback.world import World
from tests.torture import comparison
from tests.torture.comparison import Bounds, Outcome
from tests.torture.forks import Forks
from tests.torture.site import LEASE, READ, JumpingClock, SiteParameters, chosen_sources_of
from tests.torture.table import ALL, Report

SPEED = 300.0 if ALL else 600.0
START = moment("2026-03-10T02:00")
SOURCES_TO_READ = READ if ALL else ("bluesky", "feeds", "hackernews", "lobsters", "mastodon", "x")
"""The sources to read."""
PATIENCE = 180.0
"""Real seconds within which something expected must happen."""
LOOKBACK = {"feeds": DAY, "hackernews": 2 * DAY, "huggingface": DAY, "lobsters": DAY, "reddit": DAY // 2, "x": 2 * DAY}
"""At least how far back a source starts reading."""
LARGE_BUDGET: Mapping[str, Any] = {"budget": 1_000_000.0}
"""For X: a lost answer may have been charged, so a process killed this often would exhaust its budget."""
GREATEST_SETBACKS = {"hackernews": 0, "bluesky": 10 * MINUTE}
"""Jobs whose cursors are moments, and how far back these may go: a stream resumes from slightly earlier."""


class Rig:
    """The processes of a site. `lease`: how long their leases last, µs; `kind`: its database."""

    def __init__(self, loopback: Loopback, forks: Forks, parameters: SiteParameters, lease: int = LEASE) -> None:
        self.loopback, self.forks, self.parameters, self.lease = loopback, forks, parameters, lease
        self.clock, self.jobs = parameters.clock, job_names(chosen_sources_of(parameters))
        self.kind = parameters.store.partition(":")[0]
        self.running: list[int] = []

    def start(self, count: int = 1) -> int:
        """Start this many more processes, and return the first one."""
        new = [self.forks.start("collect", parameters=self.parameters, lease=self.lease) for _ in range(count)]
        self.running += new
        return new[0]

    def kill(self, pid: int) -> None:
        """Kill a process."""
        self.running.remove(pid)
        assert self.forks.kill(pid) == -signal.SIGKILL, self.forks.output()

    def wait(self, condition: Callable[[Record], object], seconds: float = PATIENCE) -> None:
        """Wait until a condition on the record holds. On timeout, report the jobs that are behind."""
        deadline = time.monotonic() + seconds
        with Record(self.parameters.store) as record:
            while not condition(record):
                late_jobs = [job for job in self.jobs if not has_read(record, job, self.clock.now() - HOUR)]
                assert time.monotonic() < deadline, (late_jobs, jobs_queries.all_states(record), self.forks.output())
                assert all(map(self.forks.is_alive, self.running)), self.forks.output()
                time.sleep(0.05)

    def wait_until_read(self, moment: int, jobs: Sequence[str] = ()) -> None:
        """Wait until all of these jobs have read up to a moment and requested the counts due by then."""
        self.wait(lambda record: all(has_read(record, job, moment) for job in jobs or self.jobs))

    def holders(self, record: Record) -> dict[str, str]:
        """The holder of each job with a valid lease."""
        sql = "SELECT source, holder FROM lease WHERE until_at > ?"
        holders_by_job = dict(record.database.rows(sql, (record.database.clock(),)))
        return {job: holders_by_job[job] for job in self.jobs if job in holders_by_job}

    def wait_until_all_are_held(self, record: Record, excluded_pid: int = 0) -> float:
        """Wait until every job is held, and return how many real seconds it took."""
        start = time.monotonic()
        while True:
            holders = self.holders(record)
            if len(holders) == len(self.jobs) and not any(
                name.startswith(f"{excluded_pid}:") for name in holders.values()
            ):
                return time.monotonic() - start
            assert time.monotonic() - start < PATIENCE, (holders, self.forks.output())
            time.sleep(0.02)

    def end(self) -> Outcome:
        """Wait until everything posted so far is read, stop the processes, and compare the record with the script."""
        end_of_reading = self.clock.now()
        self.wait_until_read(end_of_reading)
        for pid in self.running:
            assert self.forks.kill(pid, signal.SIGTERM) == 0, self.forks.output()
        assert self.loopback.trap_requests == 0
        with Record(self.parameters.store) as record:
            bounds = Bounds(self.loopback.script, self.loopback.bases, START, end_of_reading - 15 * MINUTE, 10 * MINUTE)
            return compare(record, bounds)

    def finish(self, report: Report, name: str, times: int = 1) -> None:
        """End the processes, report a row of the table, and require that nothing differs."""
        outcome = self.end()
        report.add_row(f"{name}, {self.kind}", times, outcome)
        assert outcome.is_clean and outcome.posts > 50, outcome


@contextmanager
def rig(store: str, folder: Path, *, lease: int = LEASE, parts: int = 1, process_url: str = "") -> Iterator[Rig]:
    """A site without processes yet. `process_url`: another address of its store, for the processes."""
    script, clock = World(5, "2026-02-23", post_rate=3), JumpingClock(START, SPEED)
    with Loopback(script, clock) as loopback, Forks(folder / "log") as forks:
        changes = {"x": LARGE_BUDGET, "bluesky": {"parts": parts}}
        parameters = SiteParameters(
            process_url or store, dict(loopback.bases), START, SPEED, clock.real_start, SOURCES_TO_READ, changes
        )
        yield Rig(loopback, forks, parameters, lease)


def has_read(record: Record, job: str, moment: int) -> bool:
    """Whether a job has read up to a moment."""
    status = jobs_queries.load_state(record, job)
    if job.endswith("/counts"):
        overdue = "SELECT count(*) FROM recount WHERE network = ? AND due_at <= ?"
        return record.database.rows(overdue, (job.partition("/")[0], moment)) == [(0,)]
    if job == "arxiv":  # once a day's announcement is complete, there is nothing to read until the next one
        return status.state == "idle" and max(status.success_at or 0, status.next_at or 0) > moment
    return (status.covered_to or 0) > moment


def compare(record: Record, bounds: Bounds) -> Outcome:
    """Compare each network from when it was first read, and the arXiv days whose feeds were read."""
    outcome = comparison.check_store(record)
    setbacks = (job for job, limit in GREATEST_SETBACKS.items() if not only_moved_on(record, job, limit))
    outcome += Outcome(errors=tuple(f"the cursor of {job} went back" for job in setbacks))
    days = 'SELECT DISTINCT "day" FROM announcement WHERE "day" > \'2026-03-09\' ORDER BY 1'
    outcome += comparison.compare_announcements(record, [row[0] for row in record.database.rows(days)], bounds)
    for name in (name for name in SOURCES_TO_READ if name != "arxiv"):
        query = "SELECT min(at) FROM batch WHERE source = ?"
        first_reading = record.database.rows(query, (name,))[0][0] or bounds.until
        since = first_reading - LOOKBACK.get(name, 0) + HOUR
        outcome += comparison.compare_network(record, name, bounds._replace(since=since))
    quarantined = record.database.rows("SELECT source, reason FROM quarantine")
    return outcome + Outcome(errors=tuple(f"{source}: {reason}" for source, reason in quarantined))


def only_moved_on(record: Record, job: str, setback: int) -> bool:
    """Whether a cursor that is a moment never went back further than allowed."""
    sql = "SELECT cursor FROM batch WHERE source = ? AND cursor IS NOT NULL ORDER BY position"
    cursors = [_moment_of(row[0] or "0") for row in record.database.rows(sql, (job,))]
    return all(cursor >= latest - setback for cursor, latest in zip(cursors, accumulate(cursors, max), strict=True))


def _moment_of(cursor: str) -> int:
    """Up to when a job has read: its whole cursor, or what it calls so."""
    value = json.loads(cursor)
    return int(value["read"] if isinstance(value, dict) else value)
