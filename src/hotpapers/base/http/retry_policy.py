"""How often to send requests, what a status means, how long a server asks us to wait. No network access."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import NamedTuple

from hotpapers.base.errors import NetError, RequestRefused, RetryAfter, RetryLater
from hotpapers.base.ids import timestamps

PACE = 1.0
"""Least seconds between the starts of two requests to a host without a pace of its own."""
DAY = 86_400.0
"""The longest wait that a server can ask for, in seconds."""
UNTOLD = 60.0
"""Seconds to wait if a server says *later* but not when."""
_NUMBER = re.compile(r"\[Errno -?\d+\] ")
_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# Networks differ: seconds (Reddit, Lobsters), an ISO timestamp (Mastodon), seconds since 1970 (X, Bluesky).
RESETS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")
EPOCH, EPOCH_MILLISECONDS = 1e9, 1e11
"""Numbers from here on are points in time, not durations: the year 2001 in seconds; the year 1973 in milliseconds."""


def plain_reason(problem: Exception) -> str:
    """What went wrong with a connection, without the system's errno: readers of an issue see this text."""
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


class Retryable(NamedTuple):
    """A failed attempt that may succeed if repeated. `sent`: the server may have acted on it.

    `seconds`: how long to wait once no attempts are left; 0 if the server did not ask for a wait.
    """

    reason: str
    sent: bool = True
    seconds: float = 0.0


def check_status(status: int, headers: Mapping[str, str], accept: Collection[int], now: int) -> Retryable | None:
    """What to do after a status and headers (names in lower case): None to go on, or a Retryable.

    `now`: µs, for servers that send no date. Raises RetryAfter, RetryLater, RequestRefused, and NetError for unexpected
    statuses.
    """
    if 200 <= status < 300 or status in accept:
        return None
    text = f"answered {status} {_PHRASES.get(status, '')}".rstrip()
    seconds = retry_after(headers, now)
    explicit = "retry-after" in headers and (status == 403 or status >= 500)
    if status == 429 or explicit or (status == 503 and seconds):
        raise RetryAfter(seconds, text) if seconds else RetryLater(UNTOLD, text)
    if status >= 500 or status in (408, 425):
        return Retryable(text, seconds=UNTOLD if status == 503 else 0.0)
    if status >= 400:
        raise RequestRefused(text, status)
    raise NetError(f"{text}, which was not asked for")


# ---- how long to wait --------------------------------------------------------------------------------


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds, 1 to DAY, until the server wants another request; None if it does not say.

    Retry-After as in RFC 9110 §10.2.3, then the networks' own headers. Timestamps are compared with the server's own
    Date, so a wrong clock on either side does not matter.
    """
    date = timestamps.parse(headers.get("date", "")[:64])
    server_time = (now if date is None else date) / timestamps.SECOND
    for name in ("retry-after", *RESETS):
        seconds = seconds_until(headers.get(name, ""), server_time)
        if seconds is not None:
            return min(max(seconds, 1.0), DAY)
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


def date_of(headers: Mapping[str, str]) -> int | None:
    """When the origin server sent a response, µs UTC, by Date and Age (RFC 9110 §6.6.1, RFC 9111 §5.1)."""
    date, age = timestamps.parse(headers.get("date", "")[:64]), headers.get("age", "")
    if date is None:
        return None
    return date + (int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0) * timestamps.SECOND
