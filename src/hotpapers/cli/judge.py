"""The command that says what is held of an account, and why; and takes the operator's word on it."""

from __future__ import annotations

import datetime

import click

from hotpapers.cli import common
from hotpapers.cli.keep import key_of
from hotpapers.cli.terminal import count, print_json, say
from hotpapers.errors import UsageError
from hotpapers.model import Judgement
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
@click.option("--bot", "judgement", flag_value="bot", help="It is a bot, whatever the rules say.")
@click.option("--human", "judgement", flag_value="human", help="It is none, whatever the rules say.")
@click.option(
    "--undo", "judgement", flag_value="", help="Take back what you said, or an author proved: the rules decide."
)
@click.option("--reason", default="", metavar="TEXT", help="Why; kept with the verdict.")
@click.option("--since", metavar="DAY", help="Since when it is so, for a new edition of an older issue. [default: now]")
@common.json_option
@common.store_options
def judge(
    account: str, judgement: str | None, reason: str, since: str | None, as_json: bool, home: common.CommandContext
) -> None:
    """Say whether an account is held to be a bot, and why.

    Each verdict stands with its rule, moment and reason. With --bot or --human your word goes before all rules; it
    counts for issues that are frozen from now on, and changes none that is.
    """
    key = key_of(account)
    with common.open_record(home) as record:
        if judgement is None:
            common.need(not reason and not since, "--reason and --since go with --bot or --human")
        elif judgement == "":
            common.need(not reason and not since, "--undo takes back all that you said: no --reason, no --since")
            bots.take_back(record, home.settings.bots, key, at=now())
        else:
            _say(record, home, key, "bot" if judgement == "bot" else "human", reason, since)
        found = bots.held(record, key)
    if as_json:
        print_json(found)
    else:
        for one in found:
            _print(one)


def _say(
    record: Record, home: common.CommandContext, key: str, judgement: Judgement, reason: str, since: str | None
) -> None:
    common.need(bool(reason.strip()), "say why: --reason '…'")
    at = now()
    word = OperatorVerdict(judgement, reason.strip(), midnight(since) if since else at)
    common.need(word.since <= at, f"{since}: a day to come; a verdict is about what was seen")
    bots.say(record, home.settings.bots, key, word, at=at)


def midnight(day: str) -> int:
    """The beginning of a day, µs UTC. Raises UsageError."""
    try:
        found = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(), datetime.UTC)
    except ValueError:
        raise UsageError(f"{day}: not a day; write it as 2021-01-14") from None
    return int(found.timestamp()) * 1_000_000


def _print(one: AccountReview) -> None:
    what = "held to be a bot: not counted" if one.is_bot else "counted as a person"
    say(f"{one.account}: {what}; {count(len(one.verdicts), 'verdict')}")
    for verdict in one.verdicts:
        at = datetime.datetime.fromtimestamp(verdict.observed_at // 1_000_000, datetime.UTC)
        say(f"  {at:%Y-%m-%d %H:%M} UTC  {verdict.rule:<9} {verdict.judgement:<6} {verdict.reason}")
