"""The operator's own verdicts on accounts."""

from __future__ import annotations

from hotpapers.base.errors import NotFound, UsageError, require
from hotpapers.base.ids import timestamps
from hotpapers.base.model import Judgement, Post
from hotpapers.issues.moderation.bots.review import OperatorVerdict
from hotpapers.record import Record, now

OF_ACCOUNTS: tuple[Judgement, ...] = ("bot", "human")
OF_PAPERS: tuple[Judgement, ...] = ("author", "independent")


def account_of(record: Record, post_key: str) -> str:
    """The account of a post. Raises NotFound."""
    post = record.view().item(Post, post_key)
    if post is None:
        raise NotFound(f"{post_key}: no such post in the record")
    return post.account


def operator_verdict(judgement: Judgement, paper: str, reason: str, since: str | None) -> OperatorVerdict:
    """A verdict as it was given. Raises UsageError."""
    is_of_paper = judgement in OF_PAPERS
    require(bool(paper) or not is_of_paper, f"missing paper: add --paper to --{judgement}")
    require(not paper or is_of_paper, f"--paper does not go with --{judgement}")
    require(bool(reason.strip()), "missing reason: add --reason '…'")
    at = now()
    verdict = OperatorVerdict(judgement, reason.strip(), midnight(since) if since else at)
    require(verdict.since <= at, f"{since}: in the future; a verdict is about what was observed")
    return verdict


def midnight(day: str) -> int:
    """The start of a day, µs UTC. Raises UsageError."""
    try:
        return timestamps.midnight(day)
    except ValueError:
        raise UsageError(f"{day}: not a date; write it like 2021-01-14") from None
