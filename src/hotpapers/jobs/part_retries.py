"""Parts of a job that are tried again by wait_seconds of their own: one that fails holds up no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.errors import WrongClock
from hotpapers.ids.timestamps import SECOND
from hotpapers.jobs.attempts import wait_seconds
from hotpapers.jobs.isolation import isolated


class FailedPart(NamedTuple):
    """A part that failed: at which moment, µs UTC, how often in a row, and why."""

    at: int
    failures: int
    reason: str

    def waits(self, at: int) -> bool:
        """Whether it is left alone at a moment; not where the clock was set back meanwhile."""
        return self.at <= at < self.at + wait_seconds(self.failures - 1) * SECOND


class PartRetries:
    """The parts of one job's rounds. `job`: its name."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._failed: dict[str, FailedPart] = {}

    def attempt(self, part: str, at: int, do: Callable[[], None]) -> list[str]:
        """Does a part, unless it failed a short while ago; what is wrong with it. A clock that is wrong is looked at
        again in every round. Raises what ends a round (see `isolation`)."""
        before = self._failed.pop(part, None)
        if before is not None and before.waits(at):
            self._failed[part] = before
            return [before.reason]
        problems: list[str] = []
        with isolated(problems, self._job, part):
            try:
                do()
            except WrongClock as problem:
                return [f"{part}: {problem}"]
        if problems:
            self._failed[part] = FailedPart(at, before.failures + 1 if before else 1, problems[0])
        return problems
