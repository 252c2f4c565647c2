"""`hotpapers verify`: checks the store, and rebuilds issues from the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import bar, show
from hotpapers.cli.verify_proof import verify_files, verify_site
from hotpapers.engagement.standing.queries import relearn_standing
from hotpapers.errors import CorruptStore, NotFound, ReadOnlyStore
from hotpapers.ids import timestamps
from hotpapers.issues import freeze
from hotpapers.model import Issue
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record
from hotpapers.store.verify import VerifyFinding, VerifyResult, check, damage

SAVED = (".html", ".htm", ".md", ".json")
"""The suffixes of saved issues, by which a file is told from a day."""


@common.command("""
  hotpapers verify 2021-01-14
  hotpapers verify --all --json
  hotpapers verify saved.html --policy policy.txt
  hotpapers verify --site public""")
@click.argument("dates", nargs=-1, metavar="[DATE|FILE]…")
@click.option("--site", metavar="DIR|URL", help="Verify a whole site against the log published with it.")
@click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The logs and witnesses to trust, as C2SP tlog-policy. [default: this publication's own]",
)
@click.option("--all", "everything", is_flag=True, help="Rebuild every issue of every publication.")
@common.publication_option
@common.json_option
@common.store_options
def verify(
    dates: tuple[str, ...], site: str | None, policy: Path | None, everything: bool, publication: str | None,
    as_json: bool, context: common.CommandContext,
) -> None:  # fmt: skip
    """Check the store and rebuild issues from the record.

    Checks the store, every batch and row, and that rebuilt issues have the same digests. Lists whatever was damaged,
    changed, added or removed; the exit status is then 1.

    With --site, or with the FILE of a saved page, Markdown, issue.json or API response (as .json), it checks that the
    issue is in the publication's transparency log, and says who cosigned it. This needs no store.
    """
    folder = next((name for name in dates if Path(name).is_dir() and timestamps.parse_iso(name) is None), None)
    common.require(folder is None, f"{folder}: is a folder; to verify a whole site, use --site {folder}")
    files = [Path(name) for name in dates if Path(name).suffix in SAVED or Path(name).is_file()]
    common.require(
        bool(dates) + everything + bool(site) == 1, "missing dates: name issues such as 2021-01-14, or add --all"
    )
    common.require(not files or len(files) == len(dates), "give either days or files, not both")
    common.require(policy is None or bool(files or site), "--policy needs files or --site")
    if site is not None:
        return verify_site(site, policy, context, as_json)
    if files:
        return verify_files(files, policy, context, as_json)
    return _verify_store(dates, everything, publication, as_json, context)


def _verify_store(
    dates: Sequence[str], everything: bool, publication: str | None, as_json: bool, context: common.CommandContext
) -> None:
    with common.open_record(context) as record:
        result = check(record.database, record.hasher)
        issues, findings = list[Issue](), list(result.findings)
        if not result.is_damaged:
            issues = _frozen_items(record, publication, dates)
            findings += _relearned(record) if everything else ()
        with bar("Rebuilding", len(issues)) as progress:
            for item in issues:
                findings += freeze.check_issue(record, item)
                progress(1)
    value = {
        "verified": not findings, "issues": len(issues), "rows": result.rows, "forgotten": result.forgotten,
        "pruned": result.pruned, "withheld": result.withheld, "unchecked": result.unchecked, "findings": findings,
    }  # fmt: skip
    show(value, _lines(findings, len(issues), result), as_json)
    if findings:
        raise click.exceptions.Exit(1)


def _relearned(record: Record) -> list[VerifyFinding]:
    """Recalculates the table of standing from the items before issues are rebuilt, in case it was tampered with. A
    read-only store keeps its table."""
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
    all_issues = list(record.view().items(Issue))
    chosen_issues = [
        item
        for item in all_issues
        if (not days or item.day in days) and (publication is None or item.publication == publication)
    ]
    missing_days = sorted(days - {item.day for item in chosen_issues})
    if missing_days:
        raise NotFound(f"no frozen issue for {', '.join(missing_days)}; `hotpapers issue DATE` freezes one")
    return chosen_issues


def _lines(findings: Sequence[VerifyFinding], issues: int, result: VerifyResult) -> Iterator[str]:
    yield from map(str, findings)
    parts = [count_noun(result.forgotten, "part") + " forgotten"] if result.forgotten else []
    parts += [f"{result.pruned:,} pruned"] if result.pruned else []
    parts += [f"{count_noun(result.withheld, 'row')} without words"] if result.withheld else []
    outcome = count_noun(len(findings), "difference") if findings else "verified"
    amounts = f"{count_noun(issues, 'issue')} rebuilt, {count_noun(result.rows, 'row')} checked"
    yield f"{', '.join([outcome, *parts])}: {amounts}"
    if result.unchecked:
        yield f"not checked: {result.unchecked}"
