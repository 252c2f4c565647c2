"""The leases of one process: while it holds a job's lease, no other process of the site does that job."""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import NamedTuple, Self

from hotpapers.base.durations import monotonic_seconds
from hotpapers.base.errors import StoreError, TakenOver
from hotpapers.jobs import job_state, queries
from hotpapers.jobs.isolation import log_defect
from hotpapers.record import Record

PRESENCE = "process"
"""The lease with which a process announces itself, even while idle: `process:HOLDER`."""
_ANNOUNCED = re.compile(rf"{PRESENCE}:(.+):(\d{{1,10}}):([0-9a-f]+)")


class Leases:
    """The leases held by this process. A thread renews them whatever the jobs are doing; a dead process's leases become
    free when they end. As a context manager, gives all of them back on exit.

    `holder`: a name that no other process of the site has. `hold`: µs that a lease lasts.
    """

    def __init__(self, open_record: Callable[[], Record], holder: str, *, hold: int = job_state.LEASE) -> None:
        self._open_record = open_record
        self._holder = holder
        self._hold = hold
        self._renewed_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._renew_leases, name="leases", daemon=True)

    @property
    def renew(self) -> float:
        """Seconds between renewals, and between checks whether another process has given up a job."""
        return self._hold / 1e6 / 4

    def __enter__(self) -> Self:
        with suppress(StoreError), self._open_record() as record:
            self._take_presence(record)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, record: Record, job: str) -> bool:
        """Takes a job's lease, unless another process holds it. Returns whether it did. Raises StoreError."""
        started_at = monotonic_seconds()
        lease = queries.take_lease(record, job, self._holder, hold=self._hold)
        with self._lock:
            if lease:
                self._renewed_at[job] = started_at
            else:
                self._renewed_at.pop(job, None)
        return lease

    def renew_held(self, record: Record) -> None:
        """Renews the leases held, and drops those that another process has taken since. Raises StoreError."""
        with self._lock:
            jobs = list(self._renewed_at)
        started_at = monotonic_seconds()
        renewed = queries.renew_leases(record, jobs, self._holder, hold=self._hold)
        with self._lock:
            for job in jobs:
                if job in renewed and job in self._renewed_at:
                    self._renewed_at[job] = started_at
                else:
                    self._renewed_at.pop(job, None)

    def holds(self, job: str) -> bool:
        """Whether this process still holds a job's lease. If it stalled for too long, another may have taken over."""
        with self._lock:
            renewed_at = self._renewed_at.get(job)
        return renewed_at is not None and monotonic_seconds() - renewed_at < self._hold / 1e6

    def confirm(self, record: Record, job: str) -> None:
        """Raises TakenOver if another process has the job by now. Call it inside a batch, where nobody can take the
        lease: this process may have stalled since it called `holds`."""
        if queries.holder_of(record, job) != self._holder:
            self.end(job)
            raise TakenOver(f"{job}: another process took it over")

    def end(self, job: str) -> None:
        """Stops renewing a job's lease."""
        with self._lock:
            self._renewed_at.pop(job, None)

    def close(self) -> None:
        """Gives back all leases, so that other processes need not wait."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(StoreError), closing(self._open_record().database) as database:
            queries.end_leases(database, self._holder)

    # ---- the thread --------------------------------------------------------------------------------

    def _renew_leases(self) -> None:
        while not self._closed.wait(self.renew):
            try:
                with suppress(StoreError), self._open_record() as record:
                    self._take_presence(record)
                    self.renew_held(record)
            except Exception as problem:  # without this thread, all jobs would stop
                log_defect("leases", problem)

    def _take_presence(self, record: Record) -> None:
        """Announces this process."""
        queries.take_lease(record, f"{PRESENCE}:{self._holder}", self._holder, hold=self._hold)


class ProcessAtWork(NamedTuple):
    """A process of the site: its machine's name, its number there, and a mark that distinguishes it from all others."""

    machine: str
    number: int
    mark: str

    @property
    def holder(self) -> str:
        """Its name in leases."""
        return f"{self.machine}:{self.number}:{self.mark}"

    def __str__(self) -> str:
        return f"process {self.number} on {self.machine}"


def this_process() -> ProcessAtWork:
    """A name for this process that no other has."""
    return ProcessAtWork(socket.gethostname(), os.getpid(), secrets.token_hex(4))


def processes_at_work(record: Record) -> list[ProcessAtWork]:
    """The processes that work on a store now. One that ended without giving back its leases, less than a lease ago, is
    among them only if it was on another machine."""
    processes = [
        ProcessAtWork(machine, int(number), mark)
        for name in queries.announced_holders(record, f"{PRESENCE}:")
        if (match := _ANNOUNCED.fullmatch(name))
        for machine, number, mark in [match.groups()]
    ]
    return [process for process in processes if process.machine != socket.gethostname() or _is_alive(process.number)]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True
