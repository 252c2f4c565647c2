"""The commands that read networks: collect, and run, which also freezes and publishes on schedule."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import click

from hotpapers import logs
from hotpapers.cli import beginning, common
from hotpapers.cli.sending import ClientHandle, all_destinations, check, sends
from hotpapers.cli.terminal import count, echo, moment
from hotpapers.http import HostPacer, ServerClocks
from hotpapers.ingest import (
    COUNTS,
    ConfiguredSource,
    IngestContext,
    JobLoop,
    JobRunner,
    Leases,
    SharedPaperIndex,
    chosen_sources,
    job_names,
    make_jobs,
    make_line,
)
from hotpapers.jobs import job_state as duties
from hotpapers.model import DAY
from hotpapers.schedule import (
    HousekeepingJob,
    IssueDestination,
    PublishJob,
    SendJob,
    SiteHealth,
    health,
    metrics,
)
from hotpapers.store import Record, now
from hotpapers.store.statistics import totals
from hotpapers.summaries.generate import summarizer
from hotpapers.web.monitoring import monitor

Jobs = Mapping[str, Callable[[], JobLoop]]
"""By name what makes them."""


@click.command(
    epilog="""\b
Examples:
  hotpapers collect --once
  hotpapers collect arxiv bluesky
  hotpapers collect --config site/hotpapers.toml"""
)
@click.argument("sources", metavar="[SOURCE]…", nargs=-1)
@click.option(
    "--once",
    is_flag=True,
    help="Read each source once; of a stream, everything since the last read and five minutes more.",
)
@common.store_options
def collect(sources: tuple[str, ...], once: bool, home: common.CommandContext) -> None:
    """Read networks into the record.

    Reads the sources enabled in the settings, or those named, each in its own thread, until stopped. A network that
    cannot be read is retried later and stops no other. With --once the exit status is 1 if any source failed.
    """
    choices = _choices(home, sources)
    names = [choice.name for choice in choices]
    logs.listen(home.settings.run.log)
    with Record(home.store):
        pass  # made, and of this version, before threads share it
    with _site_of(home, choices) as site:
        jobs = make_jobs(choices, site)
        problems = _once(in_turn(jobs), site) if once else JobRunner(jobs, site.stop).run()
    with Record(home.store) as record:
        failing = list(_tell(record, names))
    _raise_first(problems)
    if once and failing:
        raise click.exceptions.Exit(1)


@click.command(
    epilog="""\b
Examples:
  hotpapers run
  hotpapers run --config site/hotpapers.toml
  hotpapers run --once                        (from a scheduler: one round, what is due frozen and published)"""
)
@click.option("--once", is_flag=True, help="Read each source once, then freeze and publish what is due.")
@common.store_options
def run(once: bool, home: common.CommandContext) -> None:
    """Collect, freeze and publish on schedule until stopped.

    Each publication's issue is frozen when its day closes, then published to the configured channels. Failures are
    logged and retried, and never stop other jobs. Check on it from anywhere with `hotpapers status`.
    """
    choices = _choices(home, ())
    names = [one.name for one in home.settings.publication if one.window != "listing"]
    common.need(bool(names), "no publication configured; add a [[publication]] to hotpapers.toml")
    logs.listen(home.settings.run.log)
    with common.open_record(home, create=True, publications=True) as record:
        check(home, record)
    sending = (SendJob.name,) if sends(home) else ()
    with _site_of(home, choices, (PublishJob.name, HousekeepingJob.name, *sending)) as site, _watched(home, names):
        logs.log_event(
            "running", store=home.store, sources=" ".join(c.name for c in choices), publications=" ".join(names)
        )
        beginning.tell(home, choices, names)
        reading = make_jobs(choices, site)
        keeping = {
            PublishJob.name: partial(_issues, home, names, site, tuple(reading)),
            HousekeepingJob.name: partial(_housekeeping, home, names, site),
        }
        delivering = {name: partial(_sending, home, names, site) for name in sending}
        if once:  # what was read now is published now, and sent
            problems = _once((*in_turn(reading), keeping, delivering), site)
        else:
            with beginning.progress(home, tuple(reading), site.stop):
                problems = JobRunner({**reading, **keeping, **delivering}, site.stop).run()
    logs.log_event("stopped")
    _raise_first(problems)


def _once(groups: Iterable[Jobs], site: IngestContext) -> list[BaseException]:
    """Each job once, one group after the other; what escaped them: it kept no other from being done."""
    return [problem for jobs in groups for problem in JobRunner(jobs, site.stop).run(once=True)]


def _raise_first(problems: Sequence[BaseException]) -> None:
    """A scheduler must see by the exit status that a job met a defect, or no store."""
    if problems:
        raise problems[0]


def _choices(home: common.CommandContext, sources: tuple[str, ...]) -> list[ConfiguredSource]:
    choices = chosen_sources(home.settings.source, sources, str(home.file), home.terms)
    common.need(bool(choices), "no source enabled; enable one in hotpapers.toml, or name it")
    return choices


def in_turn(reading: Jobs) -> tuple[Jobs, Jobs]:
    """The jobs that read networks, and those that read counts again: of what was just read too, where each has one
    round."""
    counting = {name: make for name, make in reading.items() if name.endswith(COUNTS)}
    return {name: make for name, make in reading.items() if name not in counting}, counting


def _issues(home: common.CommandContext, names: list[str], site: IngestContext, reading: Sequence[str] = ()) -> JobLoop:
    places = [IssueDestination(name, *target) for name in names for target in common.targets(home, name, (), None)]

    def make() -> PublishJob:
        summarize = summarizer(home.settings.summary, home.settings.contact, site.stop)
        return PublishJob(
            names,
            places,
            home.settings.bots,
            home.site_config,
            home.terms,
            summarize,
            reading,
            site.witnesses if reading else None,
        )

    return JobLoop(PublishJob.name, make, site.record, site.leases, site.clock)


def _sending(home: common.CommandContext, names: list[str], site: IngestContext) -> JobLoop:
    def open_way(own: tuple[str, ...], secret: tuple[str, ...]) -> ClientHandle:
        line = make_line(own, secret, site)
        return ClientHandle(line.http, line.close)

    def make() -> SendJob:
        return SendJob(names, partial(all_destinations, home, open_way), home.terms)

    return JobLoop(SendJob.name, make, site.record, site.leases, site.clock)


def _housekeeping(home: common.CommandContext, names: list[str], site: IngestContext) -> JobLoop:
    ping = home.settings.run.ping

    def make() -> HousekeepingJob:
        line = make_line((ping,) if ping else (), (), site)
        return HousekeepingJob(line, ping, lambda work: health(work.record, names, work.clock.now()))

    return JobLoop(HousekeepingJob.name, make, site.record, site.leases, site.clock)


@contextmanager
def _watched(home: common.CommandContext, names: list[str]) -> Iterator[None]:
    """Answers machines that watch, where the settings say on which address."""

    def ask() -> SiteHealth:
        with Record(home.store, create=False) as record:
            return health(record, names, now())

    def figures() -> str:
        with Record(home.store, create=False) as record:
            return metrics(totals(record), duties.all_states(record), health(record, names, now()))

    if not home.settings.run.listen:
        yield
        return
    with monitor(home.settings.run.listen, ask, figures) as port:
        logs.log_event("watched", port=port)
        yield


@contextmanager
def _site_of(
    home: common.CommandContext, choices: Sequence[ConfiguredSource], more: Sequence[str] = ()
) -> Iterator[IngestContext]:
    """What the jobs of this process share, until a signal stops them. `more`: jobs beside those of the sources."""
    stop = threading.Event()
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    leases = Leases(partial(Record, home.store), holder, [*job_names(choices), *more])
    with _stopped_by_signals(stop), leases:
        yield IngestContext(
            home.store,
            home.settings.contact,
            stop,
            leases,
            SharedPaperIndex(),
            HostPacer(),
            ServerClocks(),
            home.terms,
            home.settings.run.read_back * DAY,
        )


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the rounds; what was read is kept."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(record: Record, names: list[str]) -> Iterator[str]:
    """Prints how each source is doing; the names of those that fail."""
    for duty in duties.all_states(record):
        name, _, counts = duty.source.partition("/")
        if name not in names or (counts and duty.failing_since is None):
            continue
        said = f"{count(duty.items, 'item')} so far"
        if duty.failing_since is not None:
            said = f"{duty.state} since {moment(duty.failing_since)}: {duty.reason}"
            yield duty.source
        echo(f"{duty.source:<18} {said}")
