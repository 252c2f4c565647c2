"""`hotpapers scheduled`, for hosts that run on a schedule and keep no files: how a run went, and the whole site."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from hotpapers.base.errors import UsageError, require
from hotpapers.base.file_modes import write_atomically
from hotpapers.cli import common
from hotpapers.cli.terminal import print_line, print_result
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import size_budget
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render import find_channel
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, current_time
from hotpapers.record.meta import read_meta, save_meta
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.site_jobs import site_health
from hotpapers.wings.hosting import schedule

REPORT = "schedule.json"
"""The report in the published site, for monitoring."""
SITE_FOLDERS = "site folders"
"""The name in `meta` of where each publication's pages are: nothing else is left of a site."""


@common.command("""
  hotpapers scheduled begin
  hotpapers scheduled end --outcome success --output _site""")
@click.argument("what", metavar="WHAT", type=click.Choice(["begin", "end"]))
@click.option(
    "--because",
    default=schedule.BY_SCHEDULE,
    metavar="EVENT",
    help="begin: what started the run. [default: schedule]",
)
@click.option("--outcome", metavar="WORD", help="end: the outcome of `hotpapers run --once`: success, or another word.")
@click.option("--where", default="", metavar="ADDRESS", help="end: the address of the run's log.")
@click.option("--base", default="", metavar="ADDRESS", help="end: the site's public address, if not in the settings.")
@click.option("--output", type=common.FOLDER, metavar="DIR", help="end: an empty folder for the site.")
@common.site_options
def scheduled(
    what: str,
    because: str,
    outcome: str | None,
    where: str,
    base: str,
    output: Path | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Record the start and end of a scheduled run.

    For hosts that run `hotpapers run --once` on a schedule and keep no files (`init --github-pages`). WHAT is begin
    or end; end writes the site to DIR, with schedule.json, which says how the run went and when the next is due.
    """
    if what == "begin":
        with site.opened(create=True, publications=True) as record:
            print_line(schedule.begin_run(record, _times(site), current_time(), because))
        return
    if outcome is None or output is None:
        raise UsageError("end needs --outcome and --output")
    report, files = end_run(site, outcome, output, where=where, base=base)
    outcome_line = f"{report.outcome}: {'; '.join(report.problems) or 'no problems'}"
    files_line = f"{output}: {files:,} files; the next run is due by {report.next_by}"
    print_result({**report._asdict(), "files": files}, [outcome_line, files_line], as_json)


def end_run(
    site: ConfiguredSite, outcome: str, output: Path, *, where: str, base: str
) -> tuple[schedule.ScheduleReport, int]:
    """Records how a run ended, and writes the whole site with a report into an empty folder. `where`: the address of
    the run's log; `base`: that of the site, if it is not in the settings. Returns the report, and how many
    files the site has."""
    site_config = _site_config(site, base)
    check_empty(output)
    with site.opened(publications=True) as record:
        names = [publication.name for publication in site.settings.publication]
        site.require_publications(names)
        at = current_time()
        problems = site_health(site, record, at, once=True).problems
        report = schedule.end_run(record, _times(site), at, outcome, problems, where)
        site_config = site_config._replace(note=schedule.schedule_sentence(record))
        folders = {name: name if name in site.settings.below else "" for name in names}
        _check_unmoved(record, folders, site)
        files = render_all(RecordIssueReader(record, site.terms), folders, site_config, output)
    fields = report._asdict().items()
    public = {name: value for name, value in fields if name != "problems"}
    data = msgspec.json.format(msgspec.json.encode(public), indent=2) + b"\n"
    write_atomically(output / REPORT, data)
    return report, files


def _times(site: ConfiguredSite) -> tuple[datetime.time, ...]:
    return schedule.run_times(site.settings.publication, datetime.datetime.now(datetime.UTC).date())


def _site_config(site: ConfiguredSite, base: str) -> SiteConfig:
    """The one in the settings, with the host's address if they have none; feeds are always made."""
    site_config = site.site_config._replace(feeds=True)
    if site_config.base or not base:
        return site_config
    shared = base if base.endswith("/") else f"{base}/"
    return site_config._replace(base=shared, bases=site.settings.bases_below(shared))


def _check_unmoved(record: Record, folders: dict[str, str], site: ConfiguredSite) -> None:
    """Remembers the folder of each publication's pages, empty for the top. Raises UsageError if one would move."""
    meta = read_meta(record.database, SITE_FOLDERS)
    known: dict[str, str] = json.loads(meta or "{}")
    for name, folder in folders.items():
        paths = (known.get(name, folder), folder)
        before, after = (f"{path}/" if path else "the top" for path in paths)
        require(
            before == after,
            f"{name}: its pages are at {before} and would move to {after}, to other addresses; write the publications "
            f"in {site.file} in the order that they had",
        )
    save_meta(record.database, SITE_FOLDERS, json.dumps(known | folders))


CHANNELS = ("site", "feeds")
"""Channels that share a folder."""


def render_all(
    issue_reader: RecordIssueReader, folders: Mapping[str, str], site_config: SiteConfig, output: Path
) -> int:
    """Writes the sites and feeds of publications and returns the number of files. Old pages are shortened to fit the
    budget. `folders`: by publication, its folder below the output; empty for the output itself. Raises UsageError if
    nothing can be written, or if the result is still too large."""
    files = 0
    for name, below in folders.items():
        folder = output / below
        days = issue_reader.days(name)
        own_config = site_config.of(name)._replace(budget=site_config.budget // len(folders))
        for channel_name in CHANNELS:
            pages = find_channel(channel_name, own_config).render(issue_reader, name, days)
            files += write_files(folder, pages).files
        size_budget.fold_pages(folder, issue_reader, name, own_config, size_budget.site_size(folder))
    size = size_budget.site_size(output)
    budget = site_config.budget
    if budget and size > budget:
        raise UsageError(size_budget.SizeForecast(str(output), size, budget, None).warning)
    return files


def check_empty(output: Path) -> None:
    """Raises UsageError if a folder is not empty: another run's files there would be published too."""
    if output.is_dir() and any(output.iterdir()):
        raise UsageError(f"{output}: is not empty; name an empty folder with --output")
