"""The jobs of `hotpapers run`, set up as the command does, over the loopback internet and in simulated time.

Differences from the command: the clock, the client, a store that may be in trouble, and longer intervals: a job that
completed a round runs again on the hour (the one that freezes also on the half hour) instead of every few minutes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn
from unittest.mock import patch

from hotpapers.cli import common
from hotpapers.cli import run as run_module
from hotpapers.cli.configured import issue_destinations
from hotpapers.errors import StoreError
from hotpapers.http import HostPacer, ServerClocks
from hotpapers.ingest import IngestContext, SharedPaperIndex, chosen_sources, job_factory, job_names, make_jobs
from hotpapers.ingest.collect_job import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.model import DAY, HOUR
from hotpapers.schedule import HousekeepingJob, PublishJob
from hotpapers.store import Record
from tests.loopback.clock import SteppedClock
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan
from tests.loopback.script import Script
from tests.loopback.settings import settings_toml
from tests.years.timeline import Timeline
from tests.years.troubles import Troubles

LOOK, SHORT = HOUR, 40.0
"""When a job runs its next round: at multiples of this. Waits shorter than this many seconds keep their length."""
LOOKS, SHORTER = HOUR // 2, 10.0
"""The same for jobs that use no network."""
HOLD, RENEWED = DAY, 6 * HOUR
"""How long a lease lasts, and when it is renewed."""
REQUEST_SECONDS = 0.01
"""Seconds that a request takes where passing time matters."""
PUBLICATIONS = """
hour = 8
zone = "Europe/Zurich"
threshold = 1

[[publication]]
name = "weekly"
window = "weekly"
hour = 6
zone = "America/New_York"
threshold = 1

[[publication]]
name = "monthly"
window = "monthly"
hour = 8
zone = "Asia/Tokyo"
threshold = 1

[publish]
channels = ["site", "markdown"]
"""

Extra = Callable[["World"], None]
"""What runs besides the program, such as a nightly backup."""


class Hurried(DirectClient):
    """A client that rounds any longer wait to the nearest look."""

    def __init__(
        self, script: Script, clock: SteppedClock, plan: Plan, stop_at: int, request_seconds: float = 0.0
    ) -> None:
        super().__init__(script, clock, plan, request_seconds=request_seconds, stop_at=stop_at)
        self.look, self.short = LOOK, SHORT

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises Stopped at the end of the simulation."""
        if seconds >= self.short:
            wanted, now = self.now() + round(seconds * 1e6), self.now()
            nearest = max((wanted + self.look // 2) // self.look, now // self.look + 1)
            seconds = (nearest * self.look - now) / 1e6
        super().sleep(seconds)


def write_settings(folder: Path, script: Script) -> Path:
    """Write the hotpapers.toml of the simulation: default settings, the loopback's addresses, three publications."""
    whole = settings_toml(DirectClient(script, SteppedClock(0)).bases)
    asked_for = whole.partition("[source.reddit]")[0]  # Reddit and X are off by default
    name = 'title = "Loopback Papers"\n'
    head, _, sources = asked_for.partition(name)
    file = folder / "hotpapers.toml"
    file.write_text(head + name + PUBLICATIONS.partition("[publish]")[0] + sources)
    return file


class World(NamedTuple):
    """Where the program runs: settings, script, faults, clock. `reads_back`: whether it reads earlier posts, as its
    settings say."""

    settings: Path
    script: Script
    plan: Plan
    timeline: Timeline
    troubles: Troubles
    reads_back: bool = False

    @property
    def home(self) -> common.CommandContext:
        """The parsed settings."""
        return common.context_of(None, self.settings)

    def client(self) -> Hurried:
        """A new client and clock for a job."""
        request_seconds = REQUEST_SECONDS if self.reads_back else 0.0
        return Hurried(self.script, self.timeline, self.plan, self.timeline.until, request_seconds)


@contextmanager
def by_simulated_time(world: World) -> Iterator[None]:
    """Put the whole program on the simulated clock and the loopback internet."""

    def line(own: Sequence[str], secrets: Sequence[str], site: IngestContext) -> Connection:
        return Connection(world.client())

    with (
        patch.object(time, "time_ns", lambda: world.timeline.now() * 1000),
        patch.object(time, "time", lambda: world.timeline.now() / 1e6),
        patch.object(job_factory, "make_connection", line),
        patch.object(run_module, "make_connection", line),
        patch.object(JobLoop, "_handle_defect", _raised),
    ):
        yield


def _raised(_: JobLoop, problem: BaseException) -> NoReturn:
    """Fail the test for errors that the program would log and retry."""
    raise problem


def live(world: World, until: int, beside: Sequence[Extra] = ()) -> None:
    """Run the program and some extra tasks until a moment. Raises any error of theirs."""
    home, names = world.home, [one.name for one in world.home.settings.publication]
    with common.open_record(home, create=True, publications=True):
        pass
    choices = chosen_sources(home.settings.source)
    world.timeline.expect(len(job_names(choices)) + 2 + len(beside) + 1, until)
    stop = threading.Event()
    leases = Leases(partial(world.troubles.record, home.store), f"at {world.timeline.now()}", hold=HOLD)
    site = _site(world, home, stop, leases)
    jobs: dict[str, Callable[[], JobLoop]] = {
        **make_jobs(choices, site),
        PublishJob.name: partial(
            run_module._issues,
            home,
            names,
            issue_destinations(home),
            site,
            job_names(choices) if world.reads_back else (),
        ),
        HousekeepingJob.name: partial(run_module._housekeeping, home, names, site),
    }
    extras: list[Extra] = [*beside, partial(keep_leases, leases)]
    others = {f"beside {n}": partial(Beside, other, world) for n, other in enumerate(extras)}
    makes: dict[str, Callable[[], JobLoop | Beside]] = {**jobs, **others}
    broken: list[BaseException] = []
    turns = {name: Turn(world.timeline, n, make, broken) for n, (name, make) in enumerate(makes.items())}
    JobRunner(turns, stop).run()  # type: ignore[arg-type]
    leases.close()
    if broken:
        raise broken[0]


def _site(world: World, home: common.CommandContext, stop: threading.Event, leases: Leases) -> IngestContext:
    clock = world.client()
    clock.look, clock.short = LOOKS, SHORTER

    class SimulatedSite(IngestContext):
        def record(self) -> Record:
            return world.troubles.record(self.store)

        @property
        def clock(self) -> Clock:
            return Clock(clock.now, clock.sleep)

    back = home.settings.run.read_back * DAY if world.reads_back else None
    return SimulatedSite(
        home.store,
        home.settings.contact,
        stop,
        leases,
        SharedPaperIndex(),
        HostPacer(),
        ServerClocks(),
        home.terms,
        back,
    )


def keep_leases(leases: Leases, world: World) -> None:
    """Renew the program's leases, which a thread otherwise does by the machine's clock."""
    while world.timeline.now() < world.timeline.until:
        world.timeline.to(world.timeline.now() + RENEWED)
        with suppress(StoreError), world.troubles.record(world.home.store) as record:
            for job in leases._held_jobs():
                leases.take(record, job)


class Beside(NamedTuple):
    """A task that runs besides the program."""

    extra: Extra
    world: World

    def run(self, *, once: bool = False) -> None:
        """Run until the program ends."""
        self.extra(self.world)


class Turn(NamedTuple):
    """A job that runs only while it has the turn."""

    timeline: Timeline
    rank: int
    make: Callable[[], JobLoop | Beside]
    broken: list[BaseException]

    @property
    def problem(self) -> None:
        """Unused here, as problems go to `broken`; see `JobLoop`."""

    def __call__(self) -> Turn:
        return self

    def run(self, *, once: bool = False) -> None:
        """Like `Rounds.run`."""
        self.timeline.enter(self.rank)
        try:
            self.make().run(once=once)
        except BaseException as problem:
            self.timeline.until = self.timeline.now()  # end everybody's sleep
            self.broken.append(problem)
        finally:
            self.timeline.leave()
