"""`hotpapers scheduled`, for hosts that run on a schedule: records how a run went and writes the whole site."""

from __future__ import annotations

import datetime
from pathlib import Path

import click
import msgspec

from hotpapers.cli import common
from hotpapers.cli.run import site_health
from hotpapers.cli.terminal import echo, show
from hotpapers.file_modes import open_published
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.schedule.hosts import schedule_status, site_export
from hotpapers.schedule.hosts.cron_times import TimeOfDay, times
from hotpapers.store import now
from hotpapers.view.site_config import SiteConfig

REPORT = "schedule.json"
"""The report in the published site, for monitoring."""


@common.command("""
  hotpapers scheduled begin
  hotpapers scheduled end --outcome success --output _site""")
@click.argument("what", metavar="WHAT", type=click.Choice(["begin", "end"]))
@click.option(
    "--because",
    default=schedule_status.BY_SCHEDULE,
    metavar="EVENT",
    help="begin: what started the run. [default: schedule]",
)
@click.option("--outcome", metavar="WORD", help="end: the outcome of `hotpapers run --once`: success, or another word.")
@click.option("--where", default="", metavar="ADDRESS", help="end: the address of the run's log.")
@click.option("--base", default="", metavar="ADDRESS", help="end: the site's public address, if not in the settings.")
@click.option("--output", type=common.FOLDER, metavar="DIR", help="end: an empty folder for the site.")
@common.json_option
@common.store_options
def scheduled(
    what: str, because: str, outcome: str | None, where: str, base: str, output: Path | None, as_json: bool,
    context: common.CommandContext,
) -> None:  # fmt: skip
    """Record the start and end of a scheduled run.

    For hosts that run `hotpapers run --once` on a schedule and keep no files (`init --github-pages`). WHAT is begin
    or end; end writes the site to DIR, with schedule.json, which says how the run went and when the next is due.
    """
    moments = times(context.settings.publication, datetime.datetime.now(datetime.UTC).date())
    if what == "begin":
        with common.open_record(context, create=True, publications=True) as record:
            text = schedule_status.begin(record, moments, now(), because)
        echo(text)
        return
    common.require(outcome is not None and output is not None, "end needs --outcome and --output")
    assert outcome is not None and output is not None
    _end(context, moments, outcome, where, _site_config(context, base), output, as_json=as_json)


def _site_config(context: common.CommandContext, base: str) -> SiteConfig:
    """The one in the settings, with the host's address if they have none; feeds are always made."""
    site_config = context.site_config._replace(feeds=True)
    if site_config.base or not base:
        return site_config
    shared = base if base.endswith("/") else f"{base}/"
    return site_config._replace(base=shared, bases=context.settings.bases_below(shared))


def _end(
    context: common.CommandContext, moments: tuple[TimeOfDay, ...], outcome: str, where: str, site_config: SiteConfig,
    output: Path,
    *, as_json: bool,
) -> None:  # fmt: skip
    site_export.check_empty(output)
    with common.open_record(context, publications=True) as record:
        names = [publication.name for publication in context.settings.publication]
        common.require_publications(context, names)
        at = now()
        problems = site_health(context, record, context.own_publications, at).problems
        report = schedule_status.end(record, moments, at, outcome, problems, where)
        site_config = site_config._replace(note=schedule_status.sentence(record))
        places = site_export.site_folders([publication_of(record, name) for name in names], site_config)
        files = site_export.render_all(RecordIssueReader(record, context.terms), places, output)
    public = {name: value for name, value in report._asdict().items() if name != "problems"}
    with open_published(output / REPORT) as out:
        out.write(msgspec.json.format(msgspec.json.encode(public), indent=2) + b"\n")
    outcome_line = f"{report.outcome}: {'; '.join(report.problems) or 'no problems'}"
    files_line = f"{output}: {files:,} files; the next run is due by {report.next_by}"
    show({**report._asdict(), "files": files}, [outcome_line, files_line], as_json)
