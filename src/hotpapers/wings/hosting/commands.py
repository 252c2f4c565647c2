"""`hotpapers scheduled`, for hosts that run on a schedule: records how a run went and writes the whole site."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.base.errors import UsageError
from hotpapers.cli import common
from hotpapers.cli.terminal import echo, show
from hotpapers.wings.hosting import schedule_status
from hotpapers.wings.hosting.scheduled_runs import begin_run, end_run


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
        echo(begin_run(site, because))
        return
    if outcome is None or output is None:
        raise UsageError("end needs --outcome and --output")
    report, files = end_run(site, outcome, output, where=where, base=base)
    outcome_line = f"{report.outcome}: {'; '.join(report.problems) or 'no problems'}"
    files_line = f"{output}: {files:,} files; the next run is due by {report.next_by}"
    show({**report._asdict(), "files": files}, [outcome_line, files_line], as_json)
