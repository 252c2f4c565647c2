"""The commands about issues: freeze, print, explain."""

from __future__ import annotations

import click
import msgspec

from hotpapers.base.errors import NotAnArxivId, NotFound, UsageError, require
from hotpapers.base.model import PublishedIssue
from hotpapers.cli import common
from hotpapers.cli.terminal import print_json, print_result
from hotpapers.issues import freeze
from hotpapers.issues.queries import frozen_days


@common.command("""
  hotpapers issue 2021-01-14 --again --reason "two counts were misread"
  hotpapers issue 2021-01-14 --edition 1
  hotpapers issue --publication weekly --json""")
@click.argument("date", metavar="[DATE]", required=False)
@click.option("--again", is_flag=True, help="Freeze a corrected edition.")
@click.option("--reason", default="", metavar="TEXT", help="With --again: the reason shown to readers.")
@common.edition_option
@common.publication_option
@common.site_options
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
    _print(site.published(date, publication, edition), as_json)


@common.command("""
  hotpapers latest
  hotpapers latest --publication weekly | less""")
@common.publication_option
@common.site_options
def latest(publication: str | None, as_json: bool, site: common.Site) -> None:
    """Print the latest issue.

    As Markdown. Freezes none: `hotpapers issue` does.
    """
    name = publication or next(iter(site.own_publications), None)
    if name not in site.own_publications:  # else the store may not know it yet
        name = site.saved_publication(name).publication
    days = frozen_days(site.record, name)
    if not days:
        raise NotFound(f"{name}: no issue yet; `hotpapers run` makes the first")
    issue_reader = site.session.issue_reader()
    _print(issue_reader.issue(name, days[-1], None), as_json)


def _print(issue: PublishedIssue, as_json: bool) -> None:
    if as_json:
        print_json({"digest": issue.digest, **msgspec.to_builtins(issue.content)})
    else:
        from hotpapers.publish.render.markdown import issue_text

        click.echo(issue_text(issue), nl=False)


@common.command("""
  hotpapers explain 2101.04882 --issue 2021-01-14
  hotpapers explain https://arxiv.org/abs/hep-th/9901001 --json""")
@click.argument("paper", metavar="PAPER")
@click.option("--issue", "day", metavar="DATE", help="The issue. [default: the latest one with this paper]")
@common.edition_option
@common.publication_option
@common.site_options
def explain(
    paper: str,
    day: str | None,
    edition: int | None,
    publication: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Explain how a paper's rank was calculated.

    Shows every part of its score, and what would make it swap places with its neighbors. PAPER is an identifier or any
    address of the paper.
    """
    from hotpapers.issues.explain import text_of
    from hotpapers.publish.query.issues import publication_with, terminal_explanation
    from hotpapers.publish.query.request_params import EntryParams

    label = freeze.check_day(day) if day else "latest"
    try:
        chosen = publication or publication_with(site.session, paper, label) or None
        name = site.saved_publication(chosen).publication
        params = EntryParams(paper=paper, publication=name, day=label, edition=edition or 0)
        explanation = terminal_explanation(site.session, params)
    except NotAnArxivId as problem:
        raise UsageError(str(problem)) from problem
    print_result(explanation, text_of(explanation), as_json)
