"""Simulated time shared by several threads: one of them works while all others sleep until their moment.

Years pass in minutes, since a sleep ends as soon as no thread has anything to do before it. Runs are reproducible,
since two threads never work at once: the thread that is due first wakes first, and of two due together the one that
went to sleep first.
"""

from __future__ import annotations

import heapq
import threading
from itertools import count

from tests.loopback.clock import SteppedClock


class Timeline(SteppedClock):
    """A clock moved by sleeping threads. `until`: the end of all sleep.

    A participating thread calls `enter` first and `leave` last. While awake, it holds the turn.
    """

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.until = start
        self._asleep: list[tuple[int, int, threading.Lock]] = []
        self._numbers = count(1000)
        self._missing = 0

    def expect(self, threads: int, until: int) -> None:
        """Expect this many threads until a moment. None continues before all have entered."""
        self._missing, self.until = threads, until

    def to_start(self, moment: int) -> None:
        """Set the clock while no thread takes part."""
        self.set(max(self._now, moment))

    def enter(self, rank: int) -> None:
        """Take part, and wait for the turn. `rank`: the order of starting."""
        mine = _taken()
        with self._lock:
            heapq.heappush(self._asleep, (self._now, rank, mine))
            self._missing -= 1
            if not self._missing:
                self._wake()
        mine.acquire()

    def leave(self) -> None:
        """Stop taking part."""
        with self._lock:
            self._wake()

    def advance(self, seconds: float) -> int:
        """Sleep for this many seconds; returns the time afterwards."""
        self.to(self._now + round(seconds * 1e6))
        return self._now

    def to(self, moment: int) -> None:
        """Sleep until a moment, or until the end of the simulation."""
        moment = max(min(moment, self.until), self._now)
        with self._lock:
            if not self._asleep or moment < self._asleep[0][0]:  # nobody else is due before
                self._now = moment
                return
            mine = _taken()
            heapq.heappush(self._asleep, (moment, next(self._numbers), mine))
            self._wake()
        mine.acquire()

    sleep = advance

    def _wake(self) -> None:
        """Give the turn to the thread that is due first. Call with the lock held."""
        if self._asleep:
            moment, _, other = heapq.heappop(self._asleep)
            self._now = max(self._now, moment)
            other.release()


def _taken() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock
