"""Judging, then freezing: first it judges which accounts are bots, as of the close of the issue, and which are authors
of the papers they post about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.issues.freeze import FrozenIssue, freeze
from hotpapers.issues.windows import closing
from hotpapers.model import Publication
from hotpapers.moderation.author_voices import judge_authors
from hotpapers.moderation.bots.verdicts import judge
from hotpapers.settings import BotSettings
from hotpapers.store import Record, now
from hotpapers.summaries.generate import Summarize


def judge_days(
    record: Record, publication: Publication, days: Sequence[str], bots: BotSettings
) -> Iterator[str]:  # fmt: skip
    """Judges, for issues made afterwards, which accounts are authors, and which are bots as of the close of each day;
    yields each day when it is done."""
    judge_authors(record)
    for day in days:
        judge(record, bots, closing(record.view(), publication, day))
        yield day


def judge_and_freeze(
    record: Record, publication: Publication, day: str, bots: BotSettings,
    *, again: bool = False, reason: str = "", at: int | None = None, summarize: Summarize | None = None,
) -> FrozenIssue:  # fmt: skip
    """The day's issue, frozen now if it was not: like `freeze`, with the same errors. An imported listing is not
    judged, since its counts have no accounts. `summarize`: writes summaries of its papers first."""
    at = at or now()

    def prepare(publication: Publication) -> None:
        if publication.window == "listing":
            return
        cut = closing(record.view(), publication, day)
        judge(record, bots, cut)
        judge_authors(record, at)
        if summarize is not None:
            summarize(record, publication, day, cut)

    return freeze(record, publication, day, again=again, reason=reason, at=at, prepare=prepare)
