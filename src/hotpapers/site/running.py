"""Running the jobs of a site: reading networks, and all of it on schedule."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import NamedTuple

from hotpapers.base import logs
from hotpapers.base.errors import StoreError, require
from hotpapers.base.http import HostPacer, ServerClocks
from hotpapers.base.model import DAY
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.collect.change_filter import SharedPaperIndex
from hotpapers.collect.job_factory import ConfiguredSource, IngestContext, make_jobs
from hotpapers.jobs.job_state import COUNTS, JobState, seems_offline
from hotpapers.jobs.leases import Leases, processes_at_work, this_process
from hotpapers.jobs.loop import JobRunner
from hotpapers.jobs.queries import all_states
from hotpapers.publish.schedule.health import SiteHealth, format_metrics
from hotpapers.record import Record, current_time
from hotpapers.record.database import without_password
from hotpapers.record.statistics import store_totals
from hotpapers.site.configured_site import ConfiguredSite, RunNotice
from hotpapers.site.run_notices import NextIssueWatch, start_notices, watch_events
from hotpapers.site.site_jobs import (
    JobMakers,
    jobs_in,
    record_checks,
    settings_checks,
    site_health,
    site_jobs,
    wing_jobs,
)

Monitor = Callable[..., AbstractContextManager[int]]
"""Serves the results of two functions at an address, a site's health and its metrics; yields the port."""


class CollectResult(NamedTuple):
    """`states`: the state of each job that was to read, and of each count that fails. `is_offline`: whether no network
    could be reached in a single round. `defects`: exceptions that escaped from jobs."""

    states: tuple[JobState, ...]
    is_offline: bool
    defects: list[BaseException]


def collect_sources(
    site: ConfiguredSite, sources: Sequence[str], stop: threading.Event, *, once: bool
) -> CollectResult:
    """Reads the sources that are named, or all, with those of wings: once, or until `stop` is set."""
    choices = _enabled_sources(site, sources)
    further = {} if sources else wing_jobs(site)
    names = {*further, *(choice.name for choice in choices)}
    logs.start_logging(site.settings.run.log)
    with site.opened(create=True):
        pass  # create or upgrade the store before threads share it
    with _sharing(site, stop) as shared:
        jobs = make_jobs(choices, shared)
        more = jobs_in(further, shared)
        defects = _work((*_in_turn(jobs), more), stop, once=once)
    with site.opened() as record:
        states = all_states(record)
    shown = tuple(
        state
        for state in states
        if state.source in names or (state.source.partition("/")[0] in names and state.failing_since is not None)
    )
    return CollectResult(shown, once and seems_offline(jobs, states), defects)


def run_site(site: ConfiguredSite, stop: threading.Event, monitor: Monitor, *, once: bool) -> list[str]:
    """Reads, freezes, publishes and sends: once, or until `stop` is set. Returns the failures of a single round."""
    choices = _enabled_sources(site)
    names = site.own_publications
    site.require_publications(names)
    logs.start_logging(site.settings.run.log)
    for check_one in settings_checks(site):  # what would fail only when a job uses it
        check_one()
    with site.opened(create=True, publications=True) as record:
        for check_one in record_checks(site, record):
            check_one()
    sources = [choice.name for choice in choices]
    further = wing_jobs(site)
    with _sharing(site, stop) as shared, _monitoring(site, monitor, once=once):
        logs.log_event(
            "running",
            store=without_password(site.store),
            sources=" ".join([*sources, *further]),
            publications=" ".join(names),
        )
        with Record(site.store) as record:
            notices, next_issues = start_notices(record, site, sources, [*sources, *further], current_time())
        site.tell(notices)
        reading = make_jobs(choices, shared)
        more = jobs_in(further, shared)
        publishing, sending = site_jobs(site, shared, tuple(reading), bool(further))
        groups = (*_in_turn(reading), more, publishing, sending)  # in order: read, then publish, then send
        watches = [NextIssueWatch(site, next_issues)]
        with nullcontext() if once else watch_events(site, tuple(reading), watches, stop):
            defects = _work(groups, stop, once=once)
    logs.log_event("stopped")
    for defect in defects:  # the exit status must tell a scheduler about it, or about a missing store
        raise defect
    if not once:
        return []
    with Record(site.store) as record:
        read_jobs = (*reading, *more)
        return _failures(site, record, read_jobs, (*publishing, *sending))


def _failures(site: ConfiguredSite, record: Record, read_jobs: Sequence[str], own_jobs: Sequence[str]) -> list[str]:
    """Lists the problems that make a single round a failure. One network of several that cannot be read does not:
    issues appear anyway, and say that it is unknown."""
    states = all_states(record)
    failing = {s.source: f"{s.source}: {s.state}: {s.reason}" for s in states if s.failing_since is not None}
    readers = [name for name in read_jobs if not name.endswith(COUNTS)]
    unread = readers if failing.keys() >= set(readers) else []
    offline = [site.offline] if seems_offline(read_jobs, states) else []
    names = (*unread, *own_jobs)
    return [*(failing[name] for name in names if name in failing), *offline]


def _work(groups: Sequence[JobMakers], stop: threading.Event, *, once: bool) -> list[BaseException]:
    """Runs jobs: each once, one group after the other, or all until stopped. Returns the exceptions that escaped, which
    stop no other job."""
    if once:
        return [defect for jobs in groups for defect in JobRunner(jobs, stop).run(once=True)]
    return JobRunner({name: make for jobs in groups for name, make in jobs.items()}, stop).run()


def _in_turn(reading: JobMakers) -> tuple[JobMakers, JobMakers]:
    """The jobs that read networks, then those that recount, so that a single round also recounts posts just read."""
    counting = {name: make for name, make in reading.items() if name.endswith(COUNTS)}
    return {name: make for name, make in reading.items() if name not in counting}, counting


def _enabled_sources(site: ConfiguredSite, sources: Sequence[str] = ()) -> list[ConfiguredSource]:
    """The sources enabled in the settings, or those named. Raises UsageError if there is nothing to read."""
    choices = site.sources(sources)
    require(bool(choices or wing_jobs(site)), "no source enabled; enable one in hotpapers.toml, or name it")
    return choices


@contextmanager
def _sharing(site: ConfiguredSite, stop: threading.Event) -> Iterator[IngestContext]:
    """Yields the context shared by the jobs of this process. Gives notice if other processes are at work on the
    store."""
    process = this_process()
    with Leases(partial(Record, site.store), process.holder) as leases:
        with suppress(StoreError), Record(site.store) as record:
            if others := ", ".join(str(other) for other in processes_at_work(record) if other != process):
                sentence = (
                    f"Another hotpapers is at work on this store ({others}); one of them does each job. If that is not "
                    "what you want, stop one."
                )
                site.tell([RunNotice("shared store", {"processes": others}, sentence)])
        back = site.settings.run.read_back * DAY
        yield IngestContext(
            site.store,
            site.settings.contact,
            stop,
            leases,
            SharedPaperIndex(PaperIndex(servers=site.settings.servers)),
            HostPacer(),
            ServerClocks(),
            site.terms,
            back,
            site.proxies,
        )


@contextmanager
def _monitoring(site: ConfiguredSite, monitor: Monitor, *, once: bool) -> Iterator[None]:
    """Serves health and metrics, if the settings name an address."""

    health_of = partial(site_health, site, once=once)

    def ask() -> SiteHealth:
        with Record(site.store, create=False) as record:
            return health_of(record, current_time())

    def figures() -> str:
        with Record(site.store, create=False) as record:
            return format_metrics(store_totals(record), all_states(record), health_of(record, current_time()))

    if not site.settings.run.listen:
        yield
        return
    with monitor(site.settings.run.listen, ask, figures) as port:
        logs.log_event("watched", port=port)
        yield
