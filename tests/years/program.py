"""The jobs of `hotpapers run`, set up as the command does, over the loopback internet and in simulated time.

Differences from the command: the clock, the client, a store that may fail, and longer intervals: a job that
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
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline

ROUND_INTERVAL, SHORT_WAIT = HOUR, 40.0
"""A job runs its next round at a multiple of this, µs. Waits shorter than this many seconds keep their length."""
LOCAL_ROUND_INTERVAL, LOCAL_SHORT_WAIT = HOUR // 2, 10.0
"""The same for jobs that use no network."""
LEASE, RENEWAL = DAY, 6 * HOUR
"""How long a lease lasts, and after how long it is renewed."""
REQUEST_SECONDS = 0.01
"""Seconds that a request takes where that matters."""
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

SideTask = Callable[["Environment"], None]
"""What runs beside the program, such as a nightly backup."""


class RoundingClient(DirectClient):
    """A client that rounds longer waits to the nearest multiple of an interval."""

    def __init__(
        self, script: Script, clock: SteppedClock, plan: Plan, stop_at: int, request_seconds: float = 0.0
    ) -> None:
        super().__init__(script, clock, plan, request_seconds=request_seconds, stop_at=stop_at)
        self.round_interval, self.short_wait = ROUND_INTERVAL, SHORT_WAIT

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises Stopped at the end of the simulation."""
        if seconds >= self.short_wait:
            target, now = self.now() + round(seconds * 1e6), self.now()
            nearest = max((target + self.round_interval // 2) // self.round_interval, now // self.round_interval + 1)
            seconds = (nearest * self.round_interval - now) / 1e6
        super().sleep(seconds)


def write_settings(folder: Path, script: Script) -> Path:
    """Write the hotpapers.toml of the simulation: default settings, the loopback's addresses, three publications."""
    full_settings = settings_toml(DirectClient(script, SteppedClock(0)).bases)
    settings = full_settings.partition("[source.reddit]")[0]  # Reddit and X are off by default
    name = 'title = "Loopback Papers"\n'
    beginning, _, sources = settings.partition(name)
    file = folder / "hotpapers.toml"
    file.write_text(beginning + name + PUBLICATIONS.partition("[publish]")[0] + sources)
    return file


class Environment(NamedTuple):
    """What the program runs with: settings, script, faults, clock. `reads_back`: whether it reads earlier posts, as its
    settings say."""

    settings: Path
    script: Script
    plan: Plan
    timeline: Timeline
    store_failures: StoreFailures
    reads_back: bool = False

    @property
    def context(self) -> common.CommandContext:
        """The parsed settings."""
        return common.context_of(None, self.settings)

    def client(self) -> RoundingClient:
        """A new client and clock for a job."""
        request_seconds = REQUEST_SECONDS if self.reads_back else 0.0
        return RoundingClient(self.script, self.timeline, self.plan, self.timeline.until, request_seconds)


@contextmanager
def simulated_time(environment: Environment) -> Iterator[None]:
    """Put the whole program on the simulated clock and the loopback internet."""

    def make_connection(hosts: Sequence[str], secrets: Sequence[str], site: IngestContext) -> Connection:
        return Connection(environment.client())

    with (
        patch.object(time, "time_ns", lambda: environment.timeline.now() * 1000),
        patch.object(time, "time", lambda: environment.timeline.now() / 1e6),
        patch.object(job_factory, "make_connection", make_connection),
        patch.object(run_module, "make_connection", make_connection),
        patch.object(JobLoop, "_handle_defect", _raise),
    ):
        yield


def _raise(_: JobLoop, problem: BaseException) -> NoReturn:
    """Fail the test for errors that the program would log and retry."""
    raise problem


def run_program(environment: Environment, until: int, side_tasks: Sequence[SideTask] = ()) -> None:
    """Run the program, and tasks beside it, until a moment. Raises any error of theirs."""
    context, publications = (
        environment.context,
        [publication.name for publication in environment.context.settings.publication],
    )
    with common.open_record(context, create=True, publications=True):
        pass
    choices = chosen_sources(context.settings.source)
    environment.timeline.expect(len(job_names(choices)) + 2 + len(side_tasks) + 1, until)
    stop = threading.Event()
    leases = Leases(
        partial(environment.store_failures.record, context.store), f"at {environment.timeline.now()}", hold=LEASE
    )
    site = _site(environment, context, stop, leases)
    jobs: dict[str, Callable[[], JobLoop]] = {
        **make_jobs(choices, site),
        PublishJob.name: partial(
            run_module._issues,
            context,
            publications,
            issue_destinations(context),
            site,
            job_names(choices) if environment.reads_back else (),
        ),
        HousekeepingJob.name: partial(run_module._housekeeping, context, publications, site),
    }
    tasks: list[SideTask] = [*side_tasks, partial(keep_leases, leases)]
    side_jobs = {f"side job {n}": partial(SideJob, task, environment) for n, task in enumerate(tasks)}
    factories: dict[str, Callable[[], JobLoop | SideJob]] = {**jobs, **side_jobs}
    errors: list[BaseException] = []
    turns = {name: Turn(environment.timeline, n, make, errors) for n, (name, make) in enumerate(factories.items())}
    JobRunner(turns, stop).run()  # type: ignore[arg-type]
    leases.close()
    if errors:
        raise errors[0]


def _site(
    environment: Environment, context: common.CommandContext, stop: threading.Event, leases: Leases
) -> IngestContext:
    client = environment.client()
    client.round_interval, client.short_wait = LOCAL_ROUND_INTERVAL, LOCAL_SHORT_WAIT

    class SimulatedSite(IngestContext):
        def record(self) -> Record:
            return environment.store_failures.record(self.store)

        @property
        def clock(self) -> Clock:
            return Clock(client.now, client.sleep)

    read_back = context.settings.run.read_back * DAY if environment.reads_back else None
    return SimulatedSite(
        context.store,
        context.settings.contact,
        stop,
        leases,
        SharedPaperIndex(),
        HostPacer(),
        ServerClocks(),
        context.terms,
        read_back,
    )


def keep_leases(leases: Leases, environment: Environment) -> None:
    """Renew the program's leases; otherwise a thread does so by the machine's clock."""
    while environment.timeline.now() < environment.timeline.until:
        environment.timeline.to(environment.timeline.now() + RENEWAL)
        with suppress(StoreError), environment.store_failures.record(environment.context.store) as record:
            for job in leases._held_jobs():
                leases.take(record, job)


class SideJob(NamedTuple):
    """A task that runs beside the program."""

    task: SideTask
    environment: Environment

    def run(self, *, once: bool = False) -> None:
        """Run until the program ends."""
        self.task(self.environment)


class Turn(NamedTuple):
    """A job that runs only while it has the turn."""

    timeline: Timeline
    rank: int
    make: Callable[[], JobLoop | SideJob]
    errors: list[BaseException]

    @property
    def problem(self) -> None:
        """Unused, as errors go to `errors`; see `JobLoop`."""

    def __call__(self) -> Turn:
        return self

    def run(self, *, once: bool = False) -> None:
        """Like `JobLoop.run`."""
        self.timeline.enter(self.rank)
        try:
            self.make().run(once=once)
        except BaseException as problem:
            self.timeline.until = self.timeline.now()  # end all threads' sleep
            self.errors.append(problem)
        finally:
            self.timeline.leave()
