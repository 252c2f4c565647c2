"""`hotpapers status`: shows the state of the store and its jobs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import click

from hotpapers.base.durations import format_duration
from hotpapers.base.model import DAY
from hotpapers.base.text.timestamps import SECOND, minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_if, format_size, print_result
from hotpapers.jobs import job_state
from hotpapers.jobs.next_steps import next_step
from hotpapers.publish.deliver.size_budget import SizeForecast
from hotpapers.publish.query.status import STOPPED, JobHealth
from hotpapers.publish.schedule.health import SiteHealth
from hotpapers.record import current_time
from hotpapers.record.statistics import StoreStatistics
from hotpapers.site.inspection import Inspection
from hotpapers.site.run_notices import common_zone, next_sentence, time_zones
from hotpapers.site.site_jobs import site_health

LATE = DAY // 720
"""Microseconds after which a job is reported as due: rounds start a little late."""


@common.command("""
  hotpapers status
  hotpapers status --health                   (for a supervisor)
  hotpapers status --json | jq '.jobs[] | select(.failing_since)'""")
@click.option("--health", "is_brief", is_flag=True, help="Only say whether all is well, as /health of `run` does.")
@common.site_options
def status(is_brief: bool, as_json: bool, site: common.Site) -> None:
    """Show the contents of the store, the state of its jobs, and whether it is sound.

    Warns of private files that others can read, settings that would keep `run` from starting, witnesses that refuse a
    log, and followed sites that fail verification. Exit status 1 if the store is not sound; of a large store, only a
    part is checked. With --health, checks no damage, but exits with status 1 if an issue is overdue, a job is dead or a
    setting invalid.
    """
    if is_brief:
        well = site_health(site, site.record, current_time())
        print_result(well, _health_lines(well), as_json)
        raise click.exceptions.Exit(0 if well.ok else 1)
    state = site.inspect()
    soundness = state.soundness
    facts = {
        **state.store._asdict(),
        "jobs": state.jobs,
        "incomplete": state.incomplete,
        "without_issue": state.without_issue,
        "sites": state.sites,
        "exposed": state.exposed,
        "processes": state.processes,
        "proxies": [{"address": proxy.origin, "from": proxy.named} for proxy in state.proxies],
        "offline": bool(state.offline),
        "next": state.next,
        "settings": state.mistakes,
        "alarms": [alarm for alarm, _ in state.alarms],
        "sound": not soundness.damaged,
        **soundness._asdict(),
    }
    print_result(facts, _lines(state, site), as_json)
    fail_if(soundness.damaged)


def _health_lines(well: SiteHealth) -> Iterator[str]:
    """The problems, and what pages say about networks and days."""
    yield from well.problems
    if well.ok:
        yield "all is well" if not (well.failing or well.without_issue) else "nothing needs to be done, but:"
    yield from (f"failing: {text}" for text in well.failing if text not in well.problems)
    yield from (f"no issue: {text}" for text in well.without_issue)


def _lines(state: Inspection, site: common.Site) -> Iterator[str]:
    zone = common_zone(site)
    yield from _store_lines(state.store, zone)
    yield from (f"no issue   {text}" for text in state.without_issue)
    for number, job in enumerate(state.jobs):
        job_lines = _job_lines(job, state.at, zone)
        texts = ", ".join(job_lines)
        yield f"{'' if number else 'jobs':<10} {job.job:<20} {texts}"
        if job.step:
            yield f"{'':<31} to do: {job.step}"
    if site.own_publications or state.processes:
        yield f"running    {', '.join(map(str, state.processes)) or 'no; `hotpapers run` starts it'}"
    yield from (f"proxy      {proxy.origin} (from {proxy.named})" for proxy in state.proxies)
    if state.offline:
        yield f"offline    {state.offline}"
    zone_of = time_zones(site)
    for number, issue in enumerate(state.next):
        yield f"{'' if number else 'next':<10} {next_sentence(issue, zone_of.get(issue.publication, 'UTC'), state.at)}"
    yield from _site_lines(state.sites)
    yield from (f"settings   {mistake}" for mistake in state.mistakes)
    for file in state.exposed:
        yield f"exposed    {file}: other users can read it; run chmod 600 {shlex.quote(file)}"
    for alarm, command in state.alarms:
        yield f"alarm      {alarm}; once dealt with: hotpapers {command}"
    yield from _further_lines(state, zone)


def _store_lines(store: StoreStatistics, zone: str) -> Iterator[str]:
    yield f"store      {store.store} ({store.database}, schema {store.schema}, {format_size(store.size)})"
    items = count_noun(sum(store.items.values()), "item")
    last = f", the last written {minute_of(store.last_at, zone)}" if store.last_at else ""
    yield f"record     {items} in {count_noun(store.batches, 'batch', 'batches')}{last}"
    yield from (f"           {number:>10,} {kind}" for kind, number in store.items.items() if number)
    yield f"issues     {store.issues:,} frozen, of {count_noun(store.publications, 'publication')}"
    yield f"raw        {count_noun(store.raw, 'payload')} kept, {store.quarantine:,} in quarantine"
    yield f"forgotten  {count_noun(store.forgotten, 'key or row', 'keys and rows')}"


def _job_lines(job: JobHealth, at: int, zone: str) -> Iterator[str]:
    if job.failing_since is not None:
        if job.state in (job_state.WORKING, STOPPED):
            state = f"{job.state}, failing"
        else:
            state = job.state
        yield f"{state} since {minute_of(job.failing_since, zone)} ({job.reason})"
    else:
        yield f"{job.state}{f' ({job.reason})' if job.reason else ''}"
    if job.success_at:
        yield f"last success {format_duration((at - job.success_at) // SECOND)} ago"
    else:
        yield "no success yet"
    if job.next_at is not None and job.next_at > at:
        yield f"next in {format_duration((job.next_at - at) // SECOND)}"
    elif job.next_at is not None and job.state != job_state.WORKING and at - job.next_at > LATE:
        yield f"was due {format_duration((at - job.next_at) // SECOND)} ago"
    if job.back_to is not None:
        yield f"reading back to {minute_of(job.back_to, zone)}"
    if job.lag is not None:
        yield f"up to date as of {format_duration(job.lag)} ago"
    if job.day_in is not None:
        yield f"{format_size(job.day_in)} a day"
    if job.quarantine:
        yield f"{job.quarantine:,} in quarantine"


def _site_lines(sites: Sequence[SizeForecast]) -> Iterator[str]:
    for number, forecast in enumerate(sites):
        limit = f" of {format_size(forecast.budget)}" if forecast.budget else ""
        growth = f", growing by {format_size(forecast.growth)} a year" if forecast.growth else ""
        is_filling = forecast.years is not None and forecast.size < forecast.budget
        full = f": full in {forecast.years:.1f} years" if is_filling else ""
        yield f"{'' if number else 'sites':<10} {forecast.folder}: {format_size(forecast.size)}{limit}{growth}{full}"
        if forecast.warning:
            yield f"{'':<10} {forecast.warning}"


def _further_lines(state: Inspection, zone: str) -> Iterator[str]:
    statistics = state.store
    soundness = state.soundness
    for item in state.incomplete:
        yield f"arxiv      {minute_of(item.from_at, zone)}: {item.reason}"
        yield f"{'':<31} to do: {next_step('arxiv', item.reason)}"
    if statistics.year_forecast is not None:
        yield f"forecast   the store grows by {format_size(statistics.year_forecast)} a year at this rate"
    if statistics.reports:
        yield f"reports    {count_noun(statistics.reports, 'open report')} from readers: see `hotpapers reports`"
    yield f"sound      {'NO' if soundness.damaged else 'yes'}"
    yield from (f"           {problem}" for problem in soundness.damaged)
    if soundness.unchecked:
        yield f"           not fully checked: {soundness.unchecked}; `hotpapers verify --all` checks everything"
