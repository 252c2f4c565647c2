"""`hotpapers status`: shows the state of the store and its jobs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.configured import settings_problems, wanted_jobs
from hotpapers.cli.following import site_alarms
from hotpapers.cli.terminal import ago, echo, print_json, size
from hotpapers.deliver.export_site import site_forecasts
from hotpapers.deliver.size_budget import SizeForecast
from hotpapers.errors import UsageError
from hotpapers.file_modes import too_open
from hotpapers.ids.timestamps import minute_of
from hotpapers.jobs import job_state
from hotpapers.model import DAY, LARGEST
from hotpapers.privacy import forgotten_file
from hotpapers.privacy.queries import copies_before
from hotpapers.query.schemas import MissingPapers
from hotpapers.query.status import STOPPED, JobHealth, all_job_health, incomplete_days, switched_off
from hotpapers.ranking.words import count_noun
from hotpapers.schedule.health import FROM_OUTSIDE, log_alarms
from hotpapers.store import Record, now
from hotpapers.store import statistics as reporting
from hotpapers.store.database import IntegrityReport
from hotpapers.store.record import is_server, store_path
from hotpapers.store.verify import check_chain, check_keys

CHECKED_FOR = 2.0
"""Seconds spent checking the database, and again the chain of its batches."""
LATE = DAY // 720
"""Microseconds after which a job is reported as due: rounds start a little late."""


@common.command("""
  hotpapers status
  hotpapers status --json | jq '.jobs[] | select(.failing_since)'""")
@common.json_option
@common.store_options
def status(as_json: bool, context: common.CommandContext) -> None:
    """Show the contents of the store, the state of its jobs, and whether it is sound.

    Warns of private files that others can read, settings that would keep `run` from starting, witnesses that refuse a
    log, and followed sites that fail verification. Exit status 1 if the store is not sound; of a large store, only a
    part is checked.
    """
    exposed = [str(file) for file in too_open(_own_files(context))]  # before opening the store creates its own log
    with common.open_record(context) as record:
        soundness = _soundness(record)
        figures = reporting.status(record)
        mistakes = list(settings_problems(context, record)) if context.has_settings else []
        jobs = _jobs(context, record)
        incomplete = list(incomplete_days(record, now()))
        sites = site_forecasts(record, context.site_config.budget)
        copies = sorted({target for _, target in copies_before(record.database, LARGEST)})
        exposed += map(str, too_open(map(Path, copies)))
    of_logs, of_sites = list(log_alarms(context.log_config)), list(site_alarms(context))
    if as_json:
        facts = {
            **figures._asdict(), "jobs": jobs, "incomplete": incomplete, "sites": sites, "exposed": exposed,
            "settings": mistakes, "alarms": [*of_logs, *of_sites], "sound": not soundness.damaged,
            **soundness._asdict(),
        }  # fmt: skip
        print_json(facts)
    else:
        _print_store(figures)
        for number, job in enumerate(jobs):
            echo(f"{'' if number else 'jobs':<10} {job.job:<20} {', '.join(_job_lines(job, now()))}")
        _print_sites(sites)
        for mistake in mistakes:
            echo(f"settings   {mistake}")
        for file in exposed:
            echo(f"exposed    {file}: other users can read it; run chmod 600 {shlex.quote(file)}")
        for command, alarms in (("log --acknowledge WITNESS", of_logs), ("follow --acknowledge NAME", of_sites)):
            for alarm in alarms:
                echo(f"alarm      {alarm}; once dealt with: hotpapers {command}")
        _print_rest(figures, incomplete, soundness)
    if soundness.damaged:
        raise click.exceptions.Exit(1)


def _jobs(context: common.CommandContext, record: Record) -> list[JobHealth]:
    """The health of all jobs, including which of them the settings have switched off, if the settings are usable."""
    jobs = all_job_health(record, now())
    if not context.has_settings:
        return jobs
    try:
        names = {*wanted_jobs(context), *FROM_OUTSIDE}
    except UsageError:
        return jobs
    return [job if job.job in names or job.state == job_state.WORKING else switched_off(job) for job in jobs]


def _soundness(record: Record) -> IntegrityReport:
    """What is wrong with a store, as far as a few seconds of checking can show."""
    database = record.database
    damaged, unchecked = database.integrity(CHECKED_FOR)
    chain = check_chain(database, CHECKED_FOR)
    findings = map(str, (*chain.findings, *check_keys(database)))
    partly = "" if chain.is_whole else f"the chain is checked up to batch {chain.position:,}"
    return IntegrityReport((*damaged, *findings), "; ".join(filter(None, (unchecked, partly))))


def _own_files(context: common.CommandContext) -> Iterator[Path]:
    """The files that only their owner should be able to read: settings, password, key, and the store with its log."""
    if context.has_settings:
        yield context.file
        yield from [context.log_config.key_file] if context.log_config else []
        password = context.settings.mailing.password_file
        yield from [context.folder / Path(password).expanduser()] if password else []
    if not is_server(context.store):
        store = store_path(context.store)
        yield from (store.with_name(store.name + end) for end in ("", "-wal", "-shm", forgotten_file.SUFFIX))


def _print_store(statistics: reporting.StoreStatistics) -> None:
    echo(f"store      {statistics.store} ({statistics.database}, schema {statistics.schema}, {size(statistics.size)})")
    items = count_noun(sum(statistics.items.values()), "item")
    last = f", the last written {minute_of(statistics.last_at)}" if statistics.last_at else ""
    echo(f"record     {items} in {count_noun(statistics.batches, 'batch', 'batches')}{last}")
    for kind, number in statistics.items.items():
        if number:
            echo(f"           {number:>10,} {kind}")
    echo(f"issues     {statistics.issues:,} frozen, of {count_noun(statistics.publications, 'publication')}")
    echo(f"raw        {count_noun(statistics.raw, 'payload')} kept, {statistics.quarantine:,} in quarantine")
    echo(f"forgotten  {count_noun(statistics.forgotten, 'key or row', 'keys and rows')}")


def _job_lines(job: JobHealth, at: int) -> Iterator[str]:
    if job.failing_since is not None:
        state = f"{job.state}, failing" if job.state in (job_state.WORKING, STOPPED) else job.state
        yield f"{state} since {minute_of(job.failing_since)} ({job.reason})"
    else:
        yield f"{job.state}{f' ({job.reason})' if job.reason else ''}"
    yield f"last success {ago((at - job.success_at) / 1e6)} ago" if job.success_at else "no success yet"
    if job.next_at is not None and job.next_at > at:
        yield f"next in {ago((job.next_at - at) / 1e6)}"
    elif job.next_at is not None and job.state != job_state.WORKING and at - job.next_at > LATE:
        yield f"was due {ago((at - job.next_at) / 1e6)} ago"
    if job.back_to is not None:
        yield f"reading back to {minute_of(job.back_to)}"
    if job.lag is not None:
        yield f"up to date as of {ago(job.lag)} ago"
    if job.day_in is not None:
        yield f"{size(job.day_in)} a day"
    if job.quarantine:
        yield f"{job.quarantine:,} in quarantine"


def _print_sites(sites: Sequence[SizeForecast]) -> None:
    for number, site in enumerate(sites):
        limit = f" of {size(site.budget)}" if site.budget else ""
        growth = f", growing by {size(site.growth)} a year" if site.growth else ""
        full = f": full in {site.years:.1f} years" if site.years is not None and site.size < site.budget else ""
        echo(f"{'' if number else 'sites':<10} {site.folder}: {size(site.size)}{limit}{growth}{full}")
        if site.warning:
            echo(f"{'':<10} {site.warning}")


def _print_rest(
    statistics: reporting.StoreStatistics, incomplete: Sequence[MissingPapers], soundness: IntegrityReport
) -> None:
    for item in incomplete:
        echo(f"arxiv      {minute_of(item.from_at)}: {item.reason}")
    if statistics.year_forecast is not None:
        echo(f"forecast   the store grows by {size(statistics.year_forecast)} a year at this rate")
    if statistics.reports:
        echo(f"reports    {count_noun(statistics.reports, 'open report')} from readers: see `hotpapers reports`")
    echo("sound      yes" if not soundness.damaged else "sound      NO")
    for problem in soundness.damaged:
        echo(f"           {problem}")
    if soundness.unchecked:
        echo(f"           not fully checked: {soundness.unchecked}; `hotpapers verify --all` checks everything")
