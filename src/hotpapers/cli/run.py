"""`hotpapers run`: collects, freezes and publishes on schedule. When it starts it says what it reads, since when, and
when the first issue appears; then how that goes on."""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from zoneinfo import ZoneInfo

import click

from hotpapers import logs
from hotpapers.cli import common
from hotpapers.cli.alarms import all_alarms
from hotpapers.cli.collect import enabled_sources, in_turn, ingest_context, raise_first, run_jobs_once
from hotpapers.cli.following import follow_jobs, follow_names
from hotpapers.cli.sending import ClientHandle, all_destinations, check, sends
from hotpapers.cli.terminal import bar, plain
from hotpapers.errors import StoreError
from hotpapers.ids.timestamps import day_of
from hotpapers.ingest import ConfiguredSource, IngestContext, job_names, make_jobs, make_line
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.loop import JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.model import DAY
from hotpapers.schedule import HousekeepingJob, IssueDestination, PublishJob, SendJob, SiteHealth, health, metrics
from hotpapers.schedule.first_issue import FirstIssue, first_issues, read_back_of
from hotpapers.store import Record, now
from hotpapers.store.database import without_password
from hotpapers.store.statistics import totals
from hotpapers.summaries.generate import summarizer
from hotpapers.transparency.policies import witness_policy
from hotpapers.web.monitoring import monitor


@common.command("""
  hotpapers run
  hotpapers run --once                        (from a scheduler: one round, what is due frozen and published)""")
@click.option("--once", is_flag=True, help="Read each source once, then freeze and publish what is due.")
@common.store_options
def run(once: bool, home: common.CommandContext) -> None:
    """Collect, freeze and publish on schedule until stopped.

    Each publication's issue is frozen when its day closes, then published to the configured channels. Failures are
    logged and retried, and never stop other jobs: see `hotpapers status`.
    """
    choices = enabled_sources(home, ())
    names = home.own_publications
    common.need(bool(names), "no publication configured; add a [[publication]] to hotpapers.toml")
    logs.listen(home.settings.run.log)
    _check_publishing(home, names)
    with common.open_record(home, create=True, publications=True) as record:
        check(home, record)
    sending = (SendJob.name,) if sends(home) else ()
    with (
        ingest_context(home, choices, (PublishJob.name, HousekeepingJob.name, *sending, *follow_names(home))) as site,
        _watched(home, names),
    ):
        logs.log_event(
            "running",
            store=without_password(home.store),
            sources=" ".join(c.name for c in choices),
            publications=" ".join(names),
        )
        tell(home, choices, names)
        reading = make_jobs(choices, site)
        keeping = {
            PublishJob.name: partial(_issues, home, names, site, tuple(reading)),
            HousekeepingJob.name: partial(_housekeeping, home, names, site),
        }
        delivering = {name: partial(_sending, home, names, site) for name in sending}
        following = follow_jobs(home, site)
        if once:  # what was read now is published now, and sent
            problems = run_jobs_once((*in_turn(reading), following, keeping, delivering), site)
        else:
            with progress(home, tuple(reading), site.stop):
                problems = JobRunner({**reading, **following, **keeping, **delivering}, site.stop).run()
    logs.log_event("stopped")
    raise_first(problems)


def _check_publishing(home: common.CommandContext, names: list[str]) -> None:
    """Raises SettingsError now, and not when an issue is due."""
    for name in names:
        common.targets(home, name, (), None)
    summarizer(home.settings.summary, home.settings.contact)


def _issues(home: common.CommandContext, names: list[str], site: IngestContext, reading: Sequence[str] = ()) -> JobLoop:
    places = [IssueDestination(name, *target) for name in names for target in common.targets(home, name, (), None)]

    policy = witness_policy(home.settings.transparency.policy)
    witnesses = [witness.url for witness in policy.witnesses if witness.url]

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
            make_line(witnesses, (), site) if witnesses else None,
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
        return HousekeepingJob(line, ping, lambda work: site_health(home, work.record, names, work.clock.now()))

    return JobLoop(HousekeepingJob.name, make, site.record, site.leases, site.clock)


def site_health(home: common.CommandContext, record: Record, names: Sequence[str], at: int) -> SiteHealth:
    """How those jobs are doing that the settings ask for."""
    sending = [SendJob.name] if sends(home) else []
    reading = job_names(enabled_sources(home, ()))
    jobs = {PublishJob.name, HousekeepingJob.name, *sending, *follow_names(home), *reading}
    return health(record, names, at, all_alarms(home), jobs)


@contextmanager
def _watched(home: common.CommandContext, names: list[str]) -> Iterator[None]:
    """Answers machines that watch, where the settings say on which address."""

    def ask() -> SiteHealth:
        with Record(home.store, create=False) as record:
            return site_health(home, record, names, now())

    def figures() -> str:
        with Record(home.store, create=False) as record:
            return metrics(totals(record), jobs_queries.all_states(record), site_health(home, record, names, now()))

    if not home.settings.run.listen:
        yield
        return
    with monitor(home.settings.run.listen, ask, figures) as port:
        logs.log_event("watched", port=port)
        yield


LOOK = 1.0
"""Seconds between two looks at how far it is."""


def tell(home: common.CommandContext, choices: Sequence[ConfiguredSource], names: Sequence[str]) -> None:
    """Says it: in sentences on a terminal, as events elsewhere."""
    at, days = now(), home.settings.run.read_back
    with Record(home.store) as record:
        new = [choice.name for choice in choices if jobs_queries.load_state(record, choice.name).started_at is None]
        frozen = {name: frozen_days(record, name) for name in names}
        firsts = list(first_issues([publication_of(record, name) for name in names], frozen, at)) if new else []
    zones = {publication.name: publication.zone for publication in home.settings.publication}
    if _is_read_by_people(home):
        for sentence in sentences([choice.name for choice in choices], new, days, firsts, zones, at):
            click.echo(plain(sentence), err=True)
        return
    if new and days:
        logs.log_event("reading back", sources=" ".join(new), since=day_of(at - days * DAY))
    for first in firsts:
        logs.log_event(
            "first issue", publication=first.publication, day=first.day, at=_local(first.at, zones[first.publication])
        )


def sentences(
    sources: Sequence[str], new: Sequence[str], days: int, firsts: Sequence[FirstIssue], zones: dict[str, str], at: int
) -> Iterator[str]:
    """What is said to people. `new`: what is read for the first time; `days`: from before now that are read too."""
    yield f"Reading {', '.join(sources)}, until stopped (Ctrl-C)."
    if new and days:
        whose = "" if len(new) == len(sources) else f" of {', '.join(new)}"
        yield f"First what was said{whose} since {day_of(at - days * DAY)}, as far back as each network remembers."
    for first in firsts:
        when = _local(first.at, zones[first.publication])
        soon = "as soon as that is read" if first.at <= at else f"on {when}"
        yield f"The first issue of {first.publication}, that of {first.day}, appears {soon}."
    yield "How it is going: `hotpapers status`, in another window."


def _local(at: int, zone: str) -> str:
    """`Monday 2026-11-23 at 08:00 Europe/Zurich`."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, ZoneInfo(zone)):%A %Y-%m-%d at %H:%M} {zone}"


def _is_read_by_people(home: common.CommandContext) -> bool:
    return home.settings.run.log == "text" and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress(home: common.CommandContext, jobs: Sequence[str], stop: threading.Event) -> Iterator[None]:
    """As long as it is read what was said before: on a terminal a bar of how many jobs have done so, elsewhere an event
    for each that has."""
    ended = threading.Event()
    display = threading.Thread(target=_show, args=(home, jobs, stop, ended), daemon=True)
    display.start()
    try:
        yield
    finally:
        ended.set()
        display.join()


def _show(home: common.CommandContext, jobs: Sequence[str], stop: threading.Event, ended: threading.Event) -> None:
    with suppress(StoreError), Record(home.store) as record:
        left = read_back_of(record, jobs, now())
        with bar("reading back", len(left) if _is_read_by_people(home) else 0) as step:
            while left and not (stop.is_set() or ended.wait(LOOK)):
                before, left = left, read_back_of(record, jobs, now())
                step(len(before) - len(left))
                for job in [] if _is_read_by_people(home) else before:
                    status = jobs_queries.load_state(record, job)
                    if job not in left and status.back_to is not None and status.back_at is not None:
                        logs.log_event("read back", job=job, since=day_of(status.back_to), items=status.items)
