"""The command that says how all is doing: status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import ago, count, moment, print_json, say, size
from hotpapers.issue.windows import ARXIV
from hotpapers.model import DAY, Coverage
from hotpapers.publish.budget import Forecast
from hotpapers.publish.press import site_forecasts
from hotpapers.record import Record, now
from hotpapers.record import duty as duties
from hotpapers.record import status as reporting
from hotpapers.record.duty import Duty
from hotpapers.record.verify import check_chain

LEAST_TIME = DAY // 24
"""A day's traffic is told from so many microseconds on."""
STOPPED = "stopped"
"""The state of a job that was at work when its program ended."""
LATE = DAY // 720
"""Microseconds after its moment from which on a job is said to be due: rounds begin a little later than they might."""
LOOK_BACK = 14 * DAY
"""For how long it is said which days of arXiv's are not complete."""


class Doing(NamedTuple):
    """How a job is doing. Moments in µs UTC; `lag`: seconds since its network was read up to; `day_in`, `day_out`:
    bytes a day; `quarantine`: what of it could not be read and is kept."""

    job: str
    state: str
    reason: str
    failing_since: int | None
    success_at: int | None
    lag: int | None
    next_at: int | None
    items: int
    requests: int
    day_in: int | None
    day_out: int | None
    quarantine: int


@click.command(
    epilog="""\b
Examples:
  hotpapers status
  hotpapers status --json | jq '.jobs[] | select(.failing_since)'"""
)
@common.json_option
@common.store_options
def status(as_json: bool, home: common.Home) -> None:
    """Say what is in the store, how its jobs are doing, and whether it is sound.

    Exit status 1 if it is not sound.
    """
    with common.open_record(home) as record:
        damaged = [*record.database.integrity(), *map(str, check_chain(record.database).findings)]
        found = reporting.status(record)
        jobs = doings(record, now())
        incomplete = list(_incomplete(record))
        sites = site_forecasts(record, home.imprint.budget)
    if as_json:
        told = {
            **found._asdict(), "jobs": jobs, "incomplete": incomplete, "sites": sites, "sound": not damaged,
            "damaged": damaged,
        }  # fmt: skip
        print_json(told)
    else:
        _print_store(found)
        _print_jobs(jobs, now())
        _print_sites(sites)
        _print_rest(found, incomplete, damaged)
    if damaged:
        raise click.exceptions.Exit(1)


def doings(record: Record, at: int) -> list[Doing]:
    """How every job of the site is doing, whichever process does it."""
    apart: dict[str, int] = dict(record.database.rows("SELECT source, count(*) FROM quarantine GROUP BY source"))
    held = {source for source, until in record.database.rows("SELECT source, until_at FROM lease") if until > at}
    return [doing(duty, apart.get(duty.source, 0), at, held=duty.source in held) for duty in duties.all_duties(record)]


def doing(duty: Duty, quarantine: int, at: int, *, held: bool) -> Doing:
    """A job's row in figures of the moment. `held`: whether a process has it; none does what was stopped in a round."""
    time = at - duty.traffic_from if duty.traffic_from is not None else 0

    def daily(total: int) -> int | None:
        return total * DAY // time if time >= LEAST_TIME else None

    state = STOPPED if duty.state == duties.WORKING and not held else duty.state
    return Doing(
        job=duty.source, state=state, reason=duty.reason, failing_since=duty.failing_since,
        success_at=duty.success_at, lag=None if duty.covered_to is None else max(at - duty.covered_to, 0) // 1_000_000,
        next_at=duty.next_at, items=duty.items, requests=duty.requests, day_in=daily(duty.bytes_in),
        day_out=daily(duty.bytes_out), quarantine=quarantine,
    )  # fmt: skip


def _incomplete(record: Record) -> Iterator[dict[str, Any]]:
    """arXiv's days of which papers are missing, and which."""
    where = "t.network = ? AND t.state <> 'complete' AND t.from_at > ?"
    for row in record.view().latest(Coverage, where, (ARXIV, now() - LOOK_BACK)):
        if isinstance(row.item, Coverage):
            yield {"from_at": row.item.from_at, "until_at": row.item.until_at, "reason": row.item.reason}


# ---- for people ----------------------------------------------------------------------------------------


def _print_store(found: reporting.Status) -> None:
    say(f"store      {found.store} ({found.database}, schema {found.schema}, {size(found.size)})")
    items = count(sum(found.items.values()), "item")
    last = f", the last written {moment(found.last_at)}" if found.last_at else ""
    say(f"record     {items} in {count(found.batches, 'batch', 'batches')}{last}")
    for kind, number in found.items.items():
        if number:
            say(f"           {number:>10,} {kind}")
    say(f"issues     {found.issues:,} frozen, of {count(found.publications, 'publication')}")
    say(f"raw        {count(found.raw, 'original')} kept, {found.quarantine:,} in quarantine")
    say(f"forgotten  parts of {count(found.forgotten, 'row')}")


def _print_jobs(jobs: Sequence[Doing], at: int) -> None:
    for number, job in enumerate(jobs):
        say(f"{'' if number else 'jobs':<10} {job.job:<20} {', '.join(_told(job, at))}")


def _told(job: Doing, at: int) -> Iterator[str]:
    if job.failing_since is not None:
        yield f"{job.state} since {moment(job.failing_since)} ({job.reason})"
    else:
        yield f"{job.state}{f' ({job.reason})' if job.reason else ''}"
    yield f"last did well {ago((at - job.success_at) / 1e6)} ago" if job.success_at else "never did well yet"
    if job.next_at is not None and job.next_at > at:
        yield f"next in {ago((job.next_at - at) / 1e6)}"
    elif job.next_at is not None and job.state != duties.WORKING and at - job.next_at > LATE:
        yield f"due {ago((at - job.next_at) / 1e6)} ago"
    if job.lag is not None:
        yield f"read up to {ago(job.lag)} ago"
    if job.day_in is not None:
        yield f"{size(job.day_in)} a day"
    if job.quarantine:
        yield f"{job.quarantine:,} in quarantine"


def _print_sites(sites: Sequence[Forecast]) -> None:
    for number, site in enumerate(sites):
        limit = f" of {size(site.budget)}" if site.budget else ""
        growth = f", {size(site.growth)} more a year" if site.growth else ""
        full = f": full in {site.years:.1f} years" if site.years is not None and site.size < site.budget else ""
        say(f"{'' if number else 'sites':<10} {site.folder}: {size(site.size)}{limit}{growth}{full}")
        if site.warning:
            say(f"{'':<10} {site.warning}")


def _print_rest(found: reporting.Status, incomplete: Sequence[dict[str, Any]], damaged: Sequence[str]) -> None:
    for one in incomplete:
        say(f"arxiv      {moment(one['from_at'])}: {one['reason']}")
    if found.year_forecast is not None:
        say(f"forecast   {size(found.year_forecast)} after a year like this")
    if found.reports:
        say(f"reports    {count(found.reports, 'report')} of readers open: `hotpapers reports`")
    say("sound      yes" if not damaged else "sound      NO")
    for problem in damaged:
        say(f"           {problem}")
