"""`hotpapers judge`: shows the verdicts on an account, and records the operator's own."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.errors import NotFound, UsageError
from hotpapers.ids import arxiv, timestamps
from hotpapers.model import Judgement, Post, Verdict
from hotpapers.model.keys import is_web_address, parse_key
from hotpapers.moderation import author_voices
from hotpapers.moderation.author_voices import AuthorReview
from hotpapers.moderation.bots import review as bots
from hotpapers.moderation.bots.review import AccountReview, OperatorVerdict
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now

OF_ACCOUNTS: tuple[Judgement, ...] = ("bot", "human")
OF_PAPERS: tuple[Judgement, ...] = ("author", "independent")


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
    account: str, judgement: Judgement | None, paper: str, reason: str, since: str | None, as_json: bool,
    context: common.CommandContext,
) -> None:  # fmt: skip
    """Show whether an account counts as a bot or as a paper's author, and why.

    ACCOUNT may be the address of one of its posts. To override all rules in issues frozen from now on, use --bot or
    --human, or for one paper --author or --independent.
    """
    account_key, paper_key = parse_key(account), arxiv.key(arxiv.parse(paper).id) if paper else ""
    with common.open_record(context) as record:
        if is_web_address(account):
            account_key = _account_of(record, account_key)
        if judgement is None:
            common.require(
                not (reason or since or paper), "--reason, --since and --paper go with a verdict such as --bot"
            )
        elif judgement in (*OF_ACCOUNTS, *OF_PAPERS):
            _say(record, context, account_key, paper_key, judgement, reason, since)
        else:
            common.require(not reason and not since, "--undo does not go with --reason or --since")
            if paper_key:
                author_voices.withdraw_author(record, account_key, paper_key, at=now())
            else:
                bots.withdraw_verdict(record, context.settings.bots, account_key, at=now())
        reviews = bots.review_account(record, account_key)
        papers = {review.account: author_voices.review_papers(record, review.account) for review in reviews}
    value = [{**review._asdict(), "papers": papers[review.account]} for review in reviews]
    show(value, (line for review in reviews for line in _lines(review, papers[review.account])), as_json)


def _account_of(record: Record, post_key: str) -> str:
    """The account of a post. Raises NotFound."""
    post = record.view().item(Post, post_key)
    if post is None:
        raise NotFound(f"{post_key}: no such post in the record")
    return post.account


def _say(
    record: Record, context: common.CommandContext, account: str, paper: str, judgement: Judgement, reason: str,
    since: str | None,
) -> None:  # fmt: skip
    is_of_paper = judgement in OF_PAPERS
    common.require(bool(paper) or not is_of_paper, f"missing paper: add --paper to --{judgement}")
    common.require(not paper or is_of_paper, f"--paper does not go with --{judgement}")
    common.require(bool(reason.strip()), "missing reason: add --reason '…'")
    at = now()
    verdict = OperatorVerdict(judgement, reason.strip(), midnight(since) if since else at)
    common.require(verdict.since <= at, f"{since}: in the future; a verdict is about what was observed")
    if is_of_paper:
        author_voices.set_author(record, account, paper, verdict, at=at)
    else:
        bots.set_verdict(record, context.settings.bots, account, verdict, at=at)


def midnight(day: str) -> int:
    """The start of a day, µs UTC. Raises UsageError."""
    try:
        return timestamps.midnight(day)
    except ValueError:
        raise UsageError(f"{day}: not a date; write it like 2021-01-14") from None


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
