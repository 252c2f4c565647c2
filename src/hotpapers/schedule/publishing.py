"""The job that freezes issues when their day closes, publishes them, and keeps published pages up to date."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpapers import terms
from hotpapers.deliver.export_site import RerenderedFolder, export_again, export_site, unsent
from hotpapers.engagement import queries as engagement_queries
from hotpapers.errors import HotPapersError, IssueError, PartiallyRead, StoreError, WrongClock
from hotpapers.file_modes import make_published_folders
from hotpapers.http import ServerClocks
from hotpapers.ingest.collect_job import Connection
from hotpapers.issues.build import IssueRecipe, build
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.issues.windows import window_start
from hotpapers.jobs.attempts import PartRetries
from hotpapers.jobs.loop import JobContext
from hotpapers.logs import log_event
from hotpapers.model import DAY, HOUR, Publication
from hotpapers.schedule import due, queries
from hotpapers.schedule.first_issue import read_back_of
from hotpapers.schedule.freezing import judge_and_freeze
from hotpapers.schedule.health import missing_days
from hotpapers.schedule.log_keeping import LogKeeping
from hotpapers.settings import BotSettings
from hotpapers.store import Record, batches
from hotpapers.store.statistics import written_between
from hotpapers.summaries.generate import Summarize
from hotpapers.view.site_config import NOBODY, SiteConfig

FAR_AHEAD = HOUR // 2
"""How far this machine's clock may be ahead of other clocks; beyond that, nothing is frozen."""
LOOK = 20.0
"""Seconds between two rounds."""


class IssueDestination(NamedTuple):
    """Where a publication's issues go: a channel and its folder."""

    publication: str
    channel: str
    folder: Path


class PublishJob:
    """The job. `destinations`: where issues go. `bots`: the rules for judging bots before an issue is frozen.
    `summarize`: writes summaries before. `read_jobs`: the jobs that read networks; the first issue waits for their
    first round. `witnesses`: the clocks of the servers they read. `connection`: to the logs' witnesses."""

    name = "issues"

    def __init__(
        self, publications: Sequence[str], destinations: Sequence[IssueDestination], bots: BotSettings | None = None,
        site_config: SiteConfig = NOBODY, allowed: terms.Table = terms.TERMS, summarize: Summarize | None = None,
        read_jobs: Sequence[str] = (), witnesses: ServerClocks | None = None, connection: Connection | None = None,
    ) -> None:  # fmt: skip
        self._publications, self._destinations, self._bots = publications, destinations, bots or BotSettings()
        self._site_config, self._allowed, self._summarize = site_config, allowed, summarize
        self._read_jobs, self._witnesses = read_jobs, witnesses
        self._logs = LogKeeping(site_config, allowed, connection.http if connection else None)
        self._connection = connection
        self._retries = PartRetries(self.name)
        self._asked_again: set[tuple[str, str]] = set()
        self._rendered_position = 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Freezes, logs and publishes what is due, and removes what is gone from published pages."""
        context.check_lease()
        at = context.clock.now()
        problems = [
            problem for part, do in self._parts(context, once) for problem in self._retries.attempt(part, at, do)
        ]
        if problems:
            raise PartiallyRead("; ".join(problems), again=LOOK)
        context.note(success_at=context.clock.now())
        return LOOK

    def _parts(self, context: JobContext, once: bool) -> Iterator[tuple[str, Callable[[], None]]]:
        """The parts of a round, in order. A part that fails is retried later; no issue waits for it."""
        for name in self._publications:
            yield name, partial(self._freeze, context, name, once=once)
        yield "pages", partial(self._render_changed, context)
        for name in self._publications:
            yield f"log of {name}", partial(self._logs.update, context, name)
        for destination in self._destinations:
            yield f"{destination.publication}, {destination.channel}", partial(self._publish, context, destination)
        for name in self._publications:
            yield f"witnesses of {name}", partial(self._logs.ask, context, name)

    # ---- freezing ----------------------------------------------------------------------------------

    def _freeze(self, context: JobContext, name: str, *, once: bool) -> None:
        publication = publication_of(context.record, name)
        self._freeze_due(context, publication, once=once)
        self._ask_again_soon(context, publication)

    def _freeze_due(self, context: JobContext, publication: Publication, *, once: bool) -> None:
        at = context.clock.now()
        frozen_before = frozen_days(context.record, publication.publication)
        days = missing_days(context.record, publication, frozen_before, at)
        if days and (self._waits_for_time(context, at) or (not (once or frozen_before) and self._waits(context, at))):
            return
        for day in days:
            try:
                issue = judge_and_freeze(
                    context.record, publication, day, self._bots, at=context.clock.now(), summarize=self._summarize
                )
            except IssueError as problem:  # its announcement may still come: later days must wait for it
                context.note(reason=str(problem))
                return
            entries = len(issue.content.entries)
            context.note(items=context.status.items + 1, reason="")
            log_event(
                "issue frozen", publication=publication.publication, day=day, entries=entries, digest=issue.digest
            )

    def _waits_for_time(self, context: JobContext, at: int) -> bool:
        """Whether to wait for a server's clock, after more than a day without a batch. Raises WrongClock if this clock
        is far ahead of others: an issue that is frozen too early stays so for good."""
        if self._witnesses is None:
            return False
        check_clock(at, self._witnesses.ahead(at), shared_clock(context.record))
        waits = self._witnesses.ahead(at) is None and at - (written_between(context.record.database)[1] or at) > DAY
        if waits:
            context.note(reason="waits for a network to confirm the time: the last batch is more than a day old")
        return waits

    def _waits(self, context: JobContext, at: int) -> bool:
        """Whether a site's first issue waits for jobs that still read back posts from before the site began."""
        unread_jobs = read_back_of(context.record, self._read_jobs, at)
        if unread_jobs:
            context.note(reason=f"the first issue waits for reading back: {', '.join(unread_jobs)}")
        return bool(unread_jobs)

    def _ask_again_soon(self, context: JobContext, publication: Publication) -> None:
        """Half an hour before an issue closes, has the posts that it would show read again, in case they are gone."""
        at = context.clock.now()
        day = due.upcoming_day(publication, at)
        name = publication.publication
        if (name, day) in self._asked_again or not due.is_near(publication, day, at):
            return
        moments = (window_start(publication, day), at)
        built = build(context.record, IssueRecipe(publication, day, 1, context.record.head.position, moments=moments))
        engagement_queries.ask_again_at_once(context.record.database, [showing.post for showing in built.shown], at)
        self._asked_again.add((name, day))

    # ---- publishing --------------------------------------------------------------------------------

    def _publish(self, context: JobContext, destination: IssueDestination) -> None:
        """Publishes what is missing at one destination. Raises PartiallyRead if that fails."""
        days = unsent(context.record, destination.publication, destination.channel, destination.folder)
        if not days:
            return
        try:
            make_published_folders(destination.folder.parent)
            counts = export_site(
                context.record, destination.publication, days, destination.channel, destination.folder,
                self._site_config, self._allowed,
            )  # fmt: skip
        except StoreError:
            raise
        except (HotPapersError, OSError) as problem:
            log_event("not published", publication=destination.publication, channel=destination.channel, reason=problem)
            raise PartiallyRead(str(problem)) from problem
        log_event(
            "published",
            publication=destination.publication,
            channel=destination.channel,
            days=len(days),
            changed=counts.changed,
        )
        if counts.forecast and counts.warning:
            forecast = counts.forecast
            log_event("site nearly full", folder=forecast.folder, size=forecast.size, budget=forecast.budget)

    def _render_changed(self, context: JobContext) -> None:
        """Renders pages again that show a post that is gone, hidden, or may be shown again. The first round covers the
        last day, in case an earlier process did not get to it. Raises PartiallyRead if a folder cannot be written now:
        it is tried again, or the post would stay there."""
        head = context.record.head.position
        since = self._rendered_position or batches.position_at(context.record.database, context.clock.now() - DAY)
        self._rendered_position = since
        folders = render_changed(context.record, since, self._site_config, self._allowed) if head > since else []
        destinations = {destination.folder.resolve() for destination in self._destinations}
        failed = [folder for folder in folders if folder.is_own and not folder.rendered]
        if reasons := [f"{item.folder}: {item.reason}" for item in failed if item.folder.resolve() in destinations]:
            raise PartiallyRead("; ".join(reasons))
        self._rendered_position = head


def shared_clock(record: Record) -> int | None:
    """The time by the database server's clock, which may be on another machine; None for SQLite."""
    return record.database.clock() if record.database.name == "postgres" else None


def check_clock(at: int, ahead: int | None, shared: int | None) -> None:
    """Raises WrongClock if this machine's clock is far ahead of the networks' (by `ahead`) or of the database's."""
    for owner, lead in (("the networks'", ahead), ("the database's", None if shared is None else at - shared)):
        if lead is not None and lead > FAR_AHEAD:
            duration = f"{lead / DAY:.1f} days" if lead > DAY else f"{lead // 60_000_000} minutes"
            raise WrongClock(
                f"this machine's clock is {duration} ahead of {owner}; nothing is frozen until it is corrected"
            )


def render_changed(
    record: Record, position: int, site_config: SiteConfig, allowed: terms.Table
) -> list[RerenderedFolder]:
    """Renders again the pages with posts that, according to batches after a position, are gone, limited or hidden, or
    no longer so. Returns the folders with such pages."""
    issues = changed_issues(record, position)
    folders = export_again(record, site_config, allowed, issues) if issues else []
    for folder in folders:
        _log_rendered(folder)
    return folders


def _log_rendered(folder: RerenderedFolder) -> None:
    event, level = ("pages updated", logging.INFO) if folder.rendered else ("pages not updated", logging.WARNING)
    reason = {"reason": folder.reason} if folder.reason else {}
    log_event(
        event, level=level, publication=folder.publication, channel=folder.channel, folder=folder.folder, **reason
    )


def changed_issues(record: Record, position: int) -> frozenset[tuple[str, str]]:
    """The issues, by publication and day, with pages to render again because of posts that, according to batches after
    a position, are gone, limited or hidden, or no longer so: the issues that show such a post, and each publication's
    latest issue with a paper whose own page links to it."""
    posts = sorted(queries.changed_posts(record, position))
    if not posts:
        return frozenset()
    result = set(queries.issues_showing(record.database, posts))
    issue_reader = RecordIssueReader(record)
    for paper in queries.papers_named_by(record.database, posts):
        result |= dict(issue_reader.appearances(paper)).items()  # ascending: the last of each publication stays
    return frozenset(result)
