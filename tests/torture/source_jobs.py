"""The jobs of one source, run in turn in one thread, on a clock that jumps when they wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from hotpapers.base.http import ClientLimits
from hotpapers.base.model import HOUR, Coverage
from hotpapers.collect.job_factory import make_jobs
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import NextAttempt
from hotpapers.jobs.job_state import LEASE, JobState
from hotpapers.jobs.loop import JobLoop
from hotpapers.record import Record
from tests.loopback.faults import Plan
from tests.loopback.script import Script
from tests.loopback.servers import Loopback
from tests.torture.comparison import latest_observations
from tests.torture.site import (
    QUICK_LIMITS,
    JumpingClock,
    OffsetClock,
    SiteParameters,
    chosen_sources_of,
    make_context,
    make_leases,
    patches,
)


class SourceJobs:
    """A source's jobs. `clock`: the networks' clock; `job_clock`: that of the jobs. `attempts`: the result of each
    round, with its job and moment."""

    def __init__(self, jobs: dict[str, JobLoop], job_clock: OffsetClock, loopback: Loopback, record: Record) -> None:
        self.jobs, self.clock, self.job_clock, self.loopback, self.record = (
            jobs,
            job_clock.network_clock,
            job_clock,
            loopback,
            record,
        )
        self.attempts: list[tuple[str, int, NextAttempt]] = []
        self._due = dict.fromkeys(jobs, self.clock.now())

    def with_jobs(self, jobs: dict[str, JobLoop]) -> SourceJobs:
        """The same with only some of the jobs, all due now."""
        return SourceJobs(jobs, self.job_clock, self.loopback, self.record)

    def run_until(self, moment: int) -> None:
        """Run each job when it is due, until a moment."""
        while True:
            name, due = min(self._due.items(), key=lambda pair: pair[1])
            if max(due, self.clock.now()) >= moment:
                break
            self.clock.to(due)
            next_attempt = self.jobs[name].attempt(once=True)
            assert next_attempt is not None, f"{name}: another process holds its lease"
            self.attempts.append((name, self.clock.now(), next_attempt))
            self._due[name] = self.clock.now() + round(next_attempt.seconds * 1e6) + 1
        self.clock.to(moment)

    def run_for(self, seconds: float) -> None:
        """Run each job when it is due, for this many seconds."""
        self.run_until(self.clock.now() + round(seconds * 1e6))

    def run_until_recovered(self, hours: float) -> None:
        """Run each job when it is due until none is failing, for at most this many hours."""
        end = self.clock.now() + round(hours * HOUR)
        while any(self.status(name).failing_since is not None for name in self.jobs) and self.clock.now() < end:
            self.run_for(60)

    def status(self, name: str) -> JobState:
        """The state of a job."""
        return jobs_queries.load_state(self.record, name)

    def coverage(self, network: str) -> list[Coverage]:
        """How well a network was read, period by period."""
        return sorted(
            (item for item in latest_observations(self.record, Coverage).values() if item.network == network),
            key=lambda item: item.from_at,
        )


@contextmanager
def source_jobs(
    source: str, store: str, script: Script, start: int, *, limits: ClientLimits = QUICK_LIMITS,
    changes: dict[str, object] | None = None,
) -> Iterator[SourceJobs]:  # fmt: skip
    """A source's jobs, on a clock that starts at a moment, and the loopback internet that they read."""
    clock = JumpingClock(start)
    job_clock = OffsetClock(clock)
    with ExitStack() as stack:
        loopback = stack.enter_context(Loopback(script, clock, Plan()))
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        for target, name, value in patches(job_clock, clock.advance, limits):
            monkeypatch.setattr(target, name, value)
        parameters = SiteParameters(
            store, loopback.bases, start, 0.0, clock.real_start, (source,), {source: changes or {}}
        )
        stop = threading.Event()
        leases = make_leases(parameters, "process", lease=1000 * LEASE)
        site = make_context(parameters, stop, leases)
        jobs = {name: make() for name, make in make_jobs(chosen_sources_of(parameters), site).items()}
        for job_loop in jobs.values():
            stack.callback(job_loop.job.close)
            stack.callback(job_loop._close_store)
        yield SourceJobs(jobs, job_clock, loopback, stack.enter_context(Record(store)))
