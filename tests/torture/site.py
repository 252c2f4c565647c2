"""A site whose networks are the loopback internet and whose jobs go by its clock: for processes that are killed and
for jobs that are done one after the other. Nothing else differs from what `hotpapers collect` makes of its settings."""

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
"""Microseconds that a lease holds here, by real time; sixteen seconds elsewhere."""
LEAST = 0.02
"""Real seconds for which whoever waits waits at least: at a great speed even a long wait would be none."""
QUICK = ClientLimits(connect=5.0, read=0.5, whole=20.0, backoff=0.0, silence=0.1, longest=5.0)
"""Short enough to wait for a server that stalls."""
SELDOM = 600.0
"""Seconds between two looks whether counts are due; a minute elsewhere."""
SILENCE = 30.0
"""Seconds of silence that a heartbeat stands for."""


class Jumping:
    """start + speed × real time; whoever waits moves it on at once. Several threads may look at it. `began`: real
    seconds at which it began, the same for all processes that share it."""

    def __init__(self, start: int, speed: float = 0.0, began: float | None = None) -> None:
        self.start, self.speed = start, speed
        self.began = time.monotonic() if began is None else began
        self._lock = threading.Lock()

    def now(self) -> int:
        return self.start + round(self.speed * 1e6 * (time.monotonic() - self.began))

    def advance(self, seconds: float) -> None:
        """So many seconds pass, or come again."""
        with self._lock:
            self.start += round(seconds * 1e6)

    def to(self, moment: int) -> None:
        """It is that moment now, unless that is past."""
        self.advance(max(moment - self.now(), 0) / 1e6)


class Wrong(Jumping):
    """A machine's own clock, which is wrong by so many seconds while the networks' is right."""

    def __init__(self, right: Jumping) -> None:
        self.right, self.seconds = right, 0.0
        self.speed = right.speed

    def now(self) -> int:
        return self.right.now() + round(self.seconds * 1e6)

    def advance(self, seconds: float) -> None:
        self.right.advance(seconds)


class Given(NamedTuple):
    """What a process must know: the store, the addresses of the networks, the clock, and what of its settings differs.

    `sources`: those that are read. `changes`: settings by source.
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
    """The sources that are read, with their settings as they are written, but for some."""
    bases = given.bases or addresses(dict.fromkeys(HOSTS, 1))
    tables = tomllib.loads(settings_toml(bases))["source"]
    changed = {name: table | dict(given.changes.get(name, {})) for name, table in tables.items()}
    return chosen_sources(changed, given.sources)


# ---- by that clock ---------------------------------------------------------------------------------------


class Listening(PoliteHttpClient):
    """A client by a clock that stands still: while nothing comes, time passes in which something may happen."""

    skip: Callable[[float], None]

    def messages(self, url: str, **more: Any) -> Iterator[bytes | None]:
        """The messages of a websocket; None after half a minute, which is no time."""
        for message in super().messages(url, **more):
            if message is None:
                self.skip(SILENCE)
            yield message


def patches(
    clock: Jumping, sleep: Callable[[float], None], limits: ClientLimits = QUICK
) -> Iterator[tuple[object, str, Any]]:
    """What must be put in place of what, in this process, so that it goes by a clock: object, name, value."""

    def quick(agent: str, **given: Any) -> PoliteHttpClient:
        changed = {"clock": clock.now, "sleep": sleep, "pace": {"127.0.0.1": 0.0}, "limits": limits, "context": TRUST}
        http = Listening(agent, **(given | changed))
        http.skip = (lambda seconds: None) if clock.speed else clock.advance
        return http

    yield job_factory, "PoliteHttpClient", quick
    yield recount_job, "PAUSE", SELDOM
    yield record, "time", SimpleNamespace(time_ns=lambda: clock.now() * 1000)


def waits(stop: threading.Event, speed: float) -> Callable[[float], None]:
    """Waiting that is shorter by as much as the clock is faster; but what waits for a lease waits for less than a
    second, and leases go by real time. Raises Stopped."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds if 0 < seconds < 1 else max(seconds / speed, LEAST)):
            raise Stopped("told to stop")

    return sleep


class QuickSite(IngestContext):
    """A site whose own jobs wait for a shorter time too."""

    speed = 1.0

    def _sleep(self, seconds: float) -> None:
        waits(self.stop, self.speed)(seconds)


def leases_of(given: Given, holder: str, jobs: tuple[str, ...] = (), hold: int = HOLD) -> Leases:
    """The leases of a process that does all that the sources need, and more."""
    return Leases(partial(Record, given.store), holder, [*job_names(choices_of(given)), *jobs], hold=hold)


def site_of(given: Given, stop: threading.Event, leases: Leases) -> IngestContext:
    """What the jobs of a process share."""
    QuickSite.speed = given.speed or 1.0
    return QuickSite(
        given.store, "https://library.example/", stop, leases, SharedPaperIndex(), HostPacer(), ServerClocks()
    )
