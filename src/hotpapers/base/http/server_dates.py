"""Compares the dates in servers' responses with this machine's clock."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from statistics import median_low

from hotpapers.base.http.retry_policy import date_of
from hotpapers.base.model import DAY

HeaderListener = Callable[[Mapping[str, str], int], None]
"""Called with a response's headers and when they arrived by this machine's clock, µs UTC."""


class ServerClocks:
    """How far this machine's clock is ahead of the networks' clocks, by the latest response of each client.

    Votes are per client, not per host: redirects can lead a client to any number of hosts. Thread-safe.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady`: monotonic seconds, unaffected by setting the clock."""
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._offsets: dict[int, int] = {}
        self._steady = steady
        self._newest, self._newest_steady = 0, 0.0

    def listener(self) -> HeaderListener:
        """A listener for one client, to be called with each response's headers."""
        number = next(self._numbers)

        def on_headers(headers: Mapping[str, str], now: int) -> None:
            date = date_of(headers)
            if date is not None:
                with self._lock:
                    self._offsets[number] = now - date
                    self._newest, self._newest_steady = now, self._steady()

        return on_headers

    def ahead(self, now: int) -> int | None:
        """µs, negative if the clock is behind; None until a server has responded.

        If the clock has gained more than a day on the steady one since the last response, it has jumped: then the jump.
        """
        with self._lock:
            if not self._offsets:
                return None
            jump = now - self._newest - int((self._steady() - self._newest_steady) * 1e6)
            return jump if jump > DAY else median_low(self._offsets.values())
