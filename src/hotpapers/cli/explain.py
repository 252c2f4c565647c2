"""`hotpapers explain`: a paper's place in an issue, as arithmetic."""

from __future__ import annotations

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import echo, print_json
from hotpapers.errors import NotAnArxivId, UsageError
from hotpapers.issues import explain as explaining
from hotpapers.issues import freeze
from hotpapers.issues.explain import Explanation
from hotpapers.query.issues import explained
from hotpapers.query.request_params import EntryParams
from hotpapers.query.session import QuerySession


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
        explanation = _explained(
            QuerySession(record, home.terms), paper, chosen, freeze.check_day(day) if day else "latest"
        )
    if as_json:
        print_json(explanation)
    else:
        for line in explaining.text_of(explanation):
            echo(line)


def _explained(session: QuerySession, paper: str, publication: str, day: str) -> Explanation:
    """The same answer as the API's, with its numbers."""
    try:
        return explained(session, EntryParams(paper=paper, publication=publication, day=day))
    except NotAnArxivId as problem:
        raise UsageError(str(problem)) from problem
