"""Commands on issues: issue, publish, explain, verify."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
import msgspec

from hotpapers import arxiv_id
from hotpapers.cli import common
from hotpapers.cli.terminal import bar, complain, count, print_json, say
from hotpapers.errors import NoSuch, NotAnArxivId, SettingsError, UsageError
from hotpapers.issue import explain as explaining
from hotpapers.issue import freeze
from hotpapers.issue.shelf import RecordShelf
from hotpapers.model import Issue, Publication
from hotpapers.publish import CHANNELS, plain
from hotpapers.publish.press import press
from hotpapers.record import Record
from hotpapers.record.verify import Checked, Finding, check


@click.command(
    epilog="""\b
Examples:
  hotpapers issue 2021-01-14
  hotpapers issue 2021-01-14 --again --reason "two counts were misread"
  hotpapers issue --publication weekly --json"""
)
@click.argument("date", metavar="[DATE]", required=False)
@click.option("--again", is_flag=True, help="Freeze a new edition that corrects the last one.")
@click.option("--reason", default="", metavar="TEXT", help="With --again: why; readers see it.")
@common.publication_option
@common.json_option
@common.store_options
def issue(
    date: str | None, again: bool, reason: str, publication: str | None, as_json: bool, home: common.Home
) -> None:
    """Freeze an issue and print it.

    As Markdown; the issue of DATE, or of the latest day there can be. One that is frozen already is printed as it is.
    """
    common.need(bool(reason.strip()) == again, "a new edition says why, and nothing else does: --again --reason '…'")
    with common.open_record(home, publications=True) as record:
        chosen = freeze.publication_of(record, publication)
        day = date or _latest_day(record, chosen)
        frozen = freeze.freeze(record, chosen, day, again=again, reason=reason)
        if freeze.newer_listing(record, frozen):
            _say_newer([day])
        if as_json:
            print_json({"digest": frozen.digest, **msgspec.to_builtins(frozen.content)})
        else:
            click.echo(plain.issue_text(RecordShelf(record).issue(chosen.publication, day)), nl=False)


def _latest_day(record: Record, publication: Publication) -> str:
    if publication.window == "listing":
        days = freeze.listed_days(record, publication.publication)
        if not days:
            raise NoSuch(f"{publication.publication}: no listing was imported yet; see hotpapers import --help")
        return days[-1]
    return latest_closed(publication, datetime.datetime.now(ZoneInfo(publication.zone)))


def latest_closed(publication: Publication, now: datetime.datetime) -> str:
    """The latest day that a publication can have closed, by the clock of its own zone."""
    closed = now.date() - datetime.timedelta(days=now.hour < publication.hour)
    if publication.window == "daily":  # arXiv's days are Monday to Friday
        closed -= datetime.timedelta(days=max(0, closed.weekday() - 4))
    return closed.isoformat()


def _say_newer(days: Sequence[str]) -> None:
    shown = ", ".join(days[:5]) + (" …" if len(days) > 5 else "")
    complain(
        f"{shown}: the record holds a later observation of the listing; "
        "`hotpapers issue DATE --again --reason …` makes a new edition."
    )


class Target(NamedTuple):
    """A channel and the folder that it writes to."""

    channel: str
    folder: Path


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
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where to; with several channels a folder for each below it. [default: as in the settings, else public]",
)
@common.publication_option
@common.json_option
@common.store_options
def publish(
    dates: tuple[str, ...], everything: bool, to: tuple[str, ...], output: Path | None, publication: str | None,
    as_json: bool, home: common.Home,
) -> None:  # fmt: skip
    """Freeze what is not frozen and render it.

    To channels, in files that are written only where something changed: one folder for each publication and channel.
    """
    common.need(bool(dates) != everything, "say which days to publish: dates such as 2021-01-14, or --all")
    with common.open_record(home, publications=True) as record:
        chosen = freeze.publication_of(record, publication)
        targets = _targets(home, chosen.publication, to, output)
        days = _days(record, chosen, dates)
        _freeze_all(record, chosen, days)
        report: list[dict[str, Any]] = []
        for name, folder in targets:
            wrote = press(record, chosen.publication, days, name, folder, home.settings.contact)
            report.append({"channel": name, "output": str(folder), **wrote._asdict()})
    if as_json:
        print_json({"publication": chosen.publication, "days": days, "channels": report})
    else:
        for one in report:
            say(f"{one['channel']}: {count(one['files'], 'file')} in {one['output']}, {one['changed']:,} changed")


def _targets(home: common.Home, publication: str, to: tuple[str, ...], output: Path | None) -> list[Target]:
    """Where to render: as asked, else as the settings have it."""
    own = next((p.output for p in home.settings.publication if p.name == publication and p.output), "")
    folder = output or home.folder / Path(own or home.settings.publish.output).expanduser()
    channels = dict.fromkeys(to or home.settings.publish.channels)
    for name in channels:
        if name not in CHANNELS:
            raise SettingsError(f"{home.file}: publish.channels: {name!r} is none of {', '.join(CHANNELS)}.")
    return [Target(name, folder / name if len(channels) > 1 else folder) for name in channels]


def _days(record: Record, publication: Publication, dates: Sequence[str]) -> list[str]:
    if dates:
        return sorted({freeze.check_day(day) for day in dates})
    days = {*freeze.frozen_days(record, publication.publication), *freeze.listed_days(record, publication.publication)}
    if not days:
        raise NoSuch(
            f"{publication.publication}: nothing to publish yet; `hotpapers issue --publication "
            f"{publication.publication}` freezes a first issue."
        )
    return sorted(days)


def _freeze_all(record: Record, publication: Publication, days: Sequence[str]) -> None:
    newer = []
    with bar("Freezing", len(days)) as told:
        for day in days:
            if freeze.newer_listing(record, freeze.freeze(record, publication, day)):
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
@click.option("--issue", "day", metavar="DATE", help="In which issue. [default: the latest that holds it]")
@common.publication_option
@common.json_option
@common.store_options
def explain(paper: str, day: str | None, publication: str | None, as_json: bool, home: common.Home) -> None:
    """Say why a paper ranks where it does, as arithmetic.

    Every part of its score, and what would make neighbours swap. PAPER is an id or an address, as people write it.
    """
    key = _paper_key(paper)
    with common.open_record(home) as record:
        chosen = freeze.publication_of(record, publication)
        shelf = RecordShelf(record)
        day = freeze.check_day(day) if day else _latest_with(shelf, chosen.publication, key)
        found = explaining.explain(shelf.issue(chosen.publication, day), key)
    if as_json:
        print_json(found)
    else:
        for line in explaining.text_of(found):
            say(line)


def _paper_key(paper: str) -> str:
    try:
        return arxiv_id.key(arxiv_id.parse(paper).id)
    except NotAnArxivId as problem:
        raise UsageError(str(problem)) from problem


def _latest_with(shelf: RecordShelf, publication: str, key: str) -> str:
    held = [day for name, day in shelf.appearances(key) if name == publication]
    if not held:
        days = len(shelf.days(publication))
        if not days:
            raise NoSuch(f"{publication}: nothing is frozen yet; `hotpapers issue` freezes a first issue.")
        frozen = count(days, "frozen issue")
        raise NoSuch(f"{arxiv_id.from_key(key)} is in none of the {frozen} of {publication}.")
    return held[-1]


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
def verify(dates: tuple[str, ...], everything: bool, publication: str | None, as_json: bool, home: common.Home) -> None:
    """Rebuild issues from the record and compare digests.

    First the record itself is checked, batch by batch and row by row. What was changed, added or removed is named,
    and the exit status is 1.
    """
    common.need(bool(dates) != everything, "say which issues to verify: dates such as 2021-01-14, or --all")
    with common.open_record(home) as record:
        frozen = _frozen_items(record, publication, dates)
        checked = check(record.database, record.marks)
        findings = list(checked.findings)
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
        raise NoSuch(f"no frozen issue of {', '.join(missing)}; `hotpapers issue DATE` freezes one.")
    return chosen


def _report_verified(findings: Sequence[Finding], issues: int, checked: Checked, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "verified": not findings, "issues": issues, "rows": checked.rows, "forgotten": checked.forgotten,
                "pruned": checked.pruned, "findings": findings,
            }
        )  # fmt: skip
        return
    for finding in findings:
        say(str(finding))
    parts = [count(checked.forgotten, "part") + " forgotten"] if checked.forgotten else []
    parts += [f"{checked.pruned:,} pruned"] if checked.pruned else []
    outcome = count(len(findings), "difference") if findings else "verified"
    what = f"{count(issues, 'issue')} rebuilt, {count(checked.rows, 'row')} checked"
    say(f"{', '.join([outcome, *parts])}: {what}")
