"""`hotpapers history`: freezes the issues of a past period, in a publication of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from hotpapers import settings
from hotpapers.cli import common
from hotpapers.cli.publish import write_channels
from hotpapers.cli.terminal import bar, show
from hotpapers.ids import timestamps
from hotpapers.issues import freeze, past_days
from hotpapers.issues.inferred_days import infer_days
from hotpapers.issues.past_days import PastPeriod
from hotpapers.model import DAY, HISTORY
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now


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
    "--output", type=common.FOLDER, metavar="DIR",
    help="Also write the issues to DIR, as a site and as Markdown.",
)  # fmt: skip
@common.publication_option
@common.json_option
@common.store_options
def history(
    first: str, last: str, judges: bool, output: Path | None, publication: str | None, as_json: bool,
    context: common.CommandContext,
) -> None:  # fmt: skip
    """Freeze the issues that a past period would have had.

    Each issue uses only what the record, including imported archives, had observed by the close of its day. The issues
    belong to the publication NAME@history. If interrupted, run it again to resume.
    """
    bounds = [date.fromisoformat(_past_day(day)) for day in (first, last)]
    with common.open_record(context, publications=True) as record:
        chosen_publication = freeze.publication_of(record, publication and publication.removesuffix(HISTORY))
        past_days.check_days(record, chosen_publication, *bounds)
        inferred = infer_days(record, *bounds)
        period = past_days.plan_period(record, chosen_publication, *bounds)
        past_days.check_period_closed(period, now())
        if judges:
            _judge(record, period, context)
        issues = _freeze(record, period)
        name, days = period.publication.publication, sorted((*period.frozen, *period.days))
        targets = common.targets(context, name, sorted(common.AFTERWARDS), output) if output else []
        channels, _ = write_channels(record, name, days, targets, context)
    value = {
        "publication": period.publication.publication, "issues": issues, "there": period.frozen,
        "unknown": period.unknown, "channels": channels, "inferred": inferred,
    }  # fmt: skip
    show(value, _lines(period, issues, channels, inferred), as_json)


def _past_day(day: str) -> str:
    """The day, if arXiv existed then and it is not in the future. Raises UsageError."""
    common.require(
        settings.FIRST_DAY <= freeze.check_day(day) <= timestamps.day_of(now() + DAY),
        f"{day}: not a past day on which arXiv had papers",
    )
    return day


def _judge(record: Record, period: PastPeriod, context: common.CommandContext) -> None:
    from hotpapers.schedule.freezing import judge_days

    with bar("Judging", len(period.days)) as progress:
        for _ in judge_days(record, period.publication, period.days, context.settings.bots):
            progress(1)


def _freeze(record: Record, period: PastPeriod) -> list[dict[str, Any]]:
    """Freezes the missing issues; day, entries and digest of each."""
    issues = []
    with bar("Freezing", len(period.days)) as progress:
        for frozen in past_days.freeze_period(record, period):
            entries = len(frozen.content.entries)
            issues.append({"day": frozen.content.day, "entries": entries, "digest": frozen.digest})
            progress(1)
    return issues


def _lines(
    period: PastPeriod, issues: Sequence[dict[str, Any]], channels: Sequence[dict[str, Any]], inferred: int
) -> Iterator[str]:  # fmt: skip
    name = period.publication.publication
    if inferred:
        yield f"announcement days of {count_noun(inferred, 'paper')} inferred from the submission dates"
    if issues:
        yield f"{name}: {count_noun(len(issues), 'issue')} frozen, {issues[0]['day']} to {issues[-1]['day']}"
    if period.frozen:
        issues_before = count_noun(len(period.frozen), "issue")
        yield f"{name}: {issues_before} frozen before, {period.frozen[0]} to {period.frozen[-1]}"
    known = sorted((*period.frozen, *period.days))
    for days in ([day for day in period.unknown if day < known[0]], [day for day in period.unknown if day > known[-1]]):
        if days:
            number = count_noun(len(days), "day")
            yield f"no issue for {number}, {days[0]} to {days[-1]}: the record has no announcements of those days"
    for row in channels:
        yield f"{row['channel']:<9} {row['output']}  ({count_noun(row['changed'], 'file')} written)"
