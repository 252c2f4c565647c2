"""`hotpapers reports`: lists the reports that readers sent with the app's forms."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hotpapers.base.model import Post
from hotpapers.base.text import timestamps
from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_result
from hotpapers.publish.view import site_paths
from hotpapers.record import Record, current_time
from hotpapers.wings.forms import queries as reporting
from hotpapers.wings.forms.queries import ReaderReport

NAMES: dict[reporting.Kind, str] = {
    "entry": "wrong entry",
    "quotation": "unwanted quotation",
    "contest": "person, not a bot",
}


@common.command("""
  hotpapers reports
  hotpapers reports --close 3 --close 4""")
@click.option(
    "--close",
    "closed",
    multiple=True,
    type=NumberRange(min=1),
    metavar="ID",
    help="Close this report and delete its text; repeatable.",
)
@common.site_options
def reports(closed: tuple[int, ...], as_json: bool, site: common.Site) -> None:
    """List the reports that readers sent with the app's forms.

    Act on them with `hide`, `judge` and `issue DATE --again`.
    """
    record = site.record
    if closed:
        reporting.close_reports(record.database, closed, current_time())
    open_reports = reporting.open_reports(record.database)
    open_with_state = [(report, _known(record, report)) for report in open_reports]
    issues = {report.issue: reporting.issue_of_digest(record.database, report.issue) for report in open_reports}
    days = {digest: f"{issue.publication} {issue.day}" for digest, issue in issues.items() if issue}
    rows = [{**report._asdict(), "day": days.get(report.issue, ""), **about} for report, about in open_with_state]
    lines = [line for report, about in open_with_state for line in _lines(report, days, about)]
    total = count_noun(len(open_reports), "report")
    print_result({"reports": rows}, [*lines, f"{total} open"], as_json)


def site_alarms(_: object, record: Record) -> Iterator[tuple[str, str]]:
    """Yields warnings that a form is about to close, each with the command to review its reports."""
    return reporting.alarms(record.database, current_time())


def _known(record: Record, report: ReaderReport) -> dict[str, str]:
    """The page, author and day of a reported post; empty if the record does not have it."""
    if report.kind == "quotation":
        row = record.view().latest_row(Post, report.subject)
    else:
        row = None
    if row is None or row.is_forgotten:
        return {"page": "", "by": ""}
    post = row.item
    day = timestamps.day_of(post.created_at)
    author = f"{post.handle or post.name or post.account}, {day}"
    return {"page": site_paths.post_page(post.post), "by": author}


def _lines(report: ReaderReport, days: dict[str, str], about: dict[str, str]) -> Iterator[str]:
    minute = minute_of(report.at)
    yield f"{report.id:>4}  {minute}  {NAMES[report.kind]}"
    issue = days.get(report.issue, report.issue)
    fields = {"issue": issue, "paper": report.paper, "about": report.subject, **about}
    yield from (f"      {name:<6}{value}" for name, value in fields.items() if value)
    yield from (f"      | {line}" for line in report.text.splitlines())
