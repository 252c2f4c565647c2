"""`hotpapers demo`: five issues of real papers and a made-up week, in a folder."""

from __future__ import annotations

import shlex
import webbrowser
from pathlib import Path

import click

from hotpapers.base import settings
from hotpapers.base.model import PublishedIssue
from hotpapers.cli import common
from hotpapers.cli.called_as import program_call
from hotpapers.cli.terminal import print_line
from hotpapers.publish.view import glance, phrases
from hotpapers.site.demo import CORRECTED, FOLDER, make_demo, make_week

SHOWN = 5
SHOWN_OF_WEEK = 3
NO_BREAK = "\u00a0"


@common.command("""
  hotpapers demo --open
  hotpapers demo /tmp/demo""")
@click.argument("folder", metavar="[DIR]", default="hotpapers-demo", type=common.FOLDER)
@click.option("--open", "is_opened", is_flag=True, help="Open both sites in a browser.")
@common.debug_option
def demo(folder: Path, is_opened: bool) -> None:
    """Build a demo: five issues of real papers and a made-up week.

    In ./hotpapers-demo or DIR, as Markdown and as a site. The week, in made-up-week, shows today's networks with
    invented papers and people. Needs no network connection; safe to run again.
    """
    issue = make_demo(folder)
    _print(issue, SHOWN)
    paper = issue.content.entries[0].paper.partition(":")[2]
    store = folder / settings.default_settings().store
    print_line(f"site      {folder / 'site' / 'index.html'}  (opens from disk)")
    print_line(f"Markdown  {folder / 'markdown'}")
    print_line(
        f"why       {program_call()} explain {paper} --issue {issue.content.day} --store {shlex.quote(str(store))}"
    )
    print_line(f"proof     {program_call()} verify --all --store {shlex.quote(str(store))}\n")
    sights = []
    week = make_week(folder / FOLDER, lambda label, place: sights.append((label, place)))
    _print(week, SHOWN_OF_WEEK)
    print_line(f"{week.content.publication.note}\n")
    print_line(f"site      {folder / FOLDER / 'site' / 'index.html'}")
    print_line(f"corrected {folder / FOLDER / 'site' / CORRECTED / 'index.html'}")
    for label, place in sights:
        print_line(f"{label:<9} {place}")
    settings_file = shlex.quote(str(folder / FOLDER / settings.FILE))
    print_line(f"proof     {program_call()} verify --all --config {settings_file}\n")
    print_line("Next")
    print_line("  1. Open both sites in a browser: the first covers 2020 and 2021, the second shows today's networks.")
    print_line(f"  2. See why a paper ranks where it does: {program_call()} explain …, as above.")
    print_line(
        f"  3. Start your own: {program_call()} init my-papers && cd my-papers && {program_call(elsewhere=True)} run"
    )
    if is_opened:
        for site in (folder / FOLDER / "site", folder / "site"):
            webbrowser.open((site / "index.html").absolute().as_uri())


def _print(issue: PublishedIssue, limit: int) -> None:
    print_line(f"{issue.content.publication.title}, {issue.content.day}\n")
    for entry in issue.content.entries[:limit]:
        moved = phrases.place_change(entry, issue.listing is not None)
        print_line(f"{entry.place:>3}  {issue.papers[entry.paper].title}")
        print_line(
            f"     {entry.score:,} points{moved and f', {moved}'}; {glance.counts_line(entry).replace(NO_BREAK, ' ')}"
        )
    remaining = len(issue.content.entries) - limit
    print_line(f"     … and {remaining} more\n" if remaining > 0 else "")
