"""Simulated time that runs at some speed or is moved by hand."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """`now`: the simulated moment, µs UTC."""

    def now(self) -> int:
        """The current moment."""


class RunningClock:
    """start + speed × the real time since it was created. `real`: a monotonic clock, in seconds."""

    def __init__(self, start: int, speed: float = 1.0, real: Callable[[], float] = time.monotonic) -> None:
        self.start, self.speed, self._real = start, speed, real
        self._real_start = real()

    def now(self) -> int:
        return self.start + round(self.speed * 1e6 * (self._real() - self._real_start))

    def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds."""
        time.sleep(seconds / self.speed)


class SteppedClock:
    """Stands still until it is moved. Several threads may read it."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> int:
        return self._now

    def advance(self, seconds: float) -> int:
        """Move on by some seconds. Return the new moment."""
        with self._lock:
            self._now += round(seconds * 1e6)
            return self._now

    def set(self, moment: int) -> None:
        """Set the moment, earlier or later."""
        with self._lock:
            self._now = moment

    def to(self, moment: int) -> None:
        """Move on to a moment, unless it is past."""
        with self._lock:
            self._now = max(self._now, moment)

    sleep = advance


def moment(text: str) -> int:
    """The moment, µs UTC, of a text such as 2026-11-20 or 2026-11-20T10:00; in UTC unless it names a zone."""
    parsed = datetime.datetime.fromisoformat(text)
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)).timestamp()) * 1_000_000
