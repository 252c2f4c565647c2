"""The jobs of one source, run in turn in one thread, on a clock that jumps when they wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from hotpapers.http import ClientLimits
from hotpapers.ingest import make_jobs
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import NextAttempt
from hotpapers.jobs.job_state import LEASE, JobState
from hotpapers.jobs.loop import JobLoop
from hotpapers.model import HOUR, Coverage
from hotpapers.store import Record
from tests.loopback.faults import Plan
from tests.loopback.script import Script
from tests.loopback.servers import Loopback
from tests.torture.agree import latest
from tests.torture.site import QUICK, Given, Jumping, Wrong, choices_of, leases_of, patches, site_of


class Bench:
    """A source's jobs. `clock`: the networks' clock; `own`: the jobs' clock. `told`: the result of each round, by job
    and moment."""

    def __init__(self, jobs: dict[str, JobLoop], own: Wrong, loopback: Loopback, record: Record) -> None:
        self.jobs, self.clock, self.own, self.loopback, self.record = jobs, own.right, own, loopback, record
        self.told: list[tuple[str, int, NextAttempt]] = []
        self._due = dict.fromkeys(jobs, self.clock.now())

    def only(self, jobs: dict[str, JobLoop]) -> Bench:
        """The same bench with only some of the jobs, all due now."""
        return Bench(jobs, self.own, self.loopback, self.record)

    def until(self, moment: int) -> None:
        """Run each job when it is due, until a moment."""
        while True:
            name, due = min(self._due.items(), key=lambda pair: pair[1])
            if max(due, self.clock.now()) >= moment:
                break
            self.clock.to(due)
            following = self.jobs[name].attempt(once=True)
            assert following is not None, f"{name}: somebody else holds its lease"
            self.told.append((name, self.clock.now(), following))
            self._due[name] = self.clock.now() + round(following.seconds * 1e6) + 1
        self.clock.to(moment)

    def after(self, seconds: float) -> None:
        """Run each job when it is due, for this many seconds."""
        self.until(self.clock.now() + round(seconds * 1e6))

    def until_well(self, hours: float) -> None:
        """Run each job when it is due until none is failing, for at most this many hours."""
        end = self.clock.now() + round(hours * HOUR)
        while any(self.status(name).failing_since is not None for name in self.jobs) and self.clock.now() < end:
            self.after(60)

    def status(self, name: str) -> JobState:
        """The state of a job."""
        return jobs_queries.load_state(self.record, name)

    def coverage(self, network: str) -> list[Coverage]:
        """How well a network was read, stretch by stretch."""
        return sorted(
            (one for one in latest(self.record, Coverage).values() if one.network == network),
            key=lambda one: one.from_at,
        )


@contextmanager
def bench(
    source: str, store: str, script: Script, start: int, *, limits: ClientLimits = QUICK,
    changes: dict[str, object] | None = None,
) -> Iterator[Bench]:  # fmt: skip
    """A source's jobs, on a clock that starts at a moment, and the loopback internet that they read."""
    clock = Jumping(start)
    own = Wrong(clock)
    with ExitStack() as stack:
        loopback = stack.enter_context(Loopback(script, clock, Plan()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for where, name, value in patches(own, clock.advance, limits):
            patch.setattr(where, name, value)
        given = Given(store, loopback.bases, start, 0.0, clock.began, (source,), {source: changes or {}})
        stop = threading.Event()
        leases = leases_of(given, "one", hold=1000 * LEASE)
        site = site_of(given, stop, leases)
        jobs = {name: make() for name, make in make_jobs(choices_of(given), site).items()}
        for rounds in jobs.values():
            stack.callback(rounds.job.close)
            stack.callback(rounds._close_store)
        yield Bench(jobs, own, loopback, stack.enter_context(Record(store)))
