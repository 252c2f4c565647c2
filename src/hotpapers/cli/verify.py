"""`hotpapers verify`: checks the store and rebuilds issues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import bar, count, show
from hotpapers.cli.verify_proof import verify_files, verify_site
from hotpapers.engagement.standing.queries import relearn_standing
from hotpapers.errors import CorruptStore, NotFound, ReadOnlyStore
from hotpapers.ids import timestamps
from hotpapers.issues import freeze
from hotpapers.model import Issue
from hotpapers.store import Record
from hotpapers.store.verify import VerifyFinding, VerifyResult, check, damage


@common.command("""
  hotpapers verify 2021-01-14
  hotpapers verify --all --json
  hotpapers verify saved.html --policy policy.txt
  hotpapers verify --site public""")
@click.argument("dates", nargs=-1, metavar="[DATE|FILE]…")
@click.option(
    "--site", metavar="DIR|URL", help="A whole site, in a folder or at its address, against the log published with it."
)
@click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The logs and witnesses to trust, as C2SP tlog-policy. [default: this publication's own]",
)
@click.option("--all", "everything", is_flag=True, help="Every issue of every publication.")
@common.publication_option
@common.json_option
@common.store_options
def verify(
    dates: tuple[str, ...], site: str | None, policy: Path | None, everything: bool, publication: str | None,
    as_json: bool, home: common.CommandContext,
) -> None:  # fmt: skip
    """Check the store and rebuild issues from the record.

    Checks the store, then every batch and row of the record, then rebuilds issues and compares their digests. Whatever
    was damaged, changed, added or removed is listed, and the exit status is 1.

    With the FILE of a saved page, Markdown, issue.json or answer of the API (as .json), or with --site, no store is
    needed: it says whether the issue stood in the publication's transparency log and who cosigned that.
    """
    folder = next((name for name in dates if Path(name).is_dir() and timestamps.parse_iso(name) is None), None)
    common.need(folder is None, f"{folder}: is a folder; a whole site is verified with --site {folder}")
    files = [Path(name) for name in dates if _is_file(name)]
    common.need(
        bool(dates) + everything + bool(site) == 1, "missing dates: name issues such as 2021-01-14, or add --all"
    )
    common.need(not files or len(files) == len(dates), "name days or files, not both")
    common.need(policy is None or bool(files or site), "--policy is for files and --site")
    if site is not None:
        return verify_site(site, policy, home, as_json)
    if files:
        return verify_files(files, policy, home, as_json)
    return _verify_store(dates, everything, publication, as_json, home)


def _is_file(name: str) -> bool:
    """Whether a file is meant, and not a day."""
    return Path(name).suffix in (".html", ".htm", ".md", ".json") or Path(name).is_file()


def _verify_store(
    dates: Sequence[str], everything: bool, publication: str | None, as_json: bool, home: common.CommandContext
) -> None:
    with common.open_record(home) as record:
        try:
            frozen, unread = _frozen_items(record, publication, dates), []
        except CorruptStore as problem:
            frozen, unread = [], [damage(problem)]
        checked = check(record.database, record.marks)
        findings = [*unread, *checked.findings, *(_relearned(record) if everything else ())]
        with bar("Rebuilding", len(frozen)) as progress:
            for item in frozen:
                findings += freeze.check_issue(record, item)
                progress(1)
    value = {
        "verified": not findings, "issues": len(frozen), "rows": checked.rows, "forgotten": checked.forgotten,
        "pruned": checked.pruned, "withheld": checked.withheld, "unchecked": checked.unchecked, "findings": findings,
    }  # fmt: skip
    show(value, _lines(findings, len(frozen), checked), as_json)
    if findings:
        raise click.exceptions.Exit(1)


def _relearned(record: Record) -> list[VerifyFinding]:
    """Makes the table of standing anew before issues are rebuilt: it says what the items say, whatever was done to it.
    A store that cannot be written keeps the one it has."""
    try:
        with suppress(ReadOnlyStore):
            relearn_standing(record.database)
    except CorruptStore as problem:
        return [damage(problem)]
    return []


def _frozen_items(record: Record, publication: str | None, dates: Sequence[str]) -> list[Issue]:
    days = {freeze.check_day(day) for day in dates}
    if publication is not None:
        freeze.publication_of(record, publication)
    items = list(record.view().items(Issue))
    chosen = [
        item
        for item in items
        if (not days or item.day in days) and (publication is None or item.publication == publication)
    ]
    missing = sorted(days - {item.day for item in chosen})
    if missing:
        raise NotFound(f"no frozen issue of {', '.join(missing)}; `hotpapers issue DATE` freezes one.")
    return chosen


def _lines(findings: Sequence[VerifyFinding], issues: int, checked: VerifyResult) -> Iterator[str]:
    yield from map(str, findings)
    parts = [count(checked.forgotten, "part") + " forgotten"] if checked.forgotten else []
    parts += [f"{checked.pruned:,} pruned"] if checked.pruned else []
    parts += [f"{count(checked.withheld, 'row')} without words"] if checked.withheld else []
    outcome = count(len(findings), "difference") if findings else "verified"
    amounts = f"{count(issues, 'issue')} rebuilt, {count(checked.rows, 'row')} checked"
    yield f"{', '.join([outcome, *parts])}: {amounts}"
    if checked.unchecked:
        yield f"not checked: {checked.unchecked}"
