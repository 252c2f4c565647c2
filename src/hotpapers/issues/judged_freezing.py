"""Judging, then freezing: first it finds which accounts are copies by a bridge, which are bots, as of the close of the
issue, and which are authors of the papers they post about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hotpapers.base.model import Publication
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.moderation.aliases import join_accounts
from hotpapers.discussion.moderation.author_voices import judge_authors
from hotpapers.discussion.moderation.bots.verdicts import judge_accounts
from hotpapers.issues.freeze import FrozenIssue, freeze_issue
from hotpapers.record import Record, current_time

BeforeFreezing = Callable[[Record, Publication, str, int], object]
"""Prepares a record for a publication's issue of a day; last comes when it closes, µs UTC."""


def judge_and_freeze(
    record: Record,
    publication: Publication,
    day: str,
    bots: BotSettings,
    *,
    again: bool = False,
    reason: str = "",
    at: int | None = None,
    further: Sequence[BeforeFreezing] = (),
) -> FrozenIssue:
    """The day's issue, frozen now if it was not: like `freeze_issue`, with the same errors. An imported listing is not
    judged, since its counts have no accounts. `further`: the actions of wings before it."""
    at = at or current_time()

    def prepare(publication: Publication, cut: int) -> None:
        join_accounts(record, at)
        judge_accounts(record, bots, cut)
        judge_authors(record, at)
        for prepare_further in further:
            prepare_further(record, publication, day, cut)

    return freeze_issue(record, publication, day, again=again, reason=reason, at=at, prepare=prepare)
