"""`hotpapers status`: shows the state of the store and its jobs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import click

from hotpapers.base.durations import duration
from hotpapers.base.ids.timestamps import SECOND, minute_of
from hotpapers.base.model import DAY
from hotpapers.cli import common
from hotpapers.cli.terminal import echo, print_json, size
from hotpapers.collect.jobs import job_state
from hotpapers.collect.next_steps import next_step
from hotpapers.issues.ranking.words import count_noun
from hotpapers.publish.deliver.size_budget import SizeForecast
from hotpapers.publish.query.status import STOPPED, JobHealth
from hotpapers.record.statistics import StoreStatistics
from hotpapers.site.inspection import Inspection
from hotpapers.site.notices import OFFLINE
from hotpapers.site.run_notices import common_zone, sentence, zones

LATE = DAY // 720
"""Microseconds after which a job is reported as due: rounds start a little late."""


@common.command("""
  hotpapers status
  hotpapers status --json | jq '.jobs[] | select(.failing_since)'""")
@common.json_option
@common.store_options
def status(as_json: bool, site: common.Site) -> None:
    """Show the contents of the store, the state of its jobs, and whether it is sound.

    Warns of private files that others can read, settings that would keep `run` from starting, witnesses that refuse a
    log, and followed sites that fail verification. Exit status 1 if the store is not sound; of a large store, only a
    part is checked.
    """
    state = site.inspect()
    outlook, soundness = state.outlook, state.soundness
    if as_json:
        facts = {
            **state.store._asdict(),
            "jobs": state.jobs,
            "incomplete": state.incomplete,
            "without_issue": state.without_issue,
            "sites": state.sites,
            "exposed": state.exposed,
            **outlook._asdict(),
            "settings": state.mistakes,
            "alarms": [alarm for alarm, _ in state.alarms],
            "sound": not soundness.damaged,
            **soundness._asdict(),
        }
        print_json(facts)
    else:
        _print(state, site)
    if soundness.damaged:
        raise click.exceptions.Exit(1)


def _print(state: Inspection, site: common.Site) -> None:
    zone = common_zone(site)
    _print_store(state.store, zone)
    for text in state.without_issue:
        echo(f"{'':<10} {text}")
    for number, job in enumerate(state.jobs):
        echo(f"{'' if number else 'jobs':<10} {job.job:<20} {', '.join(_job_lines(job, state.at, zone))}")
        if job.step:
            echo(f"{'':<31} to do: {job.step}")
    outlook, zone_of = state.outlook, zones(site)
    if site.own_publications or outlook.processes:
        echo(f"running    {', '.join(map(str, outlook.processes)) or 'no; `hotpapers run` starts it'}")
    if outlook.offline:
        echo(f"offline    {OFFLINE}")
    for number, issue in enumerate(outlook.next):
        echo(f"{'' if number else 'next':<10} {sentence(issue, zone_of.get(issue.publication, 'UTC'), state.at)}")
    _print_sites(state.sites)
    for mistake in state.mistakes:
        echo(f"settings   {mistake}")
    for file in state.exposed:
        echo(f"exposed    {file}: other users can read it; run chmod 600 {shlex.quote(file)}")
    for alarm, command in state.alarms:
        echo(f"alarm      {alarm}; once dealt with: hotpapers {command}")
    _print_rest(state, zone)


def _print_store(statistics: StoreStatistics, zone: str) -> None:
    echo(f"store      {statistics.store} ({statistics.database}, schema {statistics.schema}, {size(statistics.size)})")
    items = count_noun(sum(statistics.items.values()), "item")
    last = f", the last written {minute_of(statistics.last_at, zone)}" if statistics.last_at else ""
    echo(f"record     {items} in {count_noun(statistics.batches, 'batch', 'batches')}{last}")
    for kind, number in statistics.items.items():
        if number:
            echo(f"           {number:>10,} {kind}")
    echo(f"issues     {statistics.issues:,} frozen, of {count_noun(statistics.publications, 'publication')}")
    echo(f"raw        {count_noun(statistics.raw, 'payload')} kept, {statistics.quarantine:,} in quarantine")
    echo(f"forgotten  {count_noun(statistics.forgotten, 'key or row', 'keys and rows')}")


def _job_lines(job: JobHealth, at: int, zone: str) -> Iterator[str]:
    if job.failing_since is not None:
        state = f"{job.state}, failing" if job.state in (job_state.WORKING, STOPPED) else job.state
        yield f"{state} since {minute_of(job.failing_since, zone)} ({job.reason})"
    else:
        yield f"{job.state}{f' ({job.reason})' if job.reason else ''}"
    yield f"last success {duration((at - job.success_at) // SECOND)} ago" if job.success_at else "no success yet"
    if job.next_at is not None and job.next_at > at:
        yield f"next in {duration((job.next_at - at) // SECOND)}"
    elif job.next_at is not None and job.state != job_state.WORKING and at - job.next_at > LATE:
        yield f"was due {duration((at - job.next_at) // SECOND)} ago"
    if job.back_to is not None:
        yield f"reading back to {minute_of(job.back_to, zone)}"
    if job.lag is not None:
        yield f"up to date as of {duration(job.lag)} ago"
    if job.day_in is not None:
        yield f"{size(job.day_in)} a day"
    if job.quarantine:
        yield f"{job.quarantine:,} in quarantine"


def _print_sites(sites: Sequence[SizeForecast]) -> None:
    for number, forecast in enumerate(sites):
        limit = f" of {size(forecast.budget)}" if forecast.budget else ""
        growth = f", growing by {size(forecast.growth)} a year" if forecast.growth else ""
        full = (
            f": full in {forecast.years:.1f} years"
            if forecast.years is not None and forecast.size < forecast.budget
            else ""
        )
        echo(f"{'' if number else 'sites':<10} {forecast.folder}: {size(forecast.size)}{limit}{growth}{full}")
        if forecast.warning:
            echo(f"{'':<10} {forecast.warning}")


def _print_rest(state: Inspection, zone: str) -> None:
    statistics, soundness = state.store, state.soundness
    for item in state.incomplete:
        echo(f"arxiv      {minute_of(item.from_at, zone)}: {item.reason}")
        echo(f"{'':<31} to do: {next_step('arxiv', item.reason)}")
    if statistics.year_forecast is not None:
        echo(f"forecast   the store grows by {size(statistics.year_forecast)} a year at this rate")
    if statistics.reports:
        echo(f"reports    {count_noun(statistics.reports, 'open report')} from readers: see `hotpapers reports`")
    echo("sound      yes" if not soundness.damaged else "sound      NO")
    for problem in soundness.damaged:
        echo(f"           {problem}")
    if soundness.unchecked:
        echo(f"           not fully checked: {soundness.unchecked}; `hotpapers verify --all` checks everything")
