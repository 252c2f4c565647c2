"""`hotpapers history`: freezes the issues of a past period, in a publication of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import print_result
from hotpapers.wings.history.past_period import HistoryResult


@common.command("""
  hotpapers history --from 2023-03-01 --to 2023-03-31
  hotpapers history --from 2023-03-01 --to 2023-03-31 --output march-2023
  hotpapers issue 2023-03-14 --publication daily@history""")
@click.option("--from", "first", metavar="DATE", required=True, help="The first day of the period.")
@click.option("--to", "last", metavar="DATE", required=True, help="The last day of the period.")
@click.option(
    "--judge", "judges", is_flag=True, help="First judge, as of each day, which accounts are bots or authors."
)
@click.option(
    "--output",
    type=common.FOLDER,
    metavar="DIR",
    help="Also write the issues to DIR, as a site and as Markdown.",
)
@common.force_option
@common.publication_option
@common.site_options
def history(
    first: str,
    last: str,
    judges: bool,
    output: Path | None,
    force: bool,
    publication: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Freeze the issues that a past period would have had.

    Each issue uses only what the record, including imported archives, had observed by the close of its day. The issues
    belong to the publication NAME@history. If interrupted, run it again to resume.
    """
    result = site.history(first, last, publication=publication, judge=judges, output=output, force=force)
    period = result.period
    value = {
        "publication": period.publication.publication,
        "issues": result.issues,
        "there": period.frozen,
        "later": period.later,
        "unknown": period.unknown,
        "channels": result.channels,
        "inferred": result.inferred,
    }
    print_result(value, _lines(result), as_json)


def _lines(result: HistoryResult) -> Iterator[str]:
    period, issues, channels, inferred = result
    name = period.publication.publication
    if inferred:
        yield f"announcement days of {count_noun(inferred, 'paper')} inferred from the submission dates"
    if issues:
        yield f"{name}: {count_noun(len(issues), 'issue')} frozen, {issues[0]['day']} to {issues[-1]['day']}"
    if issues and period.later:
        yield (
            f"{name}: {count_noun(len(period.later), 'later issue')} frozen before, from {period.later[0]} on, may list"
            " the same papers; make the earliest period first"
        )
    if period.frozen:
        issues_before = count_noun(len(period.frozen), "issue")
        yield f"{name}: {issues_before} frozen before, {period.frozen[0]} to {period.frozen[-1]}"
    known = sorted((*period.frozen, *period.days))
    for days in ([day for day in period.unknown if day < known[0]], [day for day in period.unknown if day > known[-1]]):
        if days:
            number = count_noun(len(days), "day")
            span = " to ".join(dict.fromkeys((days[0], days[-1])))
            yield f"no issue for {number}, {span}: the record has no announcements from then"
    for row in channels:
        files = count_noun(row["changed"], "file")
        yield f"{row['channel']:<9} {row['output']}  ({files} written)"
