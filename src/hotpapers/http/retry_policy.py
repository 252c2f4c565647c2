"""Good manners: how often to ask, what a status means, how long a server asks us to wait. No network here."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import NamedTuple

from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.ids import timestamps

PACE = 1.0
"""Least seconds between the starts of two requests to a host that has no pace of its own."""
DAY = 86_400.0
"""The longest wait that a server can ask of us, in seconds."""
UNTOLD = 60.0
"""Seconds to wait where a server says *later* and not when."""
_NUMBER = re.compile(r"\[Errno -?\d+\] ")
_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# As the networks write it: seconds (Reddit, Lobsters), an ISO moment (Mastodon), seconds since 1970 (X, Bluesky).
RESETS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")
EPOCH, EPOCH_MILLISECONDS = 1e9, 1e11
"""A number from here on is a moment, not a span: the year 2001 in seconds; the year 1973 in milliseconds."""


def plain_reason(problem: Exception) -> str:
    """What went wrong with a connection, without the number that the system gives it: readers of an issue see it."""
    return _NUMBER.sub("", str(problem)) or type(problem).__name__


# ---- pace --------------------------------------------------------------------------------------------


def pace_of(host: str, port: int | None, pace: Mapping[str, float]) -> tuple[str, float]:
    """Under which name a host's requests are counted, and the seconds between the starts of two.

    An entry counts for a host and all hosts below it, together: `arxiv.org` also for `export.arxiv.org`. The nearest
    entry decides; `host:port` is nearer than `host`.
    """
    labels = host.split(".")
    parents = [".".join(labels[n:]) for n in range(len(labels))]
    for name in (f"{host}:{port}", *parents):
        if name in pace:
            return name, pace[name]
    return host, PACE


class HostPacer:
    """Hands out moments to begin a request, at least a host's pace apart. Shared by the threads of one process.

    `clock`: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, host: str, pace: float) -> float:
        """Reserves the next moment for a host and says in how many seconds it is."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next.get(host, now))
            self._next = {name: moment for name, moment in self._next.items() if moment > now}
            self._next[host] = start + pace
        return start - now


# ---- what a status means -----------------------------------------------------------------------------


class Retryable(NamedTuple):
    """A try that failed, where another may not. `sent`: the server may have acted on it.

    `seconds`: how long to wait where no try is left; 0: the server did not ask for it.
    """

    reason: str
    sent: bool = True
    seconds: float = 0.0


def check_status(status: int, headers: Mapping[str, str], accept: Collection[int], now: int) -> Retryable | None:
    """What an answer's status and headers (names in lower case) ask of us: nothing, or to try again.

    `now`: µs, for servers that say no date. Raises RetryLater, RequestRefused, and NetError for what has no place here.
    """
    if 200 <= status < 300 or status in accept:
        return None
    text = f"answered {status} {_PHRASES.get(status, '')}".rstrip()
    seconds = retry_after(headers, now)
    explicit = "retry-after" in headers and (status == 403 or status >= 500)
    if status == 429 or explicit or (status == 503 and seconds):
        raise RetryLater(seconds or UNTOLD, text)
    if status >= 500 or status in (408, 425):
        return Retryable(text, seconds=UNTOLD if status == 503 else 0.0)
    if status >= 400:
        raise RequestRefused(text, status)
    raise NetError(f"{text}, which was not asked for")


# ---- how long to wait --------------------------------------------------------------------------------


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds, 1 to DAY, until the server wants to hear from us again; None where it does not say.

    Retry-After as in RFC 9110 §10.2.3, then what the networks have of their own. Moments are taken relative to the
    server's own Date, so that neither's wrong clock matters.
    """
    here = now / 1e6
    at = timestamps.parse(headers.get("date", "")[:64])
    for name in ("retry-after", *RESETS):
        seconds = seconds_until(headers.get(name, ""), here if at is None else at / timestamps.SECOND)
        if seconds is not None:
            return min(max(seconds, 1.0), DAY)
    return None


def seconds_until(text: str, now: float) -> float | None:
    """How long until the moment that a header names; None for what is past or unreadable. `now`: s since 1970."""
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
    """The moment at which an answer left its network, µs UTC, by Date and Age (RFC 9110 §6.6.1, RFC 9111 §5.1)."""
    date, age = timestamps.parse(headers.get("date", "")[:64]), headers.get("age", "")
    if date is None:
        return None
    return date + (int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0) * timestamps.SECOND
