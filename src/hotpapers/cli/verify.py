"""`hotpapers verify`: checks the store and rebuilds issues."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import bar, count, echo, print_json
from hotpapers.errors import CorruptStore, NotFound
from hotpapers.issues import freeze
from hotpapers.model import Issue
from hotpapers.store import Record
from hotpapers.store.verify import VerifyFinding, VerifyResult, check, damage


@click.command(
    epilog="""\b
Examples:
  hotpapers verify 2021-01-14
  hotpapers verify --all --json"""
)
@click.argument("dates", nargs=-1, metavar="[DATE]…")
@click.option("--all", "everything", is_flag=True, help="Every issue of every publication.")
@common.publication_option
@common.json_option
@common.store_options
def verify(
    dates: tuple[str, ...], everything: bool, publication: str | None, as_json: bool, home: common.CommandContext
) -> None:
    """Check the store and rebuild issues from the record.

    Checks the store page by page, then the record batch by batch and row by row, then rebuilds issues and compares
    their digests. Whatever was damaged, changed, added or removed is listed, and the exit status is 1.
    """
    common.need(bool(dates) != everything, "missing dates: name issues such as 2021-01-14, or add --all")
    with common.open_record(home) as record:
        try:
            frozen, unread = _frozen_items(record, publication, dates), []
        except CorruptStore as problem:
            frozen, unread = [], [damage(problem)]
        checked = check(record.database, record.marks)
        findings = [*unread, *checked.findings]
        with bar("Rebuilding", len(frozen)) as told:
            for item in frozen:
                findings += freeze.check_issue(record, item)
                told(1)
    _report_verified(findings, len(frozen), checked, as_json)
    if findings:
        raise click.exceptions.Exit(1)


def _frozen_items(record: Record, publication: str | None, dates: Sequence[str]) -> list[Issue]:
    days = {freeze.check_day(day) for day in dates}
    if publication is not None:
        freeze.publication_of(record, publication)
    rows = record.view().latest(Issue)
    items = [row.item for row in rows if isinstance(row.item, Issue)]
    chosen = [
        item
        for item in items
        if (not days or item.day in days) and (publication is None or item.publication == publication)
    ]
    missing = sorted(days - {item.day for item in chosen})
    if missing:
        raise NotFound(f"no frozen issue of {', '.join(missing)}; `hotpapers issue DATE` freezes one.")
    return chosen


def _report_verified(findings: Sequence[VerifyFinding], issues: int, checked: VerifyResult, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "verified": not findings, "issues": issues, "rows": checked.rows, "forgotten": checked.forgotten,
                "pruned": checked.pruned, "withheld": checked.withheld, "unchecked": checked.unchecked,
                "findings": findings,
            }
        )  # fmt: skip
        return
    for finding in findings:
        echo(str(finding))
    parts = [count(checked.forgotten, "part") + " forgotten"] if checked.forgotten else []
    parts += [f"{checked.pruned:,} pruned"] if checked.pruned else []
    parts += [f"{count(checked.withheld, 'row')} without words"] if checked.withheld else []
    outcome = count(len(findings), "difference") if findings else "verified"
    what = f"{count(issues, 'issue')} rebuilt, {count(checked.rows, 'row')} checked"
    echo(f"{', '.join([outcome, *parts])}: {what}")
    if checked.unchecked:
        echo(f"not checked: {checked.unchecked}")
