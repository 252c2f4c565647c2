"""`hotpapers run`: collects, freezes and publishes on schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import click

from hotpapers import logs
from hotpapers.cli import beginning, common
from hotpapers.cli.alarms import all_alarms
from hotpapers.cli.collect import enabled_sources, in_turn, ingest_context, raise_first, run_jobs_once
from hotpapers.cli.following import follow_jobs, follow_names
from hotpapers.cli.sending import ClientHandle, all_destinations, check, sends
from hotpapers.ingest import IngestContext, make_jobs, make_line
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.loop import JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.schedule import HousekeepingJob, IssueDestination, PublishJob, SendJob, SiteHealth, health, metrics
from hotpapers.store import Record, now
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
    with common.open_record(home, create=True, publications=True) as record:
        check(home, record)
    sending = (SendJob.name,) if sends(home) else ()
    with (
        ingest_context(home, choices, (PublishJob.name, HousekeepingJob.name, *sending, *follow_names(home))) as site,
        _watched(home, names),
    ):
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
        following = follow_jobs(home, site)
        if once:  # what was read now is published now, and sent
            problems = run_jobs_once((*in_turn(reading), following, keeping, delivering), site)
        else:
            with beginning.progress(home, tuple(reading), site.stop):
                problems = JobRunner({**reading, **following, **keeping, **delivering}, site.stop).run()
    logs.log_event("stopped")
    raise_first(problems)


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
        return HousekeepingJob(line, ping, lambda work: health(work.record, names, work.clock.now(), all_alarms(home)))

    return JobLoop(HousekeepingJob.name, make, site.record, site.leases, site.clock)


@contextmanager
def _watched(home: common.CommandContext, names: list[str]) -> Iterator[None]:
    """Answers machines that watch, where the settings say on which address."""

    def ask() -> SiteHealth:
        with Record(home.store, create=False) as record:
            return health(record, names, now(), all_alarms(home))

    def figures() -> str:
        with Record(home.store, create=False) as record:
            return metrics(
                totals(record), jobs_queries.all_states(record), health(record, names, now(), all_alarms(home))
            )

    if not home.settings.run.listen:
        yield
        return
    with monitor(home.settings.run.listen, ask, figures) as port:
        logs.log_event("watched", port=port)
        yield
