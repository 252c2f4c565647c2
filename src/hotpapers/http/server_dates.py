"""What networks tell of the time with each answer, against this machine's clock."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from statistics import median_low

from hotpapers.http.retry_policy import date_of
from hotpapers.model import DAY

HeaderListener = Callable[[Mapping[str, str], int], None]
"""Takes an answer's headers and the moment at which they came by this machine's clock, µs UTC."""


class ServerClocks:
    """By how much this machine's clock is ahead of the networks', each client of theirs one voice, its latest answer.

    A client follows redirects wherever a stranger leads it: so hosts have no voices. For any thread.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady`: seconds by a clock that nobody sets."""
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._offsets: dict[int, int] = {}
        self._steady = steady
        self._newest, self._newest_steady = 0, 0.0

    def listener(self) -> HeaderListener:
        """For one client: hears each answer's headers."""
        number = next(self._numbers)

        def on_headers(headers: Mapping[str, str], now: int) -> None:
            date = date_of(headers)
            if date is not None:
                with self._lock:
                    self._offsets[number] = now - date
                    self._newest, self._newest_steady = now, self._steady()

        return on_headers

    def ahead(self, now: int) -> int | None:
        """µs, negative where the clock is behind; None as long as nobody has answered.

        Where since the last answer this clock went on by a day more than the steady one, it has jumped: then so far.
        """
        with self._lock:
            if not self._offsets:
                return None
            jump = now - self._newest - int((self._steady() - self._newest_steady) * 1e6)
            return jump if jump > DAY else median_low(self._offsets.values())
