"""Makes the issues of a past period for a site: judges, infers, freezes and writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from hotpapers.base import settings
from hotpapers.base.errors import require
from hotpapers.base.model import DAY, HISTORY, Publication
from hotpapers.base.settings import BotSettings
from hotpapers.base.text import timestamps
from hotpapers.discussion.moderation.aliases import join_accounts
from hotpapers.discussion.moderation.author_voices import judge_authors
from hotpapers.discussion.moderation.bots.verdicts import judge_accounts
from hotpapers.issues import freeze
from hotpapers.issues.windows import closing_time
from hotpapers.record import Record, current_time
from hotpapers.site import publishing
from hotpapers.site.publishing import AFTERWARDS, requested_folders
from hotpapers.site.site import Site
from hotpapers.wings.history import past_days
from hotpapers.wings.history.inferred_days import infer_days


class HistoryResult(NamedTuple):
    """The issues of a past period. `issues`: day, entries and digest of those frozen now; `channels`: each one's
    summary; `inferred`: papers whose announcement day was inferred."""

    period: past_days.PastPeriod
    issues: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    inferred: int


def history(
    site: Site, first: str, last: str, publication: str | None, judges: bool, output: Path | None, force: bool
) -> HistoryResult:
    """See `Site.history`."""
    bounds = past_day(first), past_day(last)
    chosen = site.publication(publication and publication.removesuffix(HISTORY))
    record = site.record
    past_days.check_days(record, chosen, *bounds)
    inferred = infer_days(record, *bounds)
    period = past_days.plan_period(record, chosen, *bounds)
    past_days.check_period_closed(period, current_time())
    issues = freeze_period(site, period, judges=judges)
    name = period.publication.publication
    days = sorted((*period.frozen, *period.days))
    folders = requested_folders(site, name, sorted(AFTERWARDS), output) if output else []
    channels = publishing.write_channels(site, name, days, folders, force=force)
    return HistoryResult(period, issues, channels, inferred)


def past_day(day: str) -> date:
    """A day on which arXiv existed, not in the future. Raises UsageError."""
    require(
        settings.FIRST_DAY <= freeze.check_day(day) <= timestamps.day_of(current_time() + DAY),
        f"{day}: not a past day on which arXiv had papers",
    )
    return date.fromisoformat(day)


def freeze_period(site: Site, period: past_days.PastPeriod, *, judges: bool) -> list[dict[str, Any]]:
    """Freezes the missing issues of a period; day, entries and digest of each. `judges`: first judges accounts."""
    if judges:
        with site.progress("Judging", len(period.days)) as step:
            for _ in judge_days(site.record, period.publication, period.days, site.settings.bots):
                step(1)
    issues = []
    with site.progress("Freezing", len(period.days)) as step:
        for content, digest, _ in past_days.freeze_period(site.record, period):
            issues.append({"day": content.day, "entries": len(content.entries), "digest": digest})
            step(1)
    return issues


def judge_days(record: Record, publication: Publication, days: Sequence[str], bots: BotSettings) -> Iterator[str]:
    """Judges, for issues made afterwards, which accounts are authors, and which are bots as of the close of each day;
    yields each day when it is done."""
    join_accounts(record)
    judge_authors(record)
    for day in days:
        judge_accounts(record, bots, closing_time(record.view(), publication, day))
        yield day
