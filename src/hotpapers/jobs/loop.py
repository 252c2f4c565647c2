"""Rounds: a job runs again and again, in one thread of one process of the site at a time; a process runs all its jobs.

This module handles waits, the lease, and failures of a network, the store or this program. A failed job is retried
later and reported as failing; other jobs are not affected.
"""

from __future__ import annotations

import logging
import random
import signal
import threading
import traceback
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

import msgspec

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import (
    CorruptStore,
    NetError,
    NewerStore,
    NotAStore,
    RetryAfter,
    Stopped,
    StoreError,
    StreamGap,
    TakenOver,
)
from hotpapers.base.logs import log_event
from hotpapers.base.struct_types import learn_structs
from hotpapers.base.text.timestamps import SECOND
from hotpapers.jobs import job_state, queries
from hotpapers.jobs.attempts import NextAttempt, next_attempt, requested_wait
from hotpapers.jobs.isolation import ENDS, log_defect
from hotpapers.jobs.leases import Leases
from hotpapers.record import Record
from hotpapers.record.batches import BatchWriter

FATAL = (CorruptStore, NewerStore, NotAStore)
"""Errors that retrying cannot fix."""
JITTER = 60.0
"""The most seconds added to a pause, so that failed jobs do not all retry simultaneously. A tenth of the pause, up to
this limit: after a weekend's outage, a tenth would be hours."""
ELSEWHERE = "another process has this job, such as hotpapers run; it is done here once that ends"
"""Why a single round waits."""


class Clock(NamedTuple):
    """`now`: the current moment, µs UTC. `sleep`: sleeps for some seconds; raises Stopped once the program has to
    stop."""

    now: Callable[[], int]
    sleep: Callable[[float], None]


class JobContext:
    """A job's working context: its store, its lease, and the row with its state."""

    def __init__(self, record: Record, job: str, clock: Clock, leases: Leases) -> None:
        self.record = record
        self.clock = clock
        self._leases = leases
        self.status = queries.load_state(record, job)

    def reload_state(self) -> None:
        """Reloads the job's state as its last holder left it."""
        self.status = queries.load_state(self.record, self.status.source)

    def note(self, **changes: object) -> None:
        """Saves changes to the job's state."""
        changed = msgspec.structs.replace(self.status, **changes)
        if changed != self.status:
            self.status = changed
            with self.record.database.write():
                self._confirm()
                queries.write_state(self.record.database, changed)

    def recovered(self) -> None:
        """Records that the job works again, if it was failing."""
        since = self.status.failing_since
        if since is not None:
            log_event("recovered", job=self.status.source, after=format_duration((self.clock.now() - since) / SECOND))
            self.note(failing_since=None, reason="")

    def check_lease(self) -> None:
        """Raises TakenOver if another process has the job by now."""
        if not self._leases.holds(self.status.source):
            raise TakenOver(f"{self.status.source}: another process took it over")

    @contextmanager
    def batch(self) -> Iterator[BatchWriter]:
        """A batch of the record, under the job's lease. Raises TakenOver, as `check_lease` does, but asks the store."""
        with self.record.batch() as batch:
            self._confirm()
            yield batch

    def _confirm(self) -> None:
        self._leases.confirm(self.record, self.status.source)


class Job(Protocol):
    """Something done in rounds. `name`: the name of its lease and its state."""

    name: str

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Does one round and returns the seconds until the next. With `once`, an endless round ends after a while.

        Raises NetError, StoreError, Stopped, TakenOver.
        """

    def close(self) -> None:
        """Closes its connections."""


class JobLoop:
    """Runs the rounds of one job in one thread. `make`: creates the job, again after a defect, so that nothing half
    done remains. `problem`: the error that ended the last attempt, unless it was a network's fault."""

    def __init__(
        self, name: str, make: Callable[[], Job], open_record: Callable[[], Record], leases: Leases, clock: Clock
    ) -> None:
        self.name = name
        self.problem: BaseException | None = None
        self._make = make
        self._open_record = open_record
        self._leases = leases
        self._clock = clock
        self._job: Job | None = None
        self._context: JobContext | None = None
        self._failures = 0

    @property
    def job(self) -> Job:
        """The job, created on first use."""
        if self._job is None:
            self._job = self._make()
        return self._job

    def run(self, *, once: bool = False) -> None:
        """Runs the job in rounds until told to stop, or only once if asked. Says so if a single round has to wait for
        another process: that may never end."""
        is_waiting = False
        try:
            while True:
                following = self.attempt(once=once)
                if once and following is not None:
                    return
                if once and not is_waiting:
                    log_event("waiting", job=self.name, reason=ELSEWHERE)
                    is_waiting = True
                pause = self._leases.renew if following is None else following.seconds
                self._clock.sleep(pause + random.uniform(0.0, min(pause / 10, JITTER)))
        except Stopped:
            pass
        finally:
            self._leases.end(self.name)
            self._close_job()
            self._close_store()

    def attempt(self, *, once: bool = False) -> NextAttempt | None:
        """Runs one round and returns its consequence. Returns None if another process has the job. Reopens the store if
        it was closed."""
        before = self.problem
        self.problem = None
        try:
            context = self._context or self._open_context()
            if not self._leases.take(context.record, self.name):
                return None
            following = self._run_round(context, once)
            if isinstance(before, StoreError):
                log_event("store works again", job=self.name)
            return following
        except TakenOver:
            return None
        except (Stopped, *FATAL, *ENDS):
            raise
        except BaseException as problem:
            return self._handle_failure(problem)

    def _open_context(self) -> JobContext:
        self._context = JobContext(self._open_record(), self.name, self._clock, self._leases)
        return self._context

    def _run_round(self, context: JobContext, once: bool) -> NextAttempt:
        at = self._clock.now()
        context.reload_state()
        if wait := requested_wait(context.status, at):
            return wait
        context.note(started_at=context.status.started_at or at, state=job_state.WORKING, next_at=at)
        problem: NetError | None = None
        seconds = 0.0
        try:
            seconds = self._run_job(context, once)
        except NetError as found:
            problem = found
            traceback.clear_frames(found.__traceback__)  # this closes the connections that a round left open
        self._failures = self._failures + 1 if problem else 0
        following = next_attempt(problem, self._failures - 1, seconds)
        self._record_outcome(context, following, failing=problem is not None)
        if isinstance(problem, RetryAfter):
            context.note(not_before=self._clock.now() + int(problem.seconds * SECOND))
        return following

    def _run_job(self, context: JobContext, once: bool) -> float:
        """Runs the job once. Runs it again after a gap if this is the only round: the server will drop what it has."""
        try:
            return self.job.run_once(context, once=once)
        except StreamGap as gap:
            if not once:
                raise
            log_event("gap", level=logging.WARNING, job=self.name, reason=gap)
            traceback.clear_frames(gap.__traceback__)
        return self.job.run_once(context, once=True)

    def _record_outcome(self, context: JobContext, following: NextAttempt, *, failing: bool) -> None:
        at = self._clock.now()
        since = context.status.failing_since
        if failing and (since is None or self._failures == 1):  # a new process logs an older failure once
            log_event("failing", level=logging.WARNING, job=self.name, state=following.state, reason=following.reason)
        if failing:
            context.note(failing_since=since or at, reason=following.reason)
        else:
            context.recovered()
        context.note(state=following.state, next_at=at + int(following.seconds * 1e6))

    def _handle_failure(self, problem: BaseException) -> NextAttempt:
        """A store that is gone, full or busy is closed: uncommitted pages will be requested again. After an unexpected
        error, which is recorded if possible, the job is discarded too."""
        self._failures += 1
        self.problem = problem
        following = next_attempt(problem, self._failures - 1, 0)
        _log_failure(self.name, problem)
        traceback.clear_frames(problem.__traceback__)
        if isinstance(problem, StoreError):
            self._close_store()
            return following
        with suppress(Exception):
            if self._context is not None and self._leases.holds(self.name):
                self._record_outcome(self._context, following, failing=True)
        self._close_job()
        with suppress(Exception):
            self._close_store()
        return following

    def _close_job(self) -> None:
        job = self._job
        self._job = None
        if job is not None:
            try:
                job.close()
            except BaseException as problem:
                log_defect(self.name, problem)

    def _close_store(self) -> None:
        context = self._context
        self._context = None
        if context is not None:
            context.record.database.close()


def _log_failure(job: str, problem: BaseException) -> None:
    if isinstance(problem, StoreError):
        log_event("store failing", level=logging.ERROR, job=job, reason=problem)
    else:
        log_defect(job, problem)


class JobRunner:
    """All jobs, one thread each. Ends when told to stop or when the store fails in a way that retrying cannot fix. Any
    other error fails only its own job, which is retried."""

    def __init__(self, jobs: Mapping[str, Callable[[], JobLoop]], stop: threading.Event) -> None:
        learn_structs()
        self._make = jobs
        self._stop = stop
        self._fatal: list[BaseException] = []
        self._problems: list[BaseException] = []

    def run(self, *, once: bool = False) -> list[BaseException]:
        """Runs until stopped; with `once`, runs every job once and returns the errors that escaped them.

        Raises errors that retrying cannot fix.
        """
        threads = [
            threading.Thread(target=self._run_job, args=(name, make, once), name=name, daemon=True)
            for name, make in self._make.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
        if self._fatal:
            raise self._fatal[0]
        return self._problems if once else []

    def _run_job(self, name: str, make: Callable[[], JobLoop], once: bool) -> None:
        """Runs a job until it ends. Its rounds catch their own errors; anything that still escapes restarts the job."""
        failures = 0
        while True:
            try:
                loop = make()
                loop.run(once=once)
                self._problems += [loop.problem] if loop.problem else []
                return
            except (*FATAL, *ENDS) as problem:
                self._fatal.append(problem)
                self._stop.set()
                return
            except BaseException as problem:
                _log_failure(name, problem)
                if once:
                    self._problems.append(problem)
                    return
                if self._stop.wait(next_attempt(problem, failures, 0).seconds):
                    return
                failures += 1


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """SIGINT and SIGTERM set an event, which it yields.

    They set it in a new thread. A handler can interrupt anything, even the setting of the event for an earlier signal,
    and would then wait forever for a lock held by the code that it interrupted.
    """
    stop = threading.Event()
    handlers = {
        number: signal.signal(number, lambda *_: start_new_thread(stop.set, ()))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
