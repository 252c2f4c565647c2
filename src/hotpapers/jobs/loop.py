"""Rounds: a job is done, again and again, by one thread of one process of the site at a time.

Here are waits, lease, and what happens when a network or the store fails, or this program has a defect: the job is
tried again later, and is seen to be failing; it stops nothing else.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

import msgspec

from hotpapers.errors import CorruptStore, NetError, NewerStore, NotAStore, Stopped, StoreError, TakenOver
from hotpapers.ids.timestamps import SECOND
from hotpapers.jobs import job_state, queries
from hotpapers.jobs.attempts import NextAttempt, next_attempt
from hotpapers.jobs.isolation import ENDS, log_defect
from hotpapers.jobs.leases import Leases
from hotpapers.logs import log_event
from hotpapers.store import Record

FATAL = (CorruptStore, NewerStore, NotAStore)
"""What no waiting mends."""
JITTER = 60.0
"""Seconds by which a round begins later at most than it might, so that not all that failed ask again together. A tenth
of a pause, but not more: after a weekend that would be hours."""


class Clock(NamedTuple):
    """`now`: the moment, µs UTC. `sleep`: waits seconds; raises Stopped once the program was told to stop."""

    now: Callable[[], int]
    sleep: Callable[[float], None]


class JobContext:
    """What a job works with: its store, whether the job is still its own, and the row that says how it is doing."""

    def __init__(self, record: Record, job: str, clock: Clock, leases: Leases) -> None:
        self.record, self.clock = record, clock
        self._leases = leases
        self.status = queries.load_state(record, job)

    def reload_state(self) -> None:
        """How the job is doing, as whoever did it last has left it."""
        self.status = queries.load_state(self.record, self.status.source)

    def note(self, **changes: object) -> None:
        """Keeps how the job is doing."""
        changed = msgspec.structs.replace(self.status, **changes)
        if changed != self.status:
            self.status = changed
            queries.save_state(self.record, changed, self.confirm)

    def recovered(self) -> None:
        """Keeps that the job does well again, if it did not."""
        since = self.status.failing_since
        if since is not None:
            log_event("recovered", job=self.status.source, seconds=(self.clock.now() - since) // SECOND)
            self.note(failing_since=None, reason="")

    def check_lease(self) -> None:
        """Raises TakenOver when the job is another process's by now."""
        if not self._leases.holds(self.status.source):
            raise TakenOver(f"{self.status.source}: another process took it over")

    def confirm(self) -> None:
        """The same, asked of the store inside a batch, which is undone then."""
        self._leases.confirm(self.record, self.status.source)


class Job(Protocol):
    """What is done in rounds. `name`: under which it has its lease and its status."""

    name: str

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """One round; seconds until the next. With `once` it ends after a while, also where it never would.

        Raises NetError, StoreError, Stopped, TakenOver.
        """

    def close(self) -> None:
        """Ends its connections."""


class JobLoop:
    """The rounds of one job, for one thread. `make`: makes the job; after a defect of this program it is made anew, so
    that nothing half done is left in it. `problem`: what the last attempt ended in, where it was no network's fault.
    """

    def __init__(
        self, name: str, make: Callable[[], Job], open_record: Callable[[], Record], leases: Leases, clock: Clock
    ) -> None:
        self.name = name
        self.problem: BaseException | None = None
        self._make, self._open_record, self._leases, self._clock = make, open_record, leases, clock
        self._job: Job | None = None
        self._context: JobContext | None = None
        self._failures = 0

    @property
    def job(self) -> Job:
        """The job, made when it is first asked for."""
        if self._job is None:
            self._job = self._make()
        return self._job

    def run(self, *, once: bool = False) -> None:
        """Does the job, waits, does it again, until told to stop; once if so asked."""
        try:
            while True:
                following = self.attempt(once=once)
                if once and following is not None:
                    return
                pause = self._leases.renew if following is None else following.seconds
                self._clock.sleep(pause + random.uniform(0.0, min(pause / 10, JITTER)))
        except Stopped:
            pass
        finally:
            self._leases.end(self.name)
            self._close_job()
            self._close_store()

    def attempt(self, *, once: bool = False) -> NextAttempt | None:
        """One round, if the job is nobody else's; None where it is. The store is opened again when it was away."""
        self.problem = None
        try:
            context = self._context or self._open_context()
            if not self._leases.take(context.record, self.name):
                return None
            return self._run_round(context, once)
        except TakenOver:
            return None
        except (Stopped, *FATAL, *ENDS):
            raise
        except StoreError as problem:
            return self._handle_store_failure(problem)
        except BaseException as problem:
            return self._handle_defect(problem)

    def _open_context(self) -> JobContext:
        self._context = JobContext(self._open_record(), self.name, self._clock, self._leases)
        return self._context

    def _run_round(self, context: JobContext, once: bool) -> NextAttempt:
        at = self._clock.now()
        context.reload_state()
        context.note(started_at=context.status.started_at or at, state=job_state.WORKING, next_at=at)
        problem: NetError | None = None
        seconds = 0.0
        try:
            seconds = self.job.run_once(context, once=once)
        except NetError as found:
            problem = found
        self._failures = self._failures + 1 if problem else 0
        following = next_attempt(problem, self._failures - 1, seconds)
        self._record_outcome(context, following, failing=problem is not None)
        return following

    def _record_outcome(self, context: JobContext, following: NextAttempt, *, failing: bool) -> None:
        at, since = self._clock.now(), context.status.failing_since
        if failing and (since is None or self._failures == 1):  # of an older failure a new process tells once
            log_event("failing", level=logging.WARNING, job=self.name, state=following.state, reason=following.reason)
        if failing:
            context.note(failing_since=since or at, reason=following.reason)
        else:
            context.recovered()
        context.note(state=following.state, next_at=at + int(following.seconds * 1e6))

    def _handle_store_failure(self, problem: StoreError) -> NextAttempt:
        """The store is away, full or busy: what was not committed will be asked for again."""
        self._failures += 1
        self.problem = problem
        following = next_attempt(problem, self._failures - 1, 0)
        log_event("store failing", level=logging.ERROR, job=self.name, reason=problem)
        self._close_store()
        return following

    def _handle_defect(self, problem: BaseException) -> NextAttempt:
        """The job met what nobody foresaw. It is told and noted as far as that goes; job and store are left behind."""
        self._failures += 1
        self.problem = problem
        log_defect(self.name, problem)
        following = next_attempt(problem, self._failures - 1, 0)
        with suppress(Exception):
            if self._context is not None and self._leases.holds(self.name):
                self._record_outcome(self._context, following, failing=True)
        self._close_job()
        with suppress(Exception):
            self._close_store()
        return following

    def _close_job(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            try:
                job.close()
            except BaseException as problem:
                log_defect(self.name, problem)

    def _close_store(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            context.record.database.close()
