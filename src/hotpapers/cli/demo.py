"""`hotpapers demo`: five issues of real papers and a made-up week, in a folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from hotpapers import settings
from hotpapers.cli import common
from hotpapers.cli.init import program
from hotpapers.cli.terminal import echo
from hotpapers.cli.week import CORRECTED, FOLDER, make_week
from hotpapers.deliver.export_site import export_site
from hotpapers.errors import UsageError
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import PrintedCount, PublishedIssue
from hotpapers.ranking import words
from hotpapers.store import Record, batches
from hotpapers.transfer.jsonl.importer import import_lines
from hotpapers.view import phrases

SAMPLE = "sample.jsonl.zst"


SAMPLE_SOURCE = "sample"
"""The source of the sample's first batch, which identifies a demo's store."""


SHOWN, SHOWN_OF_WEEK = 5, 3


@common.command("""
  hotpapers demo
  hotpapers demo /tmp/demo && xdg-open /tmp/demo/site/index.html""")
@click.argument("folder", metavar="[DIR]", default="hotpapers-demo", type=common.FOLDER)
@common.debug_option
def demo(folder: Path) -> None:
    """Build a demo: five issues of real papers and a made-up week.

    In ./hotpapers-demo or DIR, as Markdown and as a site. The week, in made-up-week, shows today's networks with
    invented papers and people. Needs no network connection; safe to run again.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "hotpapers.db").is_file():
        raise UsageError(f"{folder}: not a demo folder; name another one: hotpapers demo DIR")
    folder.mkdir(parents=True, exist_ok=True)
    with Record(str(folder / "hotpapers.db")) as record:
        if record.head.position and batches.source_of(record.database, 1) != SAMPLE_SOURCE:
            raise UsageError(
                f"{record.database.where}: contains another record; name another folder: hotpapers demo DIR"
            )
        take_sample(record)
        publication = freeze.publication_of(record, None)
        days = issues_queries.listed_days(record, publication.publication)
        for day in days:
            freeze.freeze(record, publication, day)
        for name in ("markdown", "site"):
            export_site(record, publication.publication, days, name, folder / name)
        issue = RecordIssueReader(record).issue(publication.publication, days[-1])
    _print(issue, SHOWN)
    _print_where(folder, issue.content.day, issue.content.entries[0].paper.removeprefix("arxiv:"))
    _print_week(folder / FOLDER)
    _print_next()


def take_sample(record: Record) -> None:
    """Imports the sample that comes with the program. Importing it twice changes nothing."""
    import zstandard

    compressed = files("hotpapers").joinpath("demo", SAMPLE).read_bytes()
    import_lines(record, SAMPLE, zstandard.decompress(compressed, max_output_size=2**28).splitlines(keepends=True))


def _print(issue: PublishedIssue, limit: int) -> None:
    echo(f"{issue.content.publication.title}, {issue.content.day}\n")
    for entry in issue.content.entries[:limit]:
        movement = phrases.movement(entry, issue.listing is not None)
        echo(f"{entry.place:>3}  {issue.papers[entry.paper].title}")
        counts = "; ".join(map(words.counts_sentence if issue.listing else _voices, entry.counts))
        echo(f"     {entry.score:,} points{movement and f', {movement}'}; {counts}")
    remaining = len(issue.content.entries) - limit
    echo(f"     … and {remaining} more\n" if remaining > 0 else "")


def _voices(count: PrintedCount) -> str:
    return f"{words.network_name(count.network)}: {words.count_noun(count.voices, 'voice')}"


def _print_where(folder: Path, day: str, paper: str) -> None:
    store = folder / settings.Settings().store
    echo(f"site      {folder / 'site' / 'index.html'}  (opens from disk)")
    echo(f"Markdown  {folder / 'markdown'}")
    echo(f"why       {program()} explain {paper} --issue {day} --store {store}")
    echo(f"proof     {program()} verify --all --store {store}\n")


def _print_week(folder: Path) -> None:
    issue = make_week(folder)
    _print(issue, SHOWN_OF_WEEK)
    echo(f"{issue.content.publication.note}\n")
    echo(f"site      {folder / 'site' / 'index.html'}")
    echo(f"corrected {folder / 'site' / CORRECTED / 'index.html'}")
    echo(f"proof     {program()} verify --all --config {folder / settings.FILE}\n")


def _print_next() -> None:
    echo("Next")
    echo("  1. Open both sites in a browser: the first covers 2020 and 2021, the second shows today's networks.")
    echo(f"  2. See why a paper ranks where it does: {program()} explain …, as above.")
    echo(f"  3. Start your own: {program()} init my-papers && cd my-papers && {program(elsewhere=True)} run")
