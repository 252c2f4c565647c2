"""`hotpapers judge`: shows the verdicts on an account, and records the operator's own."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hotpapers.base.ids import timestamps
from hotpapers.base.model import Judgement, Verdict
from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.issues.moderation.author_voices import AuthorReview
from hotpapers.issues.moderation.bots.review import AccountReview
from hotpapers.issues.ranking.words import count_noun


@common.command("""
  hotpapers judge bluesky:@somebody.example.org
  hotpapers judge x:@namesake --independent --paper 2101.04869 --reason "somebody else of that name\"""")
@click.argument("account", metavar="ACCOUNT")
@click.option("--bot", "judgement", flag_value="bot", help="Treat it as a bot.")
@click.option("--human", "judgement", flag_value="human", help="Treat it as a person.")
@click.option("--author", "judgement", flag_value="author", help="Treat it as an author of the paper.")
@click.option("--independent", "judgement", flag_value="independent", help="Treat it as not an author of the paper.")
@click.option(
    "--undo", "judgement", flag_value="", help="Withdraw your verdict or an author's proof, and let the rules decide."
)
@click.option("--paper", metavar="PAPER", default="", help="The paper that --author, --independent or --undo is about.")
@click.option("--reason", default="", metavar="TEXT", help="The reason, kept with the verdict.")
@click.option(
    "--since", metavar="DATE", help="When it takes effect, for a corrected edition of an older issue. [default: now]"
)
@common.json_option
@common.store_options
def judge(
    account: str,
    judgement: Judgement | None,
    paper: str,
    reason: str,
    since: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Show whether an account counts as a bot or as a paper's author, and why.

    ACCOUNT may be the address of one of its posts. To override all rules in issues frozen from now on, use --bot or
    --human, or for one paper --author or --independent.
    """
    judged = site.judge(account, judgement, paper=paper, reason=reason, since=since)
    value = [{**review._asdict(), "papers": papers} for review, papers in judged]
    show(value, (line for account in judged for line in _lines(*account)), as_json)


def _lines(review: AccountReview, papers: list[AuthorReview]) -> Iterator[str]:
    consequence = "treated as a bot, not counted" if review.is_bot else "counted as a person"
    yield f"{review.account}: {consequence}; {count_noun(len(review.verdicts), 'verdict')}"
    yield from map(_verdict_line, review.verdicts)
    for paper in papers:
        standing = "an author's voice" if paper.is_author else "not an author's voice"
        yield f"{review.account} on {paper.paper}: {standing}; {count_noun(len(paper.verdicts), 'verdict')}"
        yield from map(_verdict_line, paper.verdicts)


def _verdict_line(verdict: Verdict) -> str:
    return f"  {timestamps.minute_of(verdict.observed_at)}  {verdict.rule:<9} {verdict.judgement:<6} {verdict.reason}"
