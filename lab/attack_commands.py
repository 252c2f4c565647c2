"""`python -m lab attacks`: how many accounts it takes to buy a place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from hotpapers.base.errors import require
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_result, progress_bar
from hotpapers.keep.transfer import streams
from hotpapers.site.site import Site
from lab.attacks.clauses import CLAUSES

if TYPE_CHECKING:
    from lab.attacks.attack_figures import AttackFigures, ListingCost
    from lab.attacks.campaign import Attack
    from lab.worlds import WorldLaw


class AttackChoice(NamedTuple):
    """What to try: rankings, attacks by name, files with attacks; without which clauses of `rarity/2`; and with how
    many processes."""

    rankings: tuple[str, ...]
    names: tuple[str, ...]
    files: tuple[str, ...]
    without: tuple[str, ...]
    workers: int


class IssueChoice(NamedTuple):
    """The issues of a store to attack; none when attacking worlds."""

    store: str | None
    config: Path | None
    publication: str | None
    days: tuple[str, ...]
    last: int | None


@common.add_examples("""
  python -m lab attacks --quick
  python -m lab attacks --ranking rarity/2 --attack-file mine.py
  python -m lab attacks --store hotpapers.db --last 5""")
@click.command(short_help="Count the accounts that a place costs.")
@click.option("--all", "everything", is_flag=True, help="100 days each of four and nine networks; takes minutes.")
@click.option("--quick", is_flag=True, help="Ten days of each (the default).")
@click.option("--issue", "days", multiple=True, metavar="DATE", help="Attack this issue of the store; repeatable.")
@click.option("--last", type=NumberRange(1, 1000), metavar="N", help="Attack the last N issues of the store.")
@click.option("--ranking", "rankings", multiple=True, metavar="NAME", help="Only this ranking or formula; repeatable.")
@click.option("--attack", "names", multiple=True, metavar="NAME", help="Only this attack; repeatable.")
@click.option(
    "--attack-file",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="A Python file with your own attack, see `hotpapers docs attacks`; repeatable.",
)
@click.option(
    "--worlds",
    "worlds",
    metavar="FILE",
    type=common.FILE,
    help="Worlds of your own, as JSON.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(CLAUSES),
    help="Count without this clause of rarity/2; repeatable.",
)
@click.option(
    "--workers",
    type=NumberRange(1, 64),
    metavar="N",
    default=lambda: os.cpu_count() or 1,
    help="Number of processes. [default: one per core]",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    type=common.FILE,
    help="Also write to FILE: the figures if it ends in .json, else a page in Markdown; repeatable.",
)
@common.force_option
@common.json_option
@common.publication_option
@common.where_options
@common.debug_option
def attacks(
    everything: bool,
    quick: bool,
    worlds: Path | None,
    outputs: tuple[Path, ...],
    force: bool,
    as_json: bool,
    **choices: Any,
) -> None:
    """Print how many accounts a place costs, in made-up worlds or in issues of a store.

    For each ranking and attack: the smallest number of accounts, on the median day, that brings a paper nobody talks
    about to place 1 or into the top ten, or pushes place 1 out of the top ten. The store is only read.
    """
    require(not (everything and quick), "give either --all or --quick, not both")
    issues = IssueChoice(*(choices.pop(name) for name in IssueChoice._fields))
    choice = AttackChoice(**choices)
    is_recorded = bool(issues.days or issues.last)
    require(is_recorded or not issues.store, "--store needs --issue or --last")
    require(
        not (is_recorded and (everything or quick or worlds)),
        "--issue and --last do not go with --all, --quick or --worlds",
    )
    require(not (issues.days and issues.last), "give either --issue or --last, not both")
    require(not (choice.without and outputs), "--without does not go with --output: the page is about whole rankings")
    streams.require_writable(*outputs, own=re.compile(rb'# Attacks\b|\{"program":"'), force=force)
    from lab.attacks import suite

    chosen_attacks = suite.chosen_attacks(choice.names, choice.files)  # raises before any work
    if is_recorded:
        table = _attack_issues(issues, choice, chosen_attacks)
    else:
        table = _attack_worlds(_laws(worlds, everything), choice, chosen_attacks, with_listed=everything)
    for output in outputs:
        streams.write_file(output, iter([_written(table, output)]))
    print_result(table, _lines(table), as_json)
    if any(row.failed for row in table.rows):
        raise click.exceptions.Exit(1)


def _laws(worlds: Path | None, everything: bool) -> tuple[WorldLaw, ...]:
    from lab.attacks import suite
    from lab.worlds import read_laws

    if worlds is not None:
        with streams.open_input(str(worlds)) as file:
            return read_laws(file.read())
    return suite.WORLDS if everything else suite.FEW_WORLDS


def _attack_worlds(
    laws: tuple[WorldLaw, ...], choice: AttackChoice, chosen_attacks: Sequence[Attack], *, with_listed: bool
) -> AttackFigures:
    """The figures of the chosen attacks on worlds. `with_listed`: also what an entry costs."""
    from lab.attacks import listed_suite, report, suite

    suite.check_laws(laws)
    parts = list(suite.blocks(laws, choice.rankings, choice.names, choice.files, choice.without))
    with progress_bar("Attacking", len(parts)) as progress:
        results = suite.Results(*suite.in_processes(suite.run_block, parts, choice.workers, progress))
    listed: tuple[ListingCost, ...] = ()
    if with_listed:
        kinds = listed_suite.parts()
        with progress_bar("Attacking entries", len(kinds)) as progress:
            [listed] = suite.in_processes(listed_suite.run_part, kinds, choice.workers, progress)
    return report.figures_of(results, laws, chosen_attacks, listed)


def _attack_issues(issues: IssueChoice, choice: AttackChoice, chosen_attacks: Sequence[Attack]) -> AttackFigures:
    """The figures of the chosen attacks on issues of a store."""
    from hotpapers.issues.freeze import check_day
    from hotpapers.record import Record
    from lab.attacks import recorded_report, recorded_suite, suite

    store = Site.open(issues.config, issues.store).store
    rankings = tuple(contender.name for contender in suite.chosen_contenders(choice.rankings))
    common_part = recorded_suite.IssuePart(store, "", "", rankings, choice.names, choice.files, choice.without)
    days = [check_day(day) for day in issues.days]
    with Record(store, create=False) as record:
        parts = list(recorded_suite.issue_parts(record, issues.publication, days, issues.last or 0, common_part))
    with progress_bar("Attacking", len(parts)) as progress:
        fields = suite.in_processes(recorded_suite.attack_issue, parts, min(choice.workers, len(parts)), progress)
        results = recorded_suite.IssueResults(*fields)
    return recorded_report.issue_figures(results, parts, chosen_attacks)


def _written(table: AttackFigures, output: Path) -> bytes:
    from lab.attacks import recorded_report, report

    if output.suffix == ".json":
        return figures_json(table)
    page = recorded_report.issue_page(table) if table.issues else report.page(table)
    return page.encode()


def figures_json(figures: AttackFigures) -> bytes:
    """The figures as JSON, one line per row."""
    lists = {name: getattr(figures, name) for name in ("rows", "honest", "losses", "not_run", "listed")}
    head = msgspec.json.encode(msgspec.structs.replace(figures, rows=(), honest=(), losses=(), not_run=(), listed=()))
    texts = {name: ",\n".join(msgspec.json.encode(row).decode() for row in rows) for name, rows in lists.items()}
    parts = [f',\n"{name}": [\n{text}\n]' for name, text in texts.items() if text]
    return f"{head.decode()[:-1]}{''.join(parts)}}}\n".encode()


def _lines(table: AttackFigures) -> Iterable[str]:
    from lab.attacks import recorded_report, report

    return recorded_report.issue_lines(table) if table.issues else report.lines(table)
