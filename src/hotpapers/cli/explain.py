"""`hotpapers explain`: shows how a paper's place in an issue was calculated."""

from __future__ import annotations

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.errors import NotAnArxivId, UsageError
from hotpapers.issues import freeze
from hotpapers.issues.explain import text_of
from hotpapers.query.issues import explained
from hotpapers.query.request_params import EntryParams
from hotpapers.query.session import QuerySession


@common.command("""
  hotpapers explain 2101.04882 --issue 2021-01-14
  hotpapers explain https://arxiv.org/abs/hep-th/9901001 --json""")
@click.argument("paper", metavar="PAPER")
@click.option("--issue", "day", metavar="DATE", help="The issue. [default: the latest one with this paper]")
@common.edition_option
@common.publication_option
@common.json_option
@common.store_options
def explain(
    paper: str, day: str | None, edition: int | None, publication: str | None, as_json: bool,
    context: common.CommandContext,
) -> None:  # fmt: skip
    """Explain how a paper's rank was calculated.

    Shows every part of its score, and what would make it swap places with its neighbors. PAPER is an identifier or any
    address of the paper.
    """
    with common.open_record(context) as record:
        name = freeze.publication_of(record, publication).publication
        label = freeze.check_day(day) if day else "latest"
        params = EntryParams(paper=paper, publication=name, day=label, edition=edition or 0)
        try:
            explanation = explained(QuerySession(record, context.terms), params)
        except NotAnArxivId as problem:
            raise UsageError(str(problem)) from problem
    show(explanation, text_of(explanation), as_json)
