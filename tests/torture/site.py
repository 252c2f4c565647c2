"""A site that reads the loopback internet by its clock, whether its jobs run in processes that are killed or one after
the other. All else is as `hotpapers collect` sets it up."""

from __future__ import annotations

import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from hotpapers.base import network_terms
from hotpapers.base.errors import Stopped
from hotpapers.base.http import ClientLimits, HostPacer, PoliteHttpClient, ServerClocks
from hotpapers.base.http.proxies import NO_PROXIES
from hotpapers.base.model import DAY
from hotpapers.base.networks import paper_servers
from hotpapers.collect import collect_job, job_factory
from hotpapers.collect.change_filter import SharedPaperIndex
from hotpapers.collect.job_factory import ConfiguredSource, IngestContext, chosen_sources
from hotpapers.collect.sources import SOURCES
from hotpapers.jobs.leases import Leases
from hotpapers.record import Record, record
from tests.base.http.server import TRUST
from tests.loopback.hosts import HOSTS, addresses
from tests.loopback.settings import settings_toml

READ = tuple(name for name in SOURCES if name not in paper_servers())
"""arXiv and the networks: nobody posts on other servers of papers."""
LEASE = 300_000
"""How long a lease lasts in these tests, in real microseconds; normally sixteen seconds."""
SHORTEST_WAIT = 0.02
"""The shortest real wait, in seconds: on a very fast clock even a long wait would be almost none."""
QUICK_LIMITS = ClientLimits(connect=5.0, read=0.5, whole=20.0, backoff=0.0, silence=0.1, longest=5.0)
"""Short enough for tests to wait for a stalled server."""
COUNT_INTERVAL = 600.0
"""Seconds between two checks for due counts; normally a minute."""
READ_BACK = 2 * DAY
"""How far the networks are read back: a site's second server may first be reached long after its first one."""
HEARTBEAT_SILENCE = 30.0
"""Seconds of silence that a heartbeat represents."""


class JumpingClock:
    """A clock: start + speed × real time. Waiting moves it forward at once. Thread-safe. `real_start`: the real time of
    its start in seconds, the same for all processes that share it."""

    def __init__(self, start: int, speed: float = 0.0, real_start: float | None = None) -> None:
        self.start, self.speed = start, speed
        self.real_start = time.monotonic() if real_start is None else real_start
        self._lock = threading.Lock()

    def now(self) -> int:
        return self.start + round(self.speed * 1e6 * (time.monotonic() - self.real_start))

    def advance(self, seconds: float) -> None:
        """Move by this many seconds, which may be negative."""
        with self._lock:
            self.start += round(seconds * 1e6)

    def to(self, moment: int) -> None:
        """Move to a moment, unless it is past."""
        self.advance(max(moment - self.now(), 0) / 1e6)


class OffsetClock(JumpingClock):
    """A machine's own clock that is off by some seconds while the networks' clock is right."""

    def __init__(self, network_clock: JumpingClock) -> None:
        self.network_clock, self.offset = network_clock, 0.0
        self.speed = network_clock.speed

    def now(self) -> int:
        return self.network_clock.now() + round(self.offset * 1e6)

    def advance(self, seconds: float) -> None:
        self.network_clock.advance(seconds)


class SiteParameters(NamedTuple):
    """What a process needs to know: the store, the networks' addresses, the clock, and changed settings.

    `sources`: the sources to read. `changes`: settings by source.
    """

    store: str
    bases: Mapping[str, str]
    start: int
    speed: float
    real_start: float
    sources: tuple[str, ...] = ()
    changes: Mapping[str, Mapping[str, Any]] = {}

    @property
    def clock(self) -> JumpingClock:
        """The clock that all processes share."""
        return JumpingClock(self.start, self.speed, self.real_start)


def chosen_sources_of(parameters: SiteParameters) -> list[ConfiguredSource]:
    """The sources to read, with the loopback's settings and changes to them."""
    bases = parameters.bases or addresses(dict.fromkeys(HOSTS, 1))
    tables = tomllib.loads(settings_toml(bases))["source"]
    changed = {name: table | dict(parameters.changes.get(name, {})) for name, table in tables.items()}
    return chosen_sources(changed, parameters.sources)


# ---- by that clock ----------------------------------------------------------------------------------------


class SkippingClient(PoliteHttpClient):
    """A client by a clock that stands still: while a stream is silent, it moves the clock."""

    skip: Callable[[float], None]

    def messages(self, url: str, **options: Any) -> Iterator[bytes | None]:
        """The messages of a websocket; None after half a minute, which takes no real time."""
        for message in super().messages(url, **options):
            if message is None:
                self.skip(HEARTBEAT_SILENCE)
            yield message


def patches(
    clock: JumpingClock, sleep: Callable[[float], None], limits: ClientLimits = QUICK_LIMITS
) -> Iterator[tuple[object, str, Any]]:
    """The patches that make this process use a clock: object, name, value."""

    def make_client(agent: str, **options: Any) -> PoliteHttpClient:
        overrides = {"clock": clock.now, "sleep": sleep, "pace": {"127.0.0.1": 0.0}, "limits": limits, "context": TRUST}
        http = SkippingClient(agent, **(options | overrides))
        http.skip = (lambda seconds: None) if clock.speed else clock.advance
        return http

    yield job_factory, "PoliteHttpClient", make_client
    yield collect_job, "PAUSE", COUNT_INTERVAL
    yield record, "time", SimpleNamespace(time_ns=lambda: clock.now() * 1000)


def make_sleep(stop: threading.Event, speed: float) -> Callable[[float], None]:
    """A sleep that is shortened by the clock's speed. Waits under a second, as for leases, keep their length, since
    leases run on real time. Raises Stopped."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds if 0 < seconds < 1 else max(seconds / speed, SHORTEST_WAIT)):
            raise Stopped("told to stop")

    return sleep


class QuickSite(IngestContext):
    """A site whose own waits are short, too."""

    speed = 1.0

    def _sleep(self, seconds: float) -> None:
        make_sleep(self.stop, self.speed)(seconds)


def make_leases(parameters: SiteParameters, holder: str, lease: int = LEASE) -> Leases:
    """The leases of a process."""
    return Leases(partial(Record, parameters.store), holder, hold=lease)


def make_context(parameters: SiteParameters, stop: threading.Event, leases: Leases) -> IngestContext:
    """The context that the jobs of a process share."""
    QuickSite.speed = parameters.speed or 1.0
    return QuickSite(
        parameters.store, "https://library.example/", stop, leases, SharedPaperIndex(), HostPacer(), ServerClocks(),
        terms=network_terms.TERMS, back=READ_BACK, proxies=NO_PROXIES,
    )  # fmt: skip
