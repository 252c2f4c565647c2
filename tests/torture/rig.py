"""Processes that read the loopback internet into one store, on an accelerated clock, until a test ends them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

from hotpapers.ingest import job_names
from hotpapers.jobs import queries as jobs_queries
from hotpapers.model import DAY, HOUR
from hotpapers.sources import SOURCES
from hotpapers.store import Record
from tests.loopback.clock import moment
from tests.loopback.script import MINUTE
from tests.loopback.servers import Loopback
from tests.loopback.world import World
from tests.torture import agree
from tests.torture.agree import Bounds, Outcome
from tests.torture.forks import Forks
from tests.torture.site import HOLD, Given, Jumping, choices_of
from tests.torture.table import ALL, Telling

SPEED = 300.0 if ALL else 600.0
START = moment("2026-03-10T02:00")
READ = tuple(SOURCES) if ALL else ("bluesky", "feeds", "hackernews", "lobsters", "mastodon", "x")
"""The sources to read."""
PATIENCE = 180.0
"""Real seconds within which something expected must happen."""
BACK = {"feeds": DAY, "hackernews": 2 * DAY, "huggingface": DAY, "lobsters": DAY, "reddit": DAY // 2, "x": 2 * DAY}
"""At least how far back a source starts reading."""
RICH: Mapping[str, Any] = {"budget": 1_000_000.0}
"""For X: a lost answer may have been charged, so a process killed this often would exhaust its budget."""
GOING_ON = {"hackernews": 0, "bluesky": 10 * MINUTE, **{f"bluesky/{part}of4": 10 * MINUTE for part in range(1, 5)}}
"""Jobs whose cursors are moments, and how far these may go back: a stream resumes from slightly earlier."""


class Rig:
    """The processes of a site. `hold`: how long their leases last, µs; `kind`: its database."""

    def __init__(self, loopback: Loopback, forks: Forks, given: Given, hold: int = HOLD) -> None:
        self.loopback, self.forks, self.given, self.hold = loopback, forks, given, hold
        self.clock, self.jobs = given.clock, job_names(choices_of(given))
        self.kind = given.store.partition(":")[0]
        self.running: list[int] = []

    def start(self, many: int = 1) -> int:
        """Start this many more processes, and return the first one."""
        new = [self.forks.start("collect", given=self.given, hold=self.hold) for _ in range(many)]
        self.running += new
        return new[0]

    def kill(self, pid: int) -> None:
        """Kill a process."""
        self.running.remove(pid)
        assert self.forks.kill(pid) == -signal.SIGKILL, self.forks.said()

    def wait(self, until: Callable[[Record], object], seconds: float = PATIENCE) -> None:
        """Wait until a condition on the record holds. On timeout, report the jobs that are behind."""
        deadline = time.monotonic() + seconds
        with Record(self.given.store) as record:
            while not until(record):
                late = [job for job in self.jobs if not has_read(record, job, self.clock.now() - HOUR)]
                assert time.monotonic() < deadline, (late, jobs_queries.all_states(record), self.forks.said())
                assert all(map(self.forks.lives, self.running)), self.forks.said()
                time.sleep(0.05)

    def wait_until_read(self, moment: int, jobs: Sequence[str] = ()) -> None:
        """Wait until all of these jobs have read up to a moment and requested the counts due by then."""
        self.wait(lambda record: all(has_read(record, job, moment) for job in jobs or self.jobs))

    def holders(self, record: Record) -> dict[str, str]:
        """The holder of each job with a valid lease."""
        sql = "SELECT source, holder FROM lease WHERE until_at > ?"
        held = dict(record.database.rows(sql, (record.database.clock(),)))
        return {job: held[job] for job in self.jobs if job in held}

    def wait_until_all_is_held(self, record: Record, but_not_by: int = 0) -> float:
        """Wait until every job is held, and return how many real seconds it took."""
        began = time.monotonic()
        while True:
            held = self.holders(record)
            if len(held) == len(self.jobs) and not any(name.startswith(f"{but_not_by}:") for name in held.values()):
                return time.monotonic() - began
            assert time.monotonic() - began < PATIENCE, (held, self.forks.said())
            time.sleep(0.02)

    def end(self) -> Outcome:
        """Wait until everything said so far is read, stop the processes, and compare the record with the script."""
        until = self.clock.now()
        self.wait_until_read(until)
        for pid in self.running:
            assert self.forks.kill(pid, signal.SIGTERM) == 0, self.forks.said()
        assert self.loopback.trap_requests == 0
        with Record(self.given.store) as record:
            bounds = Bounds(self.loopback.script, self.loopback.bases, START, until - 15 * MINUTE, 10 * MINUTE)
            return compared(record, bounds)

    def tell(self, told: Telling, what: str, times: int = 1) -> None:
        """End the processes, report a row of the table, and require that nothing differs."""
        outcome = self.end()
        told.row(f"{what}, {self.kind}", times, outcome)
        assert outcome.good and outcome.posts > 50, outcome


@contextmanager
def rig(store: str, folder: Path, *, hold: int = HOLD, parts: int = 1, seen_as: str = "") -> Iterator[Rig]:
    """A site without processes yet. `seen_as`: another address of its store, for the processes."""
    script, clock = World(5, "2026-02-23", talk=3), Jumping(START, SPEED)
    with Loopback(script, clock) as loopback, Forks(folder / "log") as forks:
        changes = {"x": RICH, "bluesky": {"parts": parts}}
        given = Given(seen_as or store, dict(loopback.bases), START, SPEED, clock.began, READ, changes)
        yield Rig(loopback, forks, given, hold)


def has_read(record: Record, job: str, moment: int) -> bool:
    """Whether a job has read up to a moment."""
    status = jobs_queries.load_state(record, job)
    if job.endswith("/counts"):
        overdue = "SELECT count(*) FROM recount WHERE network = ? AND due_at <= ?"
        return record.database.rows(overdue, (job.partition("/")[0], moment)) == [(0,)]
    if job == "arxiv":  # once a day's announcement is complete, there is nothing to read until the next one
        return status.state == "idle" and max(status.success_at or 0, status.next_at or 0) > moment
    return (status.covered_to or 0) > moment


def compared(record: Record, bounds: Bounds) -> Outcome:
    """Compare each network from when it was first read, and the arXiv days whose feeds were read."""
    found = agree.sound(record)
    found += Outcome(
        wrong=tuple(
            f"the cursor of {job} went back" for job, most in GOING_ON.items() if not went_on(record, job, most)
        )
    )
    days = 'SELECT DISTINCT "day" FROM announcement WHERE "day" > \'2026-03-09\' ORDER BY 1'
    found += agree.announcements(record, [row[0] for row in record.database.rows(days)], bounds)
    for name in (name for name in READ if name != "arxiv"):
        first = "SELECT min(at) FROM batch WHERE source = ? OR source LIKE ?"
        began = record.database.rows(first, (name, f"{name}/_of_"))[0][0] or bounds.until
        found += agree.network(record, name, bounds._replace(since=began - BACK.get(name, 0) + HOUR))
    quarantined = record.database.rows("SELECT source, reason FROM quarantine")
    return found + Outcome(wrong=tuple(f"{source}: {reason}" for source, reason in quarantined))


def went_on(record: Record, job: str, most: int) -> bool:
    """Whether a cursor that is a moment never went back further than allowed."""
    sql = "SELECT cursor FROM batch WHERE source = ? AND cursor IS NOT NULL ORDER BY position"
    cursors = [int(row[0] or 0) for row in record.database.rows(sql, (job,))]
    return all(cursor >= furthest - most for cursor, furthest in zip(cursors, accumulate(cursors, max), strict=True))
