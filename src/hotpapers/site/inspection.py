"""Whether a site is well: its store, its issues, its settings, its jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import CorruptStore, NotFound, ReadOnlyStore, UsageError
from hotpapers.base.file_modes import too_open
from hotpapers.base.http.proxies import Proxy
from hotpapers.base.installed import hooks_of, settings_tables
from hotpapers.base.model import MAX_INTEGER, Issue, Publication, is_retrospective
from hotpapers.collect.job_factory import job_names
from hotpapers.discussion.engagement.standing.queries import relearn_standing
from hotpapers.issues import freeze
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import seems_offline
from hotpapers.jobs.leases import ProcessAtWork, processes_at_work
from hotpapers.keep.privacy.queries import copies_before
from hotpapers.publish.deliver.export_site import site_forecasts
from hotpapers.publish.deliver.size_budget import MEGABYTE, SizeForecast
from hotpapers.publish.query.status import JobHealth, all_job_health, incomplete_days, switched_off
from hotpapers.publish.query.status_schemas import MissingPapers
from hotpapers.publish.schedule.due import ExpectedIssue, days_without_issue, next_issues
from hotpapers.publish.schedule.health import FROM_OUTSIDE
from hotpapers.record import Record, current_time, is_server, statistics, store_path
from hotpapers.record.database import IntegrityReport
from hotpapers.record.verify import VerifyResult, check_chain, check_keys, check_record, damage_finding
from hotpapers.site.configured_site import ConfiguredSite, store_files
from hotpapers.site.hooks import Findings
from hotpapers.site.site_jobs import settings_problems, wanted_jobs, wing_alarms

CHECKED_FOR = 2.0
"""Seconds spent checking the database, and again the chain of its batches."""


class Inspection(NamedTuple):
    """The state of a site. `incomplete`: days with papers missing; `without_issue`: days; `sites`: how large published
    sites become; `exposed`: private files that others can read; `processes`: those at work; `proxies`: those that
    networks are asked through; `offline`: that no network can be reached, if so; `next`: the next issues; `mistakes`:
    in the settings; `alarms`: of wings, each with the command that acknowledges it; `soundness`: of the store, of which
    a part is checked."""

    at: int
    store: statistics.StoreStatistics
    jobs: list[JobHealth]
    incomplete: list[MissingPapers]
    without_issue: list[str]
    sites: list[SizeForecast]
    exposed: list[str]
    processes: list[ProcessAtWork]
    proxies: list[Proxy]
    offline: str
    next: list[ExpectedIssue]
    mistakes: list[str]
    alarms: list[tuple[str, str]]
    soundness: IntegrityReport


def inspect_site(site: ConfiguredSite) -> Inspection:
    """The state of a site now."""
    exposed = list(map(str, too_open(_own_files(site))))  # before opening the store creates its own log
    at = current_time()
    record = site.record
    # What is wrong with a store, as far as a few seconds of checking can show
    database = record.database
    damaged, unchecked = database.integrity(CHECKED_FOR)
    chain = check_chain(database, CHECKED_FOR)
    findings = map(str, (*chain.findings, *check_keys(database)))
    partly = "" if chain.is_whole else f"the chain is checked up to batch {chain.position:,}"
    soundness = IntegrityReport((*damaged, *findings), "; ".join(filter(None, (unchecked, partly))))
    targets = {target for _, target in copies_before(record.database, MAX_INTEGER)}
    copies = sorted(targets)
    items = record.view().items(Publication)
    known = {item.publication: item.window for item in items}
    dated = [name for name, window in known.items() if window != "listing" and not is_retrospective(name)]
    own = [name for name in site.own_publications if name in known]
    return Inspection(
        at,
        statistics.store_statistics(record),
        _jobs(site, record),
        list(incomplete_days(record, at)),
        [str(day) for name in dated for day in days_without_issue(record, name, at)],
        site_forecasts(record, site.settings.publish.budget * MEGABYTE),
        [*exposed, *map(str, too_open(map(Path, copies)))],
        processes_at_work(record),
        _proxies(site),
        _offline(site, record),
        list(next_issues(record, own, at)),
        list(settings_problems(site, record)),
        wing_alarms(site, record),
        soundness,
    )


def _proxies(site: ConfiguredSite) -> list[Proxy]:
    """The proxies, if the settings are usable."""
    with suppress(UsageError):
        return site.proxies.distinct
    return []


def _offline(site: ConfiguredSite, record: Record) -> str:
    """That no network can be reached, if the settings are usable; empty if one can."""
    with suppress(UsageError):
        if site.has_settings and seems_offline(job_names(site.sources()), jobs_queries.all_states(record)):
            return site.offline
    return ""


def _jobs(site: ConfiguredSite, record: Record) -> list[JobHealth]:
    """The health of all jobs, including which of them the settings have switched off, if the settings are usable."""
    jobs = all_job_health(record, current_time())
    with suppress(UsageError):
        if site.has_settings:
            names = {*wanted_jobs(site), *FROM_OUTSIDE}
            return [job if job.job in names or job.state == job_state.WORKING else switched_off(job) for job in jobs]
    return jobs


def _own_files(site: ConfiguredSite) -> Iterator[Path]:
    """The files that only their owner should be able to read: settings, password, key, and the store with its log."""
    if site.has_settings:
        yield site.file
        files = (getattr(site.settings.table(table.name), key) for table in settings_tables() for key in table.private)
        yield from (site.folder / Path(file).expanduser() for file in files if file)
    if not is_server(site.store):
        yield from store_files(store_path(site.store))


# ---- issues ----------------------------------------------------------------------------------------------


def check_store(site: ConfiguredSite, days: Sequence[str], publication: str | None) -> tuple[VerifyResult, int]:
    """Checks the store, every batch and row, and rebuilds the issues of some days, or all. Returns the findings, and
    the number of rebuilt issues."""
    record = site.record
    result = check_record(record.database, record.hasher)
    issues = list[Issue]()
    findings = list(result.findings)
    if not result.is_damaged:
        issues = _frozen_items(record, publication, days)
        if not days:  # recalculate standing from the items, in case it was tampered with; a read-only store keeps it
            try:
                with suppress(ReadOnlyStore):
                    relearn_standing(record.database)
            except CorruptStore as problem:
                findings.append(damage_finding(problem))
    with site.progress("Rebuilding", len(issues)) as step:
        for item in issues:
            findings += freeze.check_issue(record, item)
            step(1)
    for hook in hooks_of(Findings) if not (days or result.is_damaged) else ():
        findings += hook.find(record, publication)
    return result._replace(findings=tuple(findings)), len(issues)


def _frozen_items(record: Record, publication: str | None, dates: Sequence[str]) -> list[Issue]:
    days = {freeze.check_day(day) for day in dates}
    if publication is not None:
        freeze.publication_of(record, publication)
    items = record.view().items(Issue)
    issues = [item for item in items if (not days or item.day in days) and publication in (None, item.publication)]
    if missing := sorted(days - {item.day for item in issues}):
        raise NotFound(f"no frozen issue for {', '.join(missing)}; `hotpapers issue DATE` freezes one")
    return issues
