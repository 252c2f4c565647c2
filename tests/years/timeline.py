"""Simulated time that threads share: one of them works while all others sleep, each until its moment.

Years pass in minutes, since a sleep ends as soon as no thread has anything to do before its end. Runs are reproducible,
since two threads never work at once: the thread that is due first wakes first; if two are due at the same time, the
one that fell asleep first.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from itertools import count

from tests.loopback.clock import SteppedClock
from tests.years.fault_plan import Span


class Timeline(SteppedClock):
    """A clock moved by sleeping threads. `until`: the end of all sleep. `suspensions`: when the machine is suspended,
    in order: nothing happens then, and what was due meanwhile happens when it wakes up.

    A participating thread calls `enter` first and `leave` last. While awake, it holds the turn.
    """

    def __init__(self, start: int, suspensions: Sequence[Span] = ()) -> None:
        super().__init__(start)
        self.until = start
        self.suspensions = suspensions
        self._sleepers: list[tuple[int, int, threading.Lock]] = []
        self._ranks = count(1000)
        self._threads_to_enter = 0

    def expect(self, threads: int, until: int) -> None:
        """Expect this many threads, until a moment. No thread continues before all have entered."""
        self._threads_to_enter, self.until = threads, until

    def to_start(self, moment: int) -> None:
        """Set the clock while no thread takes part."""
        self.set(max(self._now, moment))

    def enter(self, rank: int) -> None:
        """Take part, and wait for the turn. `rank`: the order of starting."""
        turn = _acquired_lock()
        with self._lock:
            heapq.heappush(self._sleepers, (self._now, rank, turn))
            self._threads_to_enter -= 1
            if not self._threads_to_enter:
                self._wake()
        turn.acquire()

    def leave(self) -> None:
        """Stop taking part."""
        with self._lock:
            self._wake()

    def advance(self, seconds: float) -> int:
        """Sleep for this many seconds. Return the time afterwards."""
        self.to(self._now + round(seconds * 1e6))
        return self._now

    def to(self, moment: int) -> None:
        """Sleep until a moment, or until the end of the simulation."""
        moment = max(min(moment, self.until), self._now)
        with self._lock:
            if not self._sleepers or moment < self._sleepers[0][0]:  # nobody else is due before
                self._now = self._awake(moment)
                return
            turn = _acquired_lock()
            heapq.heappush(self._sleepers, (moment, next(self._ranks), turn))
            self._wake()
        turn.acquire()

    sleep = advance

    def _wake(self) -> None:
        """Give the turn to the thread that is due first. Call with the lock held."""
        if self._sleepers:
            moment, _, turn = heapq.heappop(self._sleepers)
            self._now = self._awake(max(self._now, moment))
            turn.release()

    def _awake(self, moment: int) -> int:
        """The first moment from then on at which the machine is awake."""
        return next((span.end for span in self.suspensions if span.start <= moment < span.end), moment)

    def suspensions_until(self, moment: int) -> int:
        """How many suspensions have ended by a moment."""
        return sum(span.end <= moment for span in self.suspensions)


def _acquired_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock
