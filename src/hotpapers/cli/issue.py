"""`hotpapers issue`: freezes an issue and prints it."""

from __future__ import annotations

import click
import msgspec

from hotpapers.base.errors import require
from hotpapers.cli import common
from hotpapers.cli.terminal import print_json


@common.command("""
  hotpapers issue 2021-01-14 --again --reason "two counts were misread"
  hotpapers issue 2021-01-14 --edition 1
  hotpapers issue --publication weekly --json""")
@click.argument("date", metavar="[DATE]", required=False)
@click.option("--again", is_flag=True, help="Freeze a corrected edition.")
@click.option("--reason", default="", metavar="TEXT", help="With --again: the reason shown to readers.")
@common.edition_option
@common.publication_option
@common.json_option
@common.store_options
def issue(
    date: str | None,
    again: bool,
    reason: str,
    edition: int | None,
    publication: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Freeze an issue and print it.

    Prints the issue of DATE, or of the latest possible day, as Markdown. A frozen issue is printed unchanged.
    """
    require(bool(reason.strip()) == again, "--again and --reason '…' go together")
    require(not (again and edition), "--again makes a new edition; it does not go with --edition")
    if not edition:
        date = site.freeze(date, publication, again=again, reason=reason).content.day
    issue = site.published(date, publication, edition)
    if as_json:
        print_json({"digest": issue.digest, **msgspec.to_builtins(issue.content)})
    else:
        from hotpapers.publish.render.markdown import issue_text

        click.echo(issue_text(issue), nl=False)
