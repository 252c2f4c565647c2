"""The runner: each job of this process in its own thread, until told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from hotpapers.base.errors import StoreError
from hotpapers.base.logs import log_event
from hotpapers.base.struct_types import learn_structs
from hotpapers.collect.jobs.attempts import next_attempt
from hotpapers.collect.jobs.isolation import ENDS, log_defect
from hotpapers.collect.jobs.loop import FATAL, JobLoop


class JobRunner:
    """All jobs, one thread each. Ends when told to stop or when the store fails in a way that retrying cannot fix. Any
    other error fails only its own job, which is retried."""

    def __init__(self, jobs: Mapping[str, Callable[[], JobLoop]], stop: threading.Event) -> None:
        learn_structs()
        self._make, self._stop = jobs, stop
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
                if isinstance(problem, StoreError):
                    log_event("store failing", level=logging.ERROR, job=name, reason=problem)
                else:
                    log_defect(name, problem)
                if once:
                    self._problems.append(problem)
                    return
                if self._stop.wait(next_attempt(problem, failures, 0).seconds):
                    return
                failures += 1
