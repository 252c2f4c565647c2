"""`hotpapers run`: collects, freezes and publishes on schedule. At the start it says what it reads, since when, and
when the first issue appears; then it shows the progress."""

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
from hotpapers.cli.collect import enabled_sources, in_turn, ingest_context, raise_first, run_jobs_once
from hotpapers.cli.configured import issue_destinations, settings_checks, wanted_jobs
from hotpapers.cli.following import follow_jobs, follow_names, site_alarms
from hotpapers.cli.sending import ClientHandle, all_destinations, check, sends
from hotpapers.cli.terminal import bar, fail_for, plain
from hotpapers.errors import StoreError
from hotpapers.http import ClientLimits
from hotpapers.ids.timestamps import day_of
from hotpapers.ingest import ConfiguredSource, IngestContext, make_connection, make_jobs
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import COUNTS
from hotpapers.jobs.loop import JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.model import DAY
from hotpapers.schedule import HousekeepingJob, IssueDestination, PublishJob, SendJob, SiteHealth, health, metrics
from hotpapers.schedule.first_issue import FirstIssue, first_issues, still_reading_back
from hotpapers.schedule.health import log_alarms
from hotpapers.store import Record, now
from hotpapers.store.database import without_password
from hotpapers.store.statistics import totals
from hotpapers.summaries.generate import summarizer
from hotpapers.transparency import witness_client
from hotpapers.transparency.policies import witness_policy
from hotpapers.web.monitoring import monitor


@common.command("""
  hotpapers run
  hotpapers run --once                        (one round, for a scheduler)""")
@click.option(
    "--once",
    is_flag=True,
    help="Read each source once, then freeze, publish and send what is due; exit status 1 if none could be "
    "read, or if a later step failed.",
)
@common.store_options
def run(once: bool, context: common.CommandContext) -> None:
    """Collect, freeze and publish on schedule until stopped.

    Each publication's issue is frozen and published when its day closes. Failures are retried and do not affect other
    jobs.
    """
    choices = enabled_sources(context, ())
    names = context.own_publications
    common.require_publications(context, names)
    logs.listen(context.settings.run.log)
    for check_one in settings_checks(context):
        check_one()
    destinations = issue_destinations(context)
    with common.open_record(context, create=True, publications=True) as record:
        check(context, record)
    send_names = (SendJob.name,) if sends(context) else ()
    with (
        ingest_context(
            context, choices, (PublishJob.name, HousekeepingJob.name, *send_names, *follow_names(context))
        ) as site,
        _monitoring(context, names),
    ):
        logs.log_event(
            "running",
            store=without_password(context.store),
            sources=" ".join(_read_names(context, choices)),
            publications=" ".join(names),
        )
        print_start(context, choices, names)
        read_jobs = make_jobs(choices, site)
        site_jobs = {
            PublishJob.name: partial(_issues, context, names, destinations, site, tuple(read_jobs)),
            HousekeepingJob.name: partial(_housekeeping, context, names, site),
        }
        send_jobs = {name: partial(_sending, context, names, site) for name in send_names}
        peer_jobs = follow_jobs(context, site)
        if once:  # in order: read, then publish, then send
            problems = run_jobs_once((*in_turn(read_jobs), peer_jobs, site_jobs, send_jobs), site)
        else:
            runner = JobRunner({**read_jobs, **peer_jobs, **site_jobs, **send_jobs}, site.stop)
            with progress(context, tuple(read_jobs), site.stop):
                problems = runner.run()
    logs.log_event("stopped")
    raise_first(problems)
    if once:
        with Record(context.store) as record:
            fail_for(_failures(record, (*read_jobs, *peer_jobs), (*site_jobs, *send_jobs)))


def _failures(record: Record, read_jobs: Sequence[str], own_jobs: Sequence[str]) -> list[str]:
    """What makes a single round a failure. One network of several that cannot be read does not: issues appear anyway,
    and say that it is unknown."""
    failing = {
        status.source: f"{status.source}: {status.state}: {status.reason}"
        for status in jobs_queries.all_states(record)
        if status.failing_since is not None
    }
    readers = [name for name in read_jobs if not name.endswith(COUNTS)]
    unread = readers if failing.keys() >= set(readers) else []
    return [failing[name] for name in (*unread, *own_jobs) if name in failing]


def _read_names(context: common.CommandContext, choices: Sequence[ConfiguredSource]) -> list[str]:
    """What is read: the sources and the followed sites."""
    return [*(choice.name for choice in choices), *follow_names(context)]


def _issues(
    context: common.CommandContext, names: list[str], destinations: list[IssueDestination], site: IngestContext,
    read_jobs: Sequence[str],
) -> JobLoop:  # fmt: skip
    policy = witness_policy(context.settings.transparency.policy)
    witnesses = [witness.url for witness in policy.witnesses if witness.url]
    slowest = ClientLimits(whole=witness_client.SLOWEST)

    def make() -> PublishJob:
        summarize = summarizer(context.settings.summary, context.settings.contact, site.stop)
        return PublishJob(
            names,
            destinations,
            context.settings.bots,
            context.site_config,
            context.terms,
            summarize,
            read_jobs,
            site.witnesses if read_jobs or context.settings.follow else None,
            make_connection(witnesses, (), site, limits=slowest) if witnesses else None,
        )

    return JobLoop(PublishJob.name, make, site.record, site.leases, site.clock)


def _sending(context: common.CommandContext, names: list[str], site: IngestContext) -> JobLoop:
    def open_client(own_addresses: tuple[str, ...], secrets: tuple[str, ...]) -> ClientHandle:
        connection = make_connection(own_addresses, secrets, site)
        return ClientHandle(connection.http, connection.close)

    def make() -> SendJob:
        return SendJob(names, partial(all_destinations, context, open_client), context.terms)

    return JobLoop(SendJob.name, make, site.record, site.leases, site.clock)


def _housekeeping(context: common.CommandContext, names: list[str], site: IngestContext) -> JobLoop:
    ping = context.settings.run.ping

    def make() -> HousekeepingJob:
        connection = make_connection((ping,) if ping else (), (), site)
        return HousekeepingJob(
            connection, ping, lambda work: site_health(context, work.record, names, work.clock.now()), context.terms
        )

    return JobLoop(HousekeepingJob.name, make, site.record, site.leases, site.clock)


def site_health(context: common.CommandContext, record: Record, names: Sequence[str], at: int) -> SiteHealth:
    """The health of the jobs that the settings ask for."""
    alarms = (*log_alarms(context.log_config), *site_alarms(context))
    return health(record, names, at, alarms, wanted_jobs(context))


@contextmanager
def _monitoring(context: common.CommandContext, names: list[str]) -> Iterator[None]:
    """Serves /metrics and /health, if the settings name an address."""

    def ask() -> SiteHealth:
        with Record(context.store, create=False) as record:
            return site_health(context, record, names, now())

    def figures() -> str:
        with Record(context.store, create=False) as record:
            return metrics(totals(record), jobs_queries.all_states(record), site_health(context, record, names, now()))

    if not context.settings.run.listen:
        yield
        return
    with monitor(context.settings.run.listen, ask, figures) as port:
        logs.log_event("watched", port=port)
        yield


LOOK = 1.0
"""Seconds between two updates of the progress."""


def print_start(context: common.CommandContext, choices: Sequence[ConfiguredSource], names: Sequence[str]) -> None:
    """Says what is read and when the first issues appear: in sentences on a terminal, else as log events."""
    at, days = now(), context.settings.run.read_back
    with Record(context.store) as record:
        new = [choice.name for choice in choices if jobs_queries.load_state(record, choice.name).started_at is None]
        issue_days = {name: frozen_days(record, name) for name in names}
        firsts = list(first_issues([publication_of(record, name) for name in names], issue_days, at)) if new else []
    zones = {publication.name: publication.zone for publication in context.settings.publication}
    if _is_read_by_people(context):
        for sentence in sentences(_read_names(context, choices), new, days, firsts, zones, at):
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
    """The sentences for people. `new`: sources read for the first time; `days`: how many past days to read back."""
    yield f"Reading {', '.join(sources)} until stopped (Ctrl-C)."
    if new and days:
        origin = "" if len(new) == len(sources) else f" from {', '.join(new)}"
        yield f"First, it reads back posts{origin} since {day_of(at - days * DAY)}, as far as each network allows."
    for first in firsts:
        local_time = _local(first.at, zones[first.publication])
        moment = "as soon as that is done" if first.at <= at else f"on {local_time}"
        yield f"The first issue of {first.publication}, for {first.day}, appears {moment}."
    yield "To see how it is going, run `hotpapers status` in another window."


def _local(at: int, zone: str) -> str:
    """`Monday 2026-11-23 at 08:00 Europe/Zurich`."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, ZoneInfo(zone)):%A %Y-%m-%d at %H:%M} {zone}"


def _is_read_by_people(context: common.CommandContext) -> bool:
    return context.settings.run.log == "text" and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress(context: common.CommandContext, jobs: Sequence[str], stop: threading.Event) -> Iterator[None]:
    """Shows the progress of reading back: a bar of finished jobs on a terminal, else a log event for each."""
    finished = threading.Event()
    display = threading.Thread(target=_show, args=(context, jobs, stop, finished), daemon=True)
    display.start()
    try:
        yield
    finally:
        finished.set()
        display.join()


def _show(
    context: common.CommandContext, jobs: Sequence[str], stop: threading.Event, finished: threading.Event
) -> None:
    with suppress(StoreError), Record(context.store) as record:
        unread_jobs = still_reading_back(record, jobs, now())
        with bar("reading back", len(unread_jobs) if _is_read_by_people(context) else 0) as step:
            while unread_jobs and not (stop.is_set() or finished.wait(LOOK)):
                earlier_jobs, unread_jobs = unread_jobs, still_reading_back(record, jobs, now())
                step(len(earlier_jobs) - len(unread_jobs))
                for job in [] if _is_read_by_people(context) else earlier_jobs:
                    status = jobs_queries.load_state(record, job)
                    if job not in unread_jobs and status.back_to is not None and status.back_at is not None:
                        logs.log_event("read back", job=job, since=day_of(status.back_to), items=status.items)
