"""Commands on issues: issue, publish, explain, verify."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from hotpapers.cli import common, sending
from hotpapers.cli.terminal import bar, count, echo, print_error, print_json
from hotpapers.deliver.export_site import export_site
from hotpapers.errors import CorruptStore, NotAnArxivId, NotFound, UsageError
from hotpapers.issues import explain as explaining
from hotpapers.issues import freeze
from hotpapers.issues.explain import Explanation
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.issues.windows import latest_label
from hotpapers.model import Issue, Publication
from hotpapers.query.issues import explained
from hotpapers.query.request_params import EntryParams
from hotpapers.query.session import QuerySession
from hotpapers.store import Record, now
from hotpapers.store.verify import VerifyFinding, VerifyResult, check, damage

if TYPE_CHECKING:
    from hotpapers.issues.freeze import FrozenIssue


@click.command(
    epilog="""\b
Examples:
  hotpapers issue 2021-01-14
  hotpapers issue 2021-01-14 --again --reason "two counts were misread"
  hotpapers issue --publication weekly --json"""
)
@click.argument("date", metavar="[DATE]", required=False)
@click.option("--again", is_flag=True, help="Freeze a corrected edition.")
@click.option("--reason", default="", metavar="TEXT", help="With --again: the reason shown to readers.")
@common.publication_option
@common.json_option
@common.store_options
def issue(
    date: str | None, again: bool, reason: str, publication: str | None, as_json: bool, home: common.CommandContext
) -> None:
    """Freeze an issue and print it.

    Prints Markdown; the issue of DATE, or of the latest day that can have one. An issue that is already frozen is
    printed unchanged.
    """
    common.need(bool(reason.strip()) == again, "--again and --reason '…' go together")
    with common.open_record(home, publications=True) as record:
        chosen = freeze.publication_of(record, publication)
        day = date or _latest_day(record, chosen)
        frozen = _freeze(record, chosen, day, home, again=again, reason=reason)
        if freeze.newer_listing(record, frozen):
            _say_newer([day])
        if as_json:
            print_json({"digest": frozen.digest, **msgspec.to_builtins(frozen.content)})
        else:
            from hotpapers.render.markdown import issue_text

            click.echo(issue_text(RecordIssueReader(record, home.terms).issue(chosen.publication, day)), nl=False)


def _freeze(
    record: Record,
    publication: Publication,
    day: str,
    home: common.CommandContext,
    *,
    again: bool = False,
    reason: str = "",
) -> FrozenIssue:
    """What judges and freezes is loaded only where a day is not frozen yet, as mostly one of very many is not."""
    before = [] if again else freeze.editions(record, publication.publication, freeze.check_day(day))
    if before:
        return before[-1]
    from hotpapers.schedule import freeze_judged

    return freeze_judged(
        record, publication, day, home.settings.bots, again=again, reason=reason, summarize=home.summarize
    )


def _latest_day(record: Record, publication: Publication) -> str:
    if publication.window == "listing":
        days = freeze.listed_days(record, publication.publication)
        if not days:
            raise NotFound(f"{publication.publication}: no listing imported yet; see hotpapers import --help")
        return days[-1]
    return latest_label(publication, now())


def _say_newer(days: Sequence[str]) -> None:
    shown = ", ".join(days[:5]) + (" …" if len(days) > 5 else "")
    print_error(
        f"{shown}: the record holds a later observation of the listing; "
        "`hotpapers issue DATE --again --reason …` makes a new edition."
    )


@click.command(
    epilog="""\b
Examples:
  hotpapers publish --all --to site --output public
  hotpapers publish 2021-01-14 --to classic --output posts
  hotpapers publish 2021-01-14 --to mailing --preview
  hotpapers publish --all                     (to the channels of hotpapers.toml)"""
)
@click.argument("dates", nargs=-1, metavar="[DATE]…")
@click.option("--all", "everything", is_flag=True, help="Every day with a frozen issue or a listing.")
@click.option("--to", "to", type=click.Choice(sending.EVERY), multiple=True, help="A channel; can be repeated.")
@click.option("--preview", is_flag=True, help="Show what would be sent (mail: as files) without sending it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Output folder; with several channels, one subfolder each. [default: from the settings, else public]",
)
@common.publication_option
@common.json_option
@common.store_options
def publish(
    dates: tuple[str, ...], everything: bool, to: tuple[str, ...], preview: bool, output: Path | None,
    publication: str | None, as_json: bool, home: common.CommandContext,
) -> None:  # fmt: skip
    """Freeze pending issues and publish them.

    Writes each channel's files to its own folder, and only files that changed. Channels that send messages send
    each one once.
    """
    common.need(bool(dates) != everything, "missing dates: name days such as 2021-01-14, or add --all")
    asked = sending.selected_channels(to, everything=everything, preview=preview)
    with common.open_record(home, publications=True) as record:
        chosen = freeze.publication_of(record, publication)
        name = chosen.publication
        targets = common.targets(home, name, asked.files, output) if asked.writes else []
        days = _days(record, chosen, dates)
        _freeze_all(record, chosen, days, home)
        report: list[dict[str, Any]] = []
        warnings: list[str] = []
        for channel, folder in targets:
            wrote = export_site(record, name, days, channel, folder, home.site_config, home.terms, home.store)
            report.append({"channel": channel, "output": str(folder), "files": wrote.files, "changed": wrote.changed})
            warnings += [wrote.warning] if wrote.warning else []
        if preview:
            folder = output or home.folder / "preview"
            report += sending.previews(record, home, name, days, asked.senders, folder)
        else:
            report += [sending.deliver(record, home, name, days, channel) for channel in asked.senders]
    for warning in warnings:
        print_error(warning)
    _report_published(name, days, report, as_json)


def _report_published(name: str, days: Sequence[str], report: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Says what was done; exit status 1 where something could not be sent."""
    problems = [problem for one in report for problem in one.get("problems", ())]
    if as_json:
        print_json({"publication": name, "days": days, "channels": report})
    else:
        for one in report:
            echo(sending.summary_line(one))
    for problem in problems:
        print_error(problem)
    if problems:
        raise click.exceptions.Exit(1)


def _days(record: Record, publication: Publication, dates: Sequence[str]) -> list[str]:
    if dates:
        return sorted({freeze.check_day(day) for day in dates})
    days = {*freeze.frozen_days(record, publication.publication), *freeze.listed_days(record, publication.publication)}
    if not days:
        raise NotFound(
            f"{publication.publication}: nothing to publish yet; `hotpapers issue --publication "
            f"{publication.publication}` freezes a first issue."
        )
    return sorted(days)


def _freeze_all(record: Record, publication: Publication, days: Sequence[str], home: common.CommandContext) -> None:
    newer = []
    with bar("Freezing", len(days)) as told:
        for day in days:
            frozen = _freeze(record, publication, day, home)
            if freeze.newer_listing(record, frozen):
                newer.append(day)
            told(1)
    if newer:
        _say_newer(newer)


@click.command(
    epilog="""\b
Examples:
  hotpapers explain 2101.04882 --issue 2021-01-14
  hotpapers explain https://arxiv.org/abs/hep-th/9901001 --json"""
)
@click.argument("paper", metavar="PAPER")
@click.option("--issue", "day", metavar="DATE", help="The issue. [default: the latest one with this paper]")
@common.publication_option
@common.json_option
@common.store_options
def explain(paper: str, day: str | None, publication: str | None, as_json: bool, home: common.CommandContext) -> None:
    """Explain a paper's rank in arithmetic.

    Shows every part of its score, and what would make it swap places with its neighbours. PAPER is an identifier or
    any address of the paper.
    """
    with common.open_record(home) as record:
        chosen = freeze.publication_of(record, publication).publication
        found = _explained(QuerySession(record, home.terms), paper, chosen, freeze.check_day(day) if day else "latest")
    if as_json:
        print_json(found)
    else:
        for line in explaining.text_of(found):
            echo(line)


def _explained(session: QuerySession, paper: str, publication: str, day: str) -> Explanation:
    """The same answer as the API's, with its numbers."""
    try:
        return explained(session, EntryParams(paper=paper, publication=publication, day=day))
    except NotAnArxivId as problem:
        raise UsageError(str(problem)) from problem


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
