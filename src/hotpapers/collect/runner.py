"""The runner: every job of this process in a thread of its own, until told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from hotpapers.collect.decisions import FAILED_AGAIN
from hotpapers.collect.rounds import HOPELESS, Rounds
from hotpapers.errors import StoreError
from hotpapers.logs import tell


class Runner:
    """All jobs, a thread each; ends when told to, or when one of them meets a mistake of ours."""

    def __init__(self, jobs: Mapping[str, Callable[[], Rounds]], stop: threading.Event) -> None:
        self._make, self._stop = jobs, stop
        self._broken: list[BaseException] = []

    def run(self, *, once: bool = False) -> None:
        """Runs until stopped; with `once`, until every job was done once. Raises what broke a thread."""
        threads = [
            threading.Thread(target=self._work, args=(name, make, once), name=name, daemon=True)
            for name, make in self._make.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
        if self._broken:
            raise self._broken[0]

    def _work(self, name: str, make: Callable[[], Rounds], once: bool) -> None:
        try:
            rounds = self._made(name, make, once)
            if rounds is not None:
                rounds.run(once=once)
        except BaseException as broken:
            self._broken.append(broken)
            self._stop.set()

    def _made(self, name: str, make: Callable[[], Rounds], once: bool) -> Rounds | None:
        """A job, which looks at the store when it is made: later, while that is away. None once told to stop."""
        while True:
            try:
                return make()
            except StoreError as problem:
                if once or isinstance(problem, HOPELESS):
                    raise
                tell("store failing", level=logging.ERROR, job=name, reason=problem)
                if self._stop.wait(FAILED_AGAIN[0]):
                    return None
