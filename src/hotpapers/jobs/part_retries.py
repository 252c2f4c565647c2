"""Retries for the parts of a job: each failing part waits on its own, without delaying the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.errors import WrongClock
from hotpapers.ids.timestamps import SECOND
from hotpapers.jobs.attempts import wait_seconds
from hotpapers.jobs.isolation import isolated


class FailedPart(NamedTuple):
    """A part that failed: when (µs UTC), how often in a row, and why."""

    at: int
    failures: int
    reason: str

    def waits(self, at: int) -> bool:
        """Whether the part should still wait at a moment. It should not if the clock was set back since it failed."""
        return self.at <= at < self.at + wait_seconds(self.failures - 1) * SECOND


class PartRetries:
    """Retries of the parts of one job. `job`: its name."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._failed: dict[str, FailedPart] = {}

    def attempt(self, part: str, at: int, do: Callable[[], None]) -> list[str]:
        """Runs a part, unless it failed a short while ago, and returns its problems. A wrong clock is checked again
        every round. Raises errors that end a round (see `isolation`)."""
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
