"""What goes wrong, where and when: a plan that tests can change at any time, or random faults from a seed.

    refused     nothing listens on the port         reset       the connection breaks before an answer
    slow        in pieces, over seconds             stall       half an answer, then nothing
    truncated   half an answer, then the end        oversized   an answer that is far too large
    malformed   an answer with a hole in it         html        a web page in place of data
    401 403 404 410 429 500 502 503                 that status; 429 and 503 with Retry-After
    redirect    to an internal address              empty       an empty list
    blind       a silent stream; elsewhere like empty
    skewed      the network's clock is wrong        replayed    an earlier answer
    reversed    lists and streams out of order      doubled     everything twice

A fault is written as `bluesky=429:120@2026-11-20T10:00/30m`: host, kind, value, beginning and length, of which only the
first two are required. `bluesky` means all hosts of that network, `bluesky.stream1` one host, `arxiv/rss` one path,
`*` everything. The value is in seconds: how long to wait (429, 503), how long the delay is (slow), how far the clock
is ahead (skewed), or how old the answer is (replayed).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from random import Random
from typing import NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY
from tests.loopback.clock import moment
from tests.loopback.script import MINUTE, NEVER, SECOND

VALUES = {"429": 60.0, "slow": 1.0, "skewed": 7200.0, "replayed": 3600.0, "503": 0.0}
"""Default values of the kinds that have one; a 503 without a value does not say how long to wait."""
SILENT = ("stall", "blind", "empty")
"""Faults under which an open stream is silent."""
STATUSES = ("401", "403", "404", "410", "429", "500", "502", "503")
WIRE = ("refused", "reset", "slow", "stall", "truncated", "oversized")
"""Faults of the connection; all others change the answer."""
ANSWER = ("malformed", "html", "redirect", "empty", "blind", "skewed", "replayed", "reversed", "doubled")
STREAMING = ("bluesky.stream1", "bluesky.stream2")
KINDS = (*WIRE, *ANSWER, *STATUSES)
UNITS = {"s": SECOND, "m": MINUTE, "h": 60 * MINUTE, "d": DAY}
_SYNTAX = re.compile(
    r"(?P<target>\*|[a-z][a-z0-9.]*(?:/\S*?)?)=(?P<kind>[a-z]+|\d{3})(?::(?P<value>\d+(?:\.\d+)?))?"
    r"(?:@(?P<start>[0-9T:.+Z-]+))?(?:/(?P<length>\d+)(?P<unit>[smhd]))?"
)


class Fault(NamedTuple):
    """A fault at a host, between two moments, µs."""

    target: str
    kind: str
    start: int = 0
    end: int = NEVER
    value: float = 0.0

    def affects(self, host: str, path: str, now: int) -> bool:
        """Whether it affects a request."""
        name, slash, path_prefix = self.target.partition("/")
        is_target = name in ("*", host) or host.startswith(f"{name}.")
        return is_target and self.start <= now < self.end and (not slash or path.startswith(f"/{path_prefix}"))


def fault(target: str, kind: str, start: int = 0, end: int = NEVER, value: float | None = None) -> Fault:
    """A fault, by default with its kind's default value. Raises InputError."""
    if kind not in KINDS:
        raise InputError(f"no such fault: {kind}; choose from {', '.join(KINDS)}")
    return Fault(target, kind, start, end, VALUES.get(kind, 0.0) if value is None else value)


def parse(text: str) -> Fault:
    """A fault from its text. Raises InputError."""
    match = _SYNTAX.fullmatch(text)
    if not match:
        raise InputError(f"not a fault: {text!r}; write it as bluesky=429:120@2026-11-20T10:00/30m")
    try:
        start = moment(match["start"]) if match["start"] else 0
    except ValueError:
        raise InputError(f"not a time: {match['start']!r}; write it as 2026-11-20T10:00") from None
    end = start + int(match["length"]) * UNITS[match["unit"]] if match["length"] else NEVER
    return fault(match["target"], match["kind"], start, end, float(match["value"]) if match["value"] else None)


@lru_cache(10_000)
def random_faults(seed: int, host: str, day: int) -> tuple[Fault, ...]:
    """A host's random faults on a day: one on every fifth day, for five minutes to three hours.

    Wrong clocks are excluded: the program believes a network's times, so the record would differ from the script. So
    are garbled messages of a stream: what a server never sent correctly cannot be known.
    """
    rng = Random(f"{seed} faults {host} {day}")
    if rng.random() >= 0.2:
        return ()
    lossy = ("skewed", "malformed") if host in STREAMING else ("skewed",)
    kind = rng.choice([kind for kind in KINDS if kind not in lossy])
    start = day * DAY + rng.randrange(24 * 60) * MINUTE
    return (fault(host, kind, start, start + rng.randrange(5, 180) * MINUTE),)


class Plan:
    """All faults. `seed`: of additional random ones. Several threads may read and change it at any time."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int | None = None) -> None:
        self._faults, self._seed = tuple(faults), seed
        self._lock = threading.Lock()

    def add(self, *texts: str) -> None:
        """Add faults, written as texts. They take precedence over earlier ones."""
        with self._lock:
            self._faults = (*map(parse, texts), *self._faults)

    def clear(self) -> None:
        """Remove all faults but the random ones."""
        with self._lock:
            self._faults = ()

    def at(self, host: str, path: str, now: int) -> Fault | None:
        """The fault that affects a request to a host at a moment, if any."""
        return next((fault for fault in self._all(host, now) if fault.affects(host, path, now)), None)

    def _all(self, host: str, now: int) -> Iterator[Fault]:
        yield from self._faults
        if self._seed is not None:
            for day in (now // DAY - 1, now // DAY):
                yield from random_faults(self._seed, host, day)
