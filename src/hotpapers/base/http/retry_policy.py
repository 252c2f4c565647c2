"""The pace of requests, the wait before a retry, the meaning of a status, and this machine's clock error by a server's
dates. No network access: `PoliteHttpClient` makes the attempts."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from itertools import count
from statistics import median_low
from typing import NamedTuple

from hotpapers.base.durations import monotonic_seconds
from hotpapers.base.errors import NetError, RequestRefused, RetryAfter, RetryLater
from hotpapers.base.model import DAY
from hotpapers.base.text import timestamps

PACE = 1.0
"""Least seconds between the starts of two requests to a host without a pace of its own."""
MAX_WAIT = 86_400.0
"""The longest wait that a server can ask for, in seconds."""
UNTOLD = 60.0
"""Seconds to wait if a server says *later* but not when."""
_NUMBER = re.compile(r"\[Errno -?\d+\] ")
_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# Networks differ: seconds (Reddit, Lobsters), an ISO timestamp (Mastodon), seconds since 1970 (X, Bluesky).
RESETS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")
EPOCH = 1e9
EPOCH_MILLISECONDS = 1e11
"""Numbers from here on are points in time, not durations: the year 2001 in seconds; the year 1973 in milliseconds."""


Headers = Mapping[str, str]
"""The headers of a request or a response."""


def plain_reason(problem: Exception) -> str:
    """A connection error's message without the system's errno: readers of an issue see this text."""
    return _NUMBER.sub("", str(problem)) or type(problem).__name__


# ---- pace --------------------------------------------------------------------------------------------


def pace_of(host: str, port: int | None, pace: Mapping[str, float]) -> tuple[str, float]:
    """The name under which a host's requests are counted, and the seconds between the starts of two of them.

    An entry covers a host and all its subdomains together: `arxiv.org` also covers `export.arxiv.org`. The most
    specific entry wins; `host:port` is more specific than `host`.
    """
    labels = host.split(".")
    parents = [".".join(labels[n:]) for n in range(len(labels))]
    for name in (f"{host}:{port}", *parents):
        if name in pace:
            return name, pace[name]
    return host, PACE


class HostPacer:
    """Hands out start times for requests, at least a host's pace apart. Shared by the threads of one process.

    `clock`: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, host: str, pace: float) -> float:
        """Reserve a host's next slot and return the seconds until then."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next.get(host, now))
            self._next = {name: moment for name, moment in self._next.items() if moment > now}
            self._next[host] = start + pace
        return start - now


# ---- what a status means -----------------------------------------------------------------------------


def backoff_seconds(retry: int, first: float) -> float:
    """The wait before a retry, by its number: twice as long each time, give or take half."""
    return first * 2.0 ** (retry - 1) * random.uniform(0.5, 1.5)


class Retryable(Exception):
    """A failed attempt that may succeed if repeated. `sent`: the server may have acted on it.

    `seconds`: how long to wait once no attempts are left; 0 if the server did not ask for a wait.
    """

    def __init__(self, reason: str, *, sent: bool = True, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.seconds = seconds


def check_status(status: int, headers: Headers, accept: Collection[int], now: int) -> None:
    """Goes on if a status is 2xx or in `accept`. `headers`: names in lower case. `now`: µs, for servers that send no
    date. Raises Retryable, RetryAfter, RetryLater, RequestRefused, and NetError for unexpected statuses.
    """
    if 200 <= status < 300 or status in accept:
        return
    text = f"answered {status} {_PHRASES.get(status, '')}".rstrip()
    seconds = retry_after(headers, now)
    explicit = "retry-after" in headers and (status == 403 or status >= 500)
    if status == 429 or explicit or (status == 503 and seconds):
        raise RetryAfter(seconds, text) if seconds else RetryLater(UNTOLD, text)
    if status >= 500 or status in (408, 425):
        raise Retryable(text, seconds=UNTOLD if status == 503 else 0.0)
    if status >= 400:
        raise RequestRefused(text, status)
    raise NetError(f"{text}, which was not asked for")


def refused_by_proxy(problem: Exception, describe: Callable[[str], str]) -> Retryable | RequestRefused:
    """The error for a proxy that opens no connection. `problem`: begins with its status."""
    text = describe(f"the proxy answered {problem}".rstrip())
    return Retryable(text, sent=False) if str(problem).startswith("5") else RequestRefused(text)


# ---- how long to wait --------------------------------------------------------------------------------


def retry_after(headers: Headers, now: int) -> float | None:
    """Seconds, 1 to MAX_WAIT, until the server wants another request; None if it does not say.

    Retry-After as in RFC 9110 §10.2.3, then the networks' own headers. Timestamps are compared with the server's own
    Date, so a wrong clock on either side does not matter.
    """
    date = timestamps.parse(headers.get("date", "")[:64])
    server_time = (now if date is None else date) / timestamps.SECOND
    for name in ("retry-after", *RESETS):
        seconds = seconds_until(headers.get(name, ""), server_time)
        if seconds is not None:
            return min(max(seconds, 1.0), MAX_WAIT)
    return None


def seconds_until(text: str, now: float) -> float | None:
    """Seconds until the time that a header names; None if it is past or unreadable. `now`: s since 1970."""
    number = re.match(r"\s*([0-9]{1,20}(?:\.[0-9]{1,9})?)\s*(?:$|[,;])", text)
    if number is None:
        at = timestamps.parse(text[:64])
        moment = None if at is None else at / timestamps.SECOND
    elif (value := float(number[1])) < EPOCH:
        return value
    else:
        moment = value / 1000 if value > EPOCH_MILLISECONDS else value
    return moment - now if moment is not None and moment >= now else None


def date_of(headers: Headers) -> int | None:
    """When the origin server sent a response, µs UTC, by Date and Age (RFC 9110 §6.6.1, RFC 9111 §5.1)."""
    date = timestamps.parse(headers.get("date", "")[:64])
    age = headers.get("age", "")
    if date is None:
        return None
    return date + (int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0) * timestamps.SECOND


# ---- this machine's clock -----------------------------------------------------------------------------

HeaderListener = Callable[[Headers, int], None]
"""Called with a response's headers and when they arrived by this machine's clock, µs UTC."""


class _Vote(NamedTuple):
    """By how much this machine's clock was ahead at a response, and when that was, by both clocks."""

    offset: int
    at: int
    steady: float

    def gained(self, now: int, steady: float) -> int:
        """How much the clock has gained since on the steady one."""
        return now - self.at - int((steady - self.steady) * 1e6)


class ServerClocks:
    """How far this machine's clock is ahead of the networks' clocks, by the latest response of each client.

    Votes are per client, not per host: redirects can lead a client to any number of hosts. Thread-safe.
    """

    def __init__(self, steady: Callable[[], float] = monotonic_seconds) -> None:
        """`steady`: seconds that setting the clock does not change."""
        self._lock = threading.Lock()
        self._numbers = count()
        self._votes: dict[int, _Vote] = {}
        self._steady = steady
        self._began = steady()

    def listener(self) -> HeaderListener:
        """A listener for one client, to be called with each response's headers."""
        number = next(self._numbers)

        def on_headers(headers: Headers, now: int) -> None:
            date = date_of(headers)
            if date is not None:
                with self._lock:
                    self._votes[number] = _Vote(now - date, now, self._steady())

        return on_headers

    def seconds_listened(self) -> float:
        """Seconds since it began to listen."""
        return self._steady() - self._began

    def ahead(self, now: int) -> int | None:
        """µs, negative if the clock is behind; None until a server has responded.

        If the clock has gained or lost more than a day on the steady one since a response, only later ones count.
        """
        with self._lock:
            votes = list(self._votes.values())
            steady = self._steady()
        offsets = [vote.offset for vote in votes if abs(vote.gained(now, steady)) <= DAY]
        if not offsets:  # it has jumped since all of them
            offsets = [vote.offset + vote.gained(now, steady) for vote in votes]
        return median_low(offsets) if offsets else None
