"""The command that says what is held of an account, and why; and takes the operator's word on it."""

from __future__ import annotations

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import count, echo, print_json
from hotpapers.errors import UsageError
from hotpapers.ids import timestamps
from hotpapers.model import Judgement
from hotpapers.model.keys import parse_key
from hotpapers.moderation import bots
from hotpapers.moderation.bots import AccountReview, OperatorVerdict
from hotpapers.store import Record, now


@click.command(
    epilog="""\b
Examples:
  hotpapers judge bluesky:@somebody.example.org
  hotpapers judge bluesky:@somebody.example.org --human --reason "reads all that she posts"
  hotpapers judge x:@somebot --bot --reason "its profile says so" --since 2026-03-02"""
)
@click.argument("account", metavar="ACCOUNT")
@click.option("--bot", "judgement", flag_value="bot", help="Treat it as a bot.")
@click.option("--human", "judgement", flag_value="human", help="Treat it as a person.")
@click.option(
    "--undo", "judgement", flag_value="", help="Remove your verdict or an author's proof, and let the rules decide."
)
@click.option("--reason", default="", metavar="TEXT", help="The reason, kept with the verdict.")
@click.option(
    "--since", metavar="DAY", help="When it takes effect, for a corrected edition of an older issue. [default: now]"
)
@common.json_option
@common.store_options
def judge(
    account: str, judgement: str | None, reason: str, since: str | None, as_json: bool, home: common.CommandContext
) -> None:
    """Show whether an account counts as a bot, and why.

    Lists each verdict with its rule, time and reason. --bot or --human overrides all rules; it applies to issues
    frozen from now on and changes no frozen issue.
    """
    key = parse_key(account)
    with common.open_record(home) as record:
        if judgement is None:
            common.need(not reason and not since, "--reason and --since go with --bot or --human")
        elif judgement == "":
            common.need(not reason and not since, "--undo does not go with --reason or --since")
            bots.withdraw_verdict(record, home.settings.bots, key, at=now())
        else:
            _say(record, home, key, "bot" if judgement == "bot" else "human", reason, since)
        reviews = bots.review_account(record, key)
    if as_json:
        print_json(reviews)
    else:
        for review in reviews:
            _print(review)


def _say(
    record: Record, home: common.CommandContext, key: str, judgement: Judgement, reason: str, since: str | None
) -> None:
    common.need(bool(reason.strip()), "missing reason: add --reason '…'")
    at = now()
    word = OperatorVerdict(judgement, reason.strip(), midnight(since) if since else at)
    common.need(word.since <= at, f"{since}: in the future; a verdict is about what was observed")
    bots.set_verdict(record, home.settings.bots, key, word, at=at)


def midnight(day: str) -> int:
    """The beginning of a day, µs UTC. Raises UsageError."""
    try:
        return timestamps.midnight(day)
    except ValueError:
        raise UsageError(f"{day}: not a day; write it as 2021-01-14") from None


def _print(review: AccountReview) -> None:
    what = "held to be a bot: not counted" if review.is_bot else "counted as a person"
    echo(f"{review.account}: {what}; {count(len(review.verdicts), 'verdict')}")
    for verdict in review.verdicts:
        echo(
            f"  {timestamps.minute_of(verdict.observed_at)}  {verdict.rule:<9} {verdict.judgement:<6} {verdict.reason}"
        )
