"""A site that reads the loopback internet, on its clock, whether its jobs run in processes that are killed or one after
the other. Everything else is what `hotpapers collect` makes of its settings."""

from __future__ import annotations

import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from hotpapers.errors import Stopped
from hotpapers.http import ClientLimits, HostPacer, PoliteHttpClient, ServerClocks
from hotpapers.ingest import (
    ConfiguredSource,
    IngestContext,
    SharedPaperIndex,
    chosen_sources,
    job_factory,
    job_names,
    recount_job,
)
from hotpapers.jobs.leases import Leases
from hotpapers.store import Record, record
from tests.http.server import TRUST
from tests.loopback.hosts import HOSTS, addresses
from tests.loopback.settings import settings_toml

HOLD = 300_000
"""How long a lease lasts here, in real microseconds; sixteen seconds elsewhere."""
LEAST = 0.02
"""The shortest real wait, in seconds: on a very fast clock even a long wait would be none."""
QUICK = ClientLimits(connect=5.0, read=0.5, whole=20.0, backoff=0.0, silence=0.1, longest=5.0)
"""Short enough to wait for a server that stalls."""
SELDOM = 600.0
"""Seconds between two checks for due counts; a minute elsewhere."""
SILENCE = 30.0
"""Seconds of silence that a heartbeat represents."""


class Jumping:
    """A clock: start + speed × real time. Waiting moves it forward at once. Thread-safe. `began`: the real time of its
    start in seconds, the same for all processes that share it."""

    def __init__(self, start: int, speed: float = 0.0, began: float | None = None) -> None:
        self.start, self.speed = start, speed
        self.began = time.monotonic() if began is None else began
        self._lock = threading.Lock()

    def now(self) -> int:
        return self.start + round(self.speed * 1e6 * (time.monotonic() - self.began))

    def advance(self, seconds: float) -> None:
        """Move by this many seconds, which may be negative."""
        with self._lock:
            self.start += round(seconds * 1e6)

    def to(self, moment: int) -> None:
        """Move to a moment, unless it is past."""
        self.advance(max(moment - self.now(), 0) / 1e6)


class Wrong(Jumping):
    """A machine's own clock that is off by some seconds while the networks' clock is right."""

    def __init__(self, right: Jumping) -> None:
        self.right, self.seconds = right, 0.0
        self.speed = right.speed

    def now(self) -> int:
        return self.right.now() + round(self.seconds * 1e6)

    def advance(self, seconds: float) -> None:
        self.right.advance(seconds)


class Given(NamedTuple):
    """What a process needs to know: the store, the networks' addresses, the clock, and changed settings.

    `sources`: the sources to read. `changes`: settings by source.
    """

    store: str
    bases: Mapping[str, str]
    start: int
    speed: float
    began: float
    sources: tuple[str, ...] = ()
    changes: Mapping[str, Mapping[str, Any]] = {}

    @property
    def clock(self) -> Jumping:
        """The clock that all processes share."""
        return Jumping(self.start, self.speed, self.began)


def choices_of(given: Given) -> list[ConfiguredSource]:
    """The sources to read, with the loopback's settings and the given changes."""
    bases = given.bases or addresses(dict.fromkeys(HOSTS, 1))
    tables = tomllib.loads(settings_toml(bases))["source"]
    changed = {name: table | dict(given.changes.get(name, {})) for name, table in tables.items()}
    return chosen_sources(changed, given.sources)


# ---- on that clock ----------------------------------------------------------------------------------------


class Listening(PoliteHttpClient):
    """A client on a clock that stands still: while a stream is silent, simulated time passes."""

    skip: Callable[[float], None]

    def messages(self, url: str, **more: Any) -> Iterator[bytes | None]:
        """The messages of a websocket; None after half a minute, which takes no real time."""
        for message in super().messages(url, **more):
            if message is None:
                self.skip(SILENCE)
            yield message


def patches(
    clock: Jumping, sleep: Callable[[float], None], limits: ClientLimits = QUICK
) -> Iterator[tuple[object, str, Any]]:
    """The patches that put this process on a clock: object, name, value."""

    def quick(agent: str, **given: Any) -> PoliteHttpClient:
        changed = {"clock": clock.now, "sleep": sleep, "pace": {"127.0.0.1": 0.0}, "limits": limits, "context": TRUST}
        http = Listening(agent, **(given | changed))
        http.skip = (lambda seconds: None) if clock.speed else clock.advance
        return http

    yield job_factory, "PoliteHttpClient", quick
    yield recount_job, "PAUSE", SELDOM
    yield record, "time", SimpleNamespace(time_ns=lambda: clock.now() * 1000)


def waits(stop: threading.Event, speed: float) -> Callable[[float], None]:
    """A sleep that is shortened by the clock's speed. Waits under a second, as for leases, keep their length, since
    leases run on real time. Raises Stopped."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds if 0 < seconds < 1 else max(seconds / speed, LEAST)):
            raise Stopped("told to stop")

    return sleep


class QuickSite(IngestContext):
    """A site whose own waits are shortened too."""

    speed = 1.0

    def _sleep(self, seconds: float) -> None:
        waits(self.stop, self.speed)(seconds)


def leases_of(given: Given, holder: str, jobs: tuple[str, ...] = (), hold: int = HOLD) -> Leases:
    """The leases of a process that runs all jobs of the sources, and some others."""
    return Leases(partial(Record, given.store), holder, [*job_names(choices_of(given)), *jobs], hold=hold)


def site_of(given: Given, stop: threading.Event, leases: Leases) -> IngestContext:
    """The context that the jobs of a process share."""
    QuickSite.speed = given.speed or 1.0
    return QuickSite(
        given.store, "https://library.example/", stop, leases, SharedPaperIndex(), HostPacer(), ServerClocks()
    )
