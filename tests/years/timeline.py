"""Simulated time that several threads share: one of them works, all others sleep until their moment.

Years pass in minutes, since a sleep ends as soon as nobody has anything to do before it. A run is always the same,
since never two threads work at once: who sleeps shortest is up first, and of two who wake together the one that lay
down first.
"""

from __future__ import annotations

import heapq
import threading
from itertools import count

from tests.loopback.clock import SteppedClock


class Timeline(SteppedClock):
    """A clock that is moved by those who sleep. `until`: nobody sleeps longer.

    A thread that takes part calls `enter` first and `leave` last; in between it holds the turn while it is awake.
    """

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.until = start
        self._asleep: list[tuple[int, int, threading.Lock]] = []
        self._numbers = count(1000)
        self._missing = 0

    def expect(self, threads: int, until: int) -> None:
        """So many threads will take part, until a moment; none goes on before all are there."""
        self._missing, self.until = threads, until

    def to_start(self, moment: int) -> None:
        """It is that moment, while nobody takes part."""
        self.set(max(self._now, moment))

    def enter(self, rank: int) -> None:
        """Takes part, and waits for the turn. `rank`: who begins first."""
        mine = _taken()
        with self._lock:
            heapq.heappush(self._asleep, (self._now, rank, mine))
            self._missing -= 1
            if not self._missing:
                self._wake()
        mine.acquire()

    def leave(self) -> None:
        """Takes part no more."""
        with self._lock:
            self._wake()

    def advance(self, seconds: float) -> int:
        """Sleeps so many seconds; the moment then."""
        self.to(self._now + round(seconds * 1e6))
        return self._now

    def to(self, moment: int) -> None:
        """Sleeps until a moment, or until the end of it all."""
        moment = max(min(moment, self.until), self._now)
        with self._lock:
            if not self._asleep or moment < self._asleep[0][0]:  # nobody has anything to do before
                self._now = moment
                return
            mine = _taken()
            heapq.heappush(self._asleep, (moment, next(self._numbers), mine))
            self._wake()
        mine.acquire()

    sleep = advance

    def _wake(self) -> None:
        """The turn goes to whoever is to be up first. With the lock."""
        if self._asleep:
            moment, _, other = heapq.heappop(self._asleep)
            self._now = max(self._now, moment)
            other.release()


def _taken() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock
