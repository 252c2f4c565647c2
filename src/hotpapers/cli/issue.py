"""`hotpapers issue`: freezes an issue and prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from hotpapers.cli import common
from hotpapers.cli.terminal import print_error, print_json
from hotpapers.errors import NotFound
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.issues.windows import latest_label
from hotpapers.model import Publication
from hotpapers.store import Record, now

if TYPE_CHECKING:
    from hotpapers.issues.freeze import FrozenIssue


@common.command("""
  hotpapers issue 2021-01-14 --again --reason "two counts were misread"
  hotpapers issue 2021-01-14 --edition 1
  hotpapers issue --publication weekly --json""")
@click.argument("date", metavar="[DATE]", required=False)
@click.option("--again", is_flag=True, help="Freeze a corrected edition.")
@click.option("--reason", default="", metavar="TEXT", help="With --again: the reason shown to readers.")
@common.edition_option
@common.publication_option
@common.json_option
@common.store_options
def issue(
    date: str | None, again: bool, reason: str, edition: int | None, publication: str | None, as_json: bool,
    context: common.CommandContext,
) -> None:  # fmt: skip
    """Freeze an issue and print it.

    Prints the issue of DATE, or of the latest possible day, as Markdown. A frozen issue is printed unchanged.
    """
    common.require(bool(reason.strip()) == again, "--again and --reason '…' go together")
    common.require(not (again and edition), "--again makes a new edition; it does not go with --edition")
    with common.open_record(context, publications=True) as record:
        chosen_publication = freeze.publication_of(record, publication)
        day = freeze.check_day(date) if date else _latest_day(record, chosen_publication)
        if not edition:
            frozen = freeze_day(record, chosen_publication, day, context, again=again, reason=reason)
            if freeze.newer_listing(record, frozen):
                report_newer([day])
        issue_reader = RecordIssueReader(record, context.terms)
        if as_json:
            header = issue_reader.issue_header(chosen_publication.publication, day, edition)
            print_json({"digest": header.digest, **msgspec.to_builtins(header.content)})
        else:
            from hotpapers.render.markdown import issue_text

            click.echo(issue_text(issue_reader.issue(chosen_publication.publication, day, edition)), nl=False)


def freeze_day(
    record: Record,
    publication: Publication,
    day: str,
    context: common.CommandContext,
    *,
    again: bool = False,
    reason: str = "",
) -> FrozenIssue:
    """The frozen issue of a day. Most days of many are frozen already, so the code that judges and freezes is imported
    only when one is not."""
    if not again:
        if editions := freeze.editions(record, publication.publication, freeze.check_day(day)):
            return editions[-1]
        freeze.check_recorded(record, publication, day)
    from hotpapers.schedule import judge_and_freeze

    return judge_and_freeze(
        record, publication, day, context.settings.bots, again=again, reason=reason, summarize=context.summarize
    )


def _latest_day(record: Record, publication: Publication) -> str:
    if publication.window == "listing":
        days = issues_queries.listed_days(record, publication.publication)
        if not days:
            raise NotFound(f"{publication.publication}: no listing imported yet; see hotpapers import --help")
        return days[-1]
    return latest_label(publication, now())


def report_newer(days: Sequence[str]) -> None:
    """Says which listings were observed again since their issues were frozen."""
    first_days = ", ".join(days[:5]) + (" …" if len(days) > 5 else "")
    print_error(
        f"{first_days}: the record has a later observation of the listing; "
        "`hotpapers issue DATE --again --reason …` makes a new edition"
    )
