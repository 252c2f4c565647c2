"""What goes wrong, where and when: a plan that a test changes as it likes, or that is made up from a seed.

    refused     nobody listens                      reset       the connection breaks before a word is said
    slow        word by word, over seconds          stall       half an answer, then nothing
    truncated   half an answer, then the end        oversized   more than anybody wants
    malformed   an answer with a hole in it         html        a page for people
    401 403 404 410 429 500 502 503                 that status; 429 and 503 with how long to wait
    redirect    to an address inside                empty       a list of nothing
    blind       a stream without a word; elsewhere as empty
    skewed      the network's own clock is wrong    replayed    the answer of some time ago
    reversed    lists and streams out of order      doubled     everything twice

In writing: `bluesky=429:120@2026-11-20T10:00/30m`, that is host, kind, value, beginning and length; all but the first
two may be left out. `bluesky` stands for all hosts of that network, `bluesky.stream1` for one, `arxiv/rss` for one
path, `*` for everything. The value is seconds: to wait (429, 503), of delay (slow), by which the clock is wrong
(skewed), back (replayed).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from random import Random
from typing import NamedTuple

from hotpapers.errors import InputError
from hotpapers.model import DAY
from tests.loopback.clock import moment
from tests.loopback.script import MINUTE, NEVER, SECOND

VALUES = {"429": 60.0, "slow": 1.0, "skewed": 7200.0, "replayed": 3600.0, "503": 0.0}
"""Kinds with a value, and the one they have where none is given; a 503 without one does not say how long."""
SILENT = ("stall", "blind", "empty")
"""What a stream that is open says nothing under."""
STATUSES = ("401", "403", "404", "410", "429", "500", "502", "503")
WIRE = ("refused", "reset", "slow", "stall", "truncated", "oversized")
"""What befalls the connection; all others befall the answer."""
ANSWER = ("malformed", "html", "redirect", "empty", "blind", "skewed", "replayed", "reversed", "doubled")
STREAMING = ("bluesky.stream1", "bluesky.stream2", "bluesky.relay")
KINDS = (*WIRE, *ANSWER, *STATUSES)
UNITS = {"s": SECOND, "m": MINUTE, "h": 60 * MINUTE, "d": DAY}
_WRITTEN = re.compile(
    r"(?P<where>\*|[a-z][a-z0-9.]*(?:/\S*?)?)=(?P<kind>[a-z]+|\d{3})(?::(?P<value>\d+(?:\.\d+)?))?"
    r"(?:@(?P<start>[0-9T:.+Z-]+))?(?:/(?P<many>\d+)(?P<unit>[smhd]))?"
)


class Fault(NamedTuple):
    """One of them: at a host, from a moment until another, µs."""

    where: str
    kind: str
    start: int = 0
    end: int = NEVER
    value: float = 0.0

    def hits(self, host: str, path: str, now: int) -> bool:
        """Whether it befalls what is asked."""
        name, slash, below = self.where.partition("/")
        here = name in ("*", host) or host.startswith(f"{name}.")
        return here and self.start <= now < self.end and (not slash or path.startswith(f"/{below}"))


def fault(where: str, kind: str, start: int = 0, end: int = NEVER, value: float | None = None) -> Fault:
    """A fault with its kind's own value. Raises InputError."""
    if kind not in KINDS:
        raise InputError(f"no such fault: {kind}; there are {', '.join(KINDS)}")
    return Fault(where, kind, start, end, VALUES.get(kind, 0.0) if value is None else value)


def parse(text: str) -> Fault:
    """A fault as it is written. Raises InputError."""
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise InputError(f"not a fault: {text!r}; write it as bluesky=429:120@2026-11-20T10:00/30m")
    try:
        start = moment(found["start"]) if found["start"] else 0
    except ValueError:
        raise InputError(f"not a moment: {found['start']!r}; write it as 2026-11-20T10:00") from None
    end = start + int(found["many"]) * UNITS[found["unit"]] if found["many"] else NEVER
    return fault(found["where"], found["kind"], start, end, float(found["value"]) if found["value"] else None)


@lru_cache(10_000)
def some(seed: int, host: str, day: int) -> tuple[Fault, ...]:
    """What befalls a host on a day by chance: on one day of five something, for five minutes to three hours.

    Not among it is a wrong clock: a network that is wrong about when is believed, and the record would show it. Nor are
    a stream's garbled messages: what a server never said otherwise, nobody can know.
    """
    rng = Random(f"{seed} faults {host} {day}")
    if rng.random() >= 0.2:
        return ()
    lossy = ("skewed", "malformed") if host in STREAMING else ("skewed",)
    kind = rng.choice([one for one in KINDS if one not in lossy])
    start = day * DAY + rng.randrange(24 * 60) * MINUTE
    return (fault(host, kind, start, start + rng.randrange(5, 180) * MINUTE),)


class Plan:
    """All faults. `seed`: those by chance too. Several threads may look at it, and change it, at any time."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int | None = None) -> None:
        self._faults, self._seed = tuple(faults), seed
        self._lock = threading.Lock()

    def add(self, *texts: str) -> None:
        """Further faults, as they are written. They go before those that were there."""
        with self._lock:
            self._faults = (*map(parse, texts), *self._faults)

    def clear(self) -> None:
        """All is well from now on, but for chance."""
        with self._lock:
            self._faults = ()

    def at(self, host: str, path: str, now: int) -> Fault | None:
        """What befalls what is asked of a host at a moment."""
        return next((one for one in self._all(host, now) if one.hits(host, path, now)), None)

    def _all(self, host: str, now: int) -> Iterator[Fault]:
        yield from self._faults
        if self._seed is not None:
            for day in (now // DAY - 1, now // DAY):
                yield from some(self._seed, host, day)
