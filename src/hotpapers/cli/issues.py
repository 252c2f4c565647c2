"""Commands on issues: issue, publish, explain, verify."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from hotpapers import arxiv_id
from hotpapers.cli import common
from hotpapers.errors import IssueError, NoSuch, UsageError
from hotpapers.issue import explain as explaining
from hotpapers.issue import freeze
from hotpapers.issue.shelf import RecordShelf
from hotpapers.model import Issue, Publication
from hotpapers.publish import CHANNELS, plain
from hotpapers.publish.press import press
from hotpapers.record import Record
from hotpapers.record.verify import Finding, check


@click.command(
    epilog="""\b
Examples:
  hotpapers issue 2021-01-14
  hotpapers issue 2021-01-14 --again --reason "two counts were misread"
  hotpapers issue --publication weekly --json"""
)
@click.argument("date", required=False)
@click.option("--again", is_flag=True, help="Freeze a new edition that corrects the last one.")
@click.option("--reason", default="", metavar="TEXT", help="Why a new edition is made; readers see it.")
@common.publication_option
@common.json_option
@common.store_options
def issue(
    date: str | None, again: bool, reason: str, publication: str | None, as_json: bool, store: str | None,
    config: Path | None, debug: bool,
) -> None:  # fmt: skip
    """Freeze the issue of a day and print it as Markdown. The latest day there can be, if none is given.

    An issue that is frozen already is printed as it is.
    """
    with common.open_record(store, config) as record:
        chosen = freeze.publication_of(record, publication)
        day = date or _latest_day(record, chosen)
        frozen = freeze.freeze(record, chosen, day, again=again, reason=reason)
        if freeze.newer_listing(record, frozen):
            _say_newer([day])
        if as_json:
            common.print_json({"digest": frozen.digest, **msgspec.to_builtins(frozen.content)})
        else:
            click.echo(plain.issue_text(RecordShelf(record).issue(chosen.publication, day)), nl=False)


def _latest_day(record: Record, publication: Publication) -> str:
    if publication.window == "listing":
        days = freeze.listed_days(record, publication.publication)
        if not days:
            raise NoSuch(f"{publication.publication}: no listing was imported yet; see hotpapers import --help")
        return days[-1]
    now = datetime.datetime.now(ZoneInfo(publication.zone))
    closed = now.date() if now.hour >= publication.hour else now.date() - datetime.timedelta(days=1)
    return closed.isoformat()


def _say_newer(days: Sequence[str]) -> None:
    shown = ", ".join(days[:5]) + (" …" if len(days) > 5 else "")
    click.echo(
        f"hotpapers: {shown}: the record holds a later observation of the listing; "
        "`hotpapers issue DATE --again --reason …` makes a new edition.",
        err=True,
    )


@click.command(
    epilog="""\b
Examples:
  hotpapers publish --all --to site --output public
  hotpapers publish 2021-01-14 --to classic --output posts
  hotpapers publish --all                     (to the channels of hotpapers.toml)"""
)
@click.argument("dates", nargs=-1, metavar="[DATE]…")
@click.option("--all", "everything", is_flag=True, help="Every day that is frozen or has a listing.")
@click.option("--to", "to", type=click.Choice(list(CHANNELS)), multiple=True, help="A channel; may be given again.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to; with several channels a folder for each below it.",
)
@common.publication_option
@common.json_option
@common.store_options
def publish(
    dates: tuple[str, ...], everything: bool, to: tuple[str, ...], output: Path | None, publication: str | None,
    as_json: bool, store: str | None, config: Path | None, debug: bool,
) -> None:  # fmt: skip
    """Freeze what is not frozen and render it to channels, in files that change only where something changed."""
    common.need(bool(dates) != everything, "say which days to publish: dates, or --all")
    found = common.load_settings(config)
    channels = to or found.publish.channels
    folder = output or Path(found.publish.output)
    with common.open_record(store, config) as record:
        chosen = freeze.publication_of(record, publication)
        days = _days(record, chosen, dates)
        _freeze_all(record, chosen, days)
        report = []
        for name in channels:
            target = folder / name if len(channels) > 1 else folder
            wrote = press(record, chosen.publication, days, name, target, found.contact)
            report.append({"channel": name, "output": str(target), "files": wrote.files, "changed": wrote.changed})
    if as_json:
        common.print_json({"publication": chosen.publication, "days": days, "channels": report})
    else:
        for one in report:
            click.echo(f"{one['channel']}: {one['files']:,} files in {one['output']}, {one['changed']:,} changed")


def _days(record: Record, publication: Publication, dates: Sequence[str]) -> list[str]:
    if dates:
        return sorted({freeze.check_day(day) for day in dates})
    days = {*freeze.frozen_days(record, publication.publication), *freeze.listed_days(record, publication.publication)}
    if not days:
        raise NoSuch(f"{publication.publication}: nothing to publish yet; `hotpapers issue` freezes a first issue.")
    return sorted(days)


def _freeze_all(record: Record, publication: Publication, days: Sequence[str]) -> None:
    newer = []
    with common.progress(days, "Freezing") as bar:
        for day in bar:
            if freeze.newer_listing(record, freeze.freeze(record, publication, day)):
                newer.append(day)
    if newer:
        _say_newer(newer)


@click.command(
    epilog="""\b
Examples:
  hotpapers explain 2101.04882 --issue 2021-01-14
  hotpapers explain hep-th/9901001 --json"""
)
@click.argument("paper")
@click.option("--issue", "day", metavar="DATE", help="In which issue. [default: the latest that holds it]")
@common.publication_option
@common.json_option
@common.store_options
def explain(
    paper: str, day: str | None, publication: str | None, as_json: bool, store: str | None, config: Path | None,
    debug: bool,
) -> None:  # fmt: skip
    """Say why a paper ranks where it does: every part of its score, and what would make neighbours swap."""
    key = arxiv_id.key(arxiv_id.parse(paper).id)
    with common.open_record(store, config) as record:
        chosen = freeze.publication_of(record, publication)
        shelf = RecordShelf(record)
        held = [d for name, d in shelf.appearances(key) if name == chosen.publication]
        if day is None and not held:
            raise NoSuch(f"{arxiv_id.from_key(key)} is in no frozen issue of {chosen.publication}.")
        found = explaining.explain(shelf.issue(chosen.publication, day or held[-1]), key)
    if as_json:
        common.print_json(found)
    else:
        for line in explaining.text_of(found):
            click.echo(line)


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
    dates: tuple[str, ...], everything: bool, publication: str | None, as_json: bool, store: str | None,
    config: Path | None, debug: bool,
) -> None:  # fmt: skip
    """Check the record, rebuild issues from it and compare: exit status 1 and names where something differs."""
    common.need(bool(dates) != everything, "say which issues to verify: dates, or --all")
    with common.open_record(store, config) as record:
        checked = check(record.database, record.marks)
        frozen = _frozen_items(record, publication, dates)
        findings = list(checked.findings)
        with common.progress(frozen, "Rebuilding") as bar:
            for item in bar:
                findings += freeze.check_issue(record, item)
    _report_verified(findings, len(frozen), checked.rows, checked.forgotten, checked.pruned, as_json)
    if findings:
        raise click.exceptions.Exit(1)


def _frozen_items(record: Record, publication: str | None, dates: Sequence[str]) -> list[Issue]:
    rows = record.view().latest(Issue)
    items = [row.item for row in rows if isinstance(row.item, Issue)]
    chosen = [
        item
        for item in items
        if (not dates or item.day in dates) and (publication is None or item.publication == publication)
    ]
    missing = [freeze.check_day(day) for day in dates if day not in {item.day for item in chosen}]
    if missing:
        raise NoSuch(f"no frozen issue of {', '.join(missing)}; `hotpapers issue DATE` freezes one.")
    return chosen


def _report_verified(
    findings: Sequence[Finding], issues: int, rows: int, forgotten: int, pruned: int, as_json: bool
) -> None:
    if as_json:
        said = [{"what": f.what, "name": f.name} for f in findings]
        common.print_json(
            {"verified": not findings, "issues": issues, "rows": rows, "forgotten": forgotten, "pruned": pruned,
             "findings": said}
        )  # fmt: skip
        return
    for finding in findings:
        click.echo(str(finding))
    parts = "".join([f", {forgotten:,} parts forgotten" if forgotten else "", f", {pruned:,} pruned" if pruned else ""])
    outcome = f"{len(findings):,} differences" if findings else "verified"
    click.echo(f"{outcome}{parts}: {issues:,} issues rebuilt, {rows:,} rows checked")


__all__ = ["IssueError", "UsageError", "explain", "issue", "publish", "verify"]
