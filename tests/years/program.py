"""The jobs of `hotpapers run`, set up as the command does, over the loopback internet and in simulated time.

Differences from the command: the clock, the client, a store that may fail, and longer intervals: a job that
completed a round runs again on the hour (the one that freezes also on the half hour) instead of every few minutes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from hotpapers.base.errors import NetError, StoreError
from hotpapers.base.http import HostPacer, ServerClocks
from hotpapers.base.http.proxies import NO_PROXIES
from hotpapers.base.model import DAY, HOUR
from hotpapers.collect import job_factory
from hotpapers.collect.change_filter import SharedPaperIndex
from hotpapers.collect.job_factory import IngestContext, chosen_sources, job_names, make_jobs
from hotpapers.jobs.attempts import NextAttempt
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop, JobRunner
from hotpapers.record import Record
from hotpapers.site import site_jobs as site_jobs_module
from hotpapers.site.site import Site
from hotpapers.site.site_jobs import jobs_in, site_jobs, wing_jobs
from hotpapers.wings.peers import commands as following_module
from hotpapers.wings.personal.embeddings import filling as filling_module
from hotpapers.wings.preprints import registry_job as registry_module
from hotpapers.wings.proof import log_keeping as log_keeping_module
from hotpapers.wings.voices import noting as noting_module
from tests.loopback.clock import SteppedClock
from tests.loopback.direct_client import NO_OTHERS, Answer, DirectClient
from tests.loopback.faults import Plan
from tests.loopback.network_state import NONE
from tests.loopback.script import NEVER, Script
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

CONNECTING = (
    job_factory,
    site_jobs_module,
    following_module,
    log_keeping_module,
    noting_module,
    filling_module,
    registry_module,
)
"""The modules that open connections. All are patched, also one that the program imports late: imported first inside the
patched block, it would keep the client of that simulation."""

SideTask = Callable[["Environment"], None]
"""What runs beside the program, such as a nightly backup."""


class RoundingClient(DirectClient):
    """A client that rounds longer waits to the nearest multiple of an interval. While the machine is suspended, its
    streams are cut."""

    def __init__(
        self, script: Script, clock: Timeline, plan: Plan, stop_at: int, request_seconds: float = 0.0,
        others: Mapping[str, Answer] = NO_OTHERS,
    ) -> None:  # fmt: skip
        super().__init__(script, clock, plan, request_seconds=request_seconds, stop_at=stop_at, others=others)
        self.round_interval, self.short_wait = ROUND_INTERVAL, SHORT_WAIT
        self._timeline, self._opened_after = clock, NEVER

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises Stopped at the end of the simulation."""
        if seconds >= self.short_wait:
            target, now = self.now() + round(seconds * 1e6), self.now()
            nearest = max((target + self.round_interval // 2) // self.round_interval, now // self.round_interval + 1)
            seconds = (nearest * self.round_interval - now) / 1e6
        super().sleep(seconds)

    def messages(self, url: str, *, headers: Mapping[str, str] = NONE) -> Iterator[bytes | None]:
        with self._streaming():
            yield from super().messages(url, headers=headers)

    def lines(self, url: str, *, headers: Mapping[str, str] = NONE) -> Iterator[bytes | None]:
        with self._streaming():
            yield from super().lines(url, headers=headers)

    @contextmanager
    def _streaming(self) -> Iterator[None]:
        self._opened_after = self._timeline.suspensions_until(self.now())
        try:
            yield
        finally:
            self._opened_after = NEVER

    def _check_stop(self) -> None:
        super()._check_stop()
        if self._timeline.suspensions_until(self.now()) > self._opened_after:
            raise NetError("the connection was reset while the machine was suspended")


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
    settings say. `others`: hosts that are no networks. `name`: of the process, if several run at once."""

    settings: Path
    script: Script
    plan: Plan
    timeline: Timeline
    store_failures: StoreFailures
    reads_back: bool = False
    others: Mapping[str, Answer] = NO_OTHERS
    name: str = ""

    @property
    def context(self) -> Site:
        """The parsed settings."""
        return Site.open(self.settings)

    def client(self) -> RoundingClient:
        """A new client and clock for a job."""
        request_seconds = REQUEST_SECONDS if self.reads_back else 0.0
        until = self.timeline.until
        return RoundingClient(self.script, self.timeline, self.plan, until, request_seconds, self.others)


@contextmanager
def simulated_time(environment: Environment) -> Iterator[None]:
    """Put the whole program on the simulated clock and the loopback internet."""

    def make_connection(
        hosts: Sequence[str], secrets: Sequence[str], shared: IngestContext, *rest: object, **more: object
    ) -> Connection:
        return Connection(environment.client())

    with (
        patch.object(time, "time_ns", lambda: environment.timeline.now() * 1000),
        patch.object(time, "time", lambda: environment.timeline.now() / 1e6),
        patch.object(JobLoop, "_handle_failure", _raise_defect),
        ExitStack() as patches,
    ):
        for module in CONNECTING:
            patches.enter_context(patch.object(module, "make_connection", make_connection))
        yield


_HANDLE = JobLoop._handle_failure


def _raise_defect(job_loop: JobLoop, problem: BaseException) -> NextAttempt:
    """Fail the test for errors that the program would log and retry, but for those of a store."""
    if isinstance(problem, StoreError):
        return _HANDLE(job_loop, problem)
    raise problem


def run_program(environment: Environment, until: int, side_tasks: Sequence[SideTask] = ()) -> None:
    """Run the program, and tasks beside it, until a moment. Raises any error of theirs."""
    run_programs([environment], until, side_tasks)


def run_programs(environments: Sequence[Environment], until: int, side_tasks: Sequence[SideTask] = ()) -> None:
    """Run several programs on one timeline, and tasks beside the first. Raises any error of theirs."""
    timeline, stop = environments[0].timeline, threading.Event()
    timeline.until = until  # of which clients are told when they are made
    programs = [_program(environment, stop) for environment in environments]
    tasks = [*(partial(task, environments[0]) for task in side_tasks)]
    tasks += [
        partial(keep_leases, program.leases, environment)
        for program, environment in zip(programs, environments, strict=True)
    ]
    factories: dict[str, Callable[[], JobLoop | SideJob]] = {
        f"{environment.name} {name}": make
        for program, environment in zip(programs, environments, strict=True)
        for name, make in program.jobs.items()
    }
    factories |= {f"side job {n}": partial(SideJob, task) for n, task in enumerate(tasks)}
    timeline.expect(len(factories), until)
    errors: list[BaseException] = []
    turns = {name: Turn(timeline, n, make, errors) for n, (name, make) in enumerate(factories.items())}
    JobRunner(turns, stop).run()  # type: ignore[arg-type]
    for program in programs:
        program.leases.close()
    if errors:
        raise errors[0]


class Program(NamedTuple):
    """A program's jobs, by name, and its leases."""

    jobs: Mapping[str, Callable[[], JobLoop]]
    leases: Leases


def _program(environment: Environment, stop: threading.Event) -> Program:
    context = environment.context
    with context.opened(create=True, publications=True):
        pass
    choices = chosen_sources(context.settings.source)
    holder = f"{environment.name} at {environment.timeline.now()}"
    leases = Leases(partial(environment.store_failures.record, context.store), holder, hold=LEASE)
    site = _site(environment, context, stop, leases)
    further = wing_jobs(context)
    read_jobs = tuple(job_names(choices)) if environment.reads_back else ()
    publishing, sending = site_jobs(context, site, read_jobs, bool(further))
    jobs: dict[str, Callable[[], JobLoop]] = {
        **make_jobs(choices, site),
        **jobs_in(further, site),
        **publishing,
        **sending,
    }
    return Program(jobs, leases)


def _site(environment: Environment, context: Site, stop: threading.Event, leases: Leases) -> IngestContext:
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
        NO_PROXIES,
    )


def keep_leases(leases: Leases, environment: Environment) -> None:
    """Renew the program's leases; otherwise a thread does so by the machine's clock."""
    while environment.timeline.now() < environment.timeline.until:
        environment.timeline.to(environment.timeline.now() + RENEWAL)
        with suppress(StoreError), environment.store_failures.record(environment.context.store) as record:
            for job in list(leases._renewed_at):
                leases.take(record, job)


class SideJob(NamedTuple):
    """A task that runs beside the program."""

    task: Callable[[], None]

    def run(self, *, once: bool = False) -> None:
        """Run until the program ends."""
        self.task()


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
