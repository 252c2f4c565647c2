"""`hotpapers explain`: shows how a paper's place in an issue was calculated."""

from __future__ import annotations

import click

from hotpapers.base.errors import NotAnArxivId, UsageError
from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.issues import freeze
from hotpapers.issues.explain import text_of
from hotpapers.publish.query.issues import explained, publication_with
from hotpapers.publish.query.request_params import EntryParams


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
    label = freeze.check_day(day) if day else "latest"
    try:
        chosen = publication or publication_with(site.session, paper, label) or None
        name = freeze.publication_of(site.record, chosen).publication
        params = EntryParams(paper=paper, publication=name, day=label, edition=edition or 0)
        explanation = explained(site.session, params)
    except NotAnArxivId as problem:
        raise UsageError(str(problem)) from problem
    show(explanation, text_of(explanation), as_json)
