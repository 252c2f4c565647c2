"""The job that freezes issues when their day closes, publishes them, and keeps published pages up to date."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from hotpapers.base import network_terms
from hotpapers.base.errors import HotPapersError, IssueError, PartiallyRead, StoreError
from hotpapers.base.file_modes import make_published_folders, real_path
from hotpapers.base.installed import hooks_of
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, Publication
from hotpapers.base.settings import BotSettings
from hotpapers.base.version import __version__
from hotpapers.discussion.conversations.queries import posts_in_reach
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.discussion.lanes import issues_beside
from hotpapers.discussion.moderation.quotation_policy import load_blocklist
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.issues.coverage import TURN, caught_up_at, was_read
from hotpapers.issues.freeze import check_read, publication_of
from hotpapers.issues.queries import FIRST_WAIT, frozen_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.issues.windows import (
    COUNTED_WITHIN,
    has_no_issue,
    latest_closing,
    scheduled_closing,
    unread_reason,
    window_start,
)
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import PartRetries
from hotpapers.jobs.job_state import RUNNING, SCHEDULED_RUN
from hotpapers.jobs.loop import JobContext
from hotpapers.keep.privacy.forget import RENDERED_BY
from hotpapers.publish.deliver.export_site import (
    RerenderedFolder,
    deleted_days,
    export_again,
    export_site,
    sent_days,
    unsent_days,
)
from hotpapers.publish.page_hooks import Cards
from hotpapers.publish.schedule import due, queries
from hotpapers.publish.schedule.clock_check import waits_for_time
from hotpapers.publish.schedule.due import missing_days, still_catching_up, still_counting, still_reading_back
from hotpapers.publish.view import phrases
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, batches, read_meta, save_meta
from hotpapers.record.commitments import sha256

if TYPE_CHECKING:
    from hotpapers.base.http import ServerClocks
    from hotpapers.issues.judged_freezing import BeforeFreezing

LOOK = 20.0
"""Seconds between two rounds."""


class IssueDestination(NamedTuple):
    """Where a publication's issues go: a channel and its folder."""

    publication: str
    channel: str
    folder: Path


Part = tuple[str, Callable[[], None]]
"""The name of a part of a round, and its function."""


class FurtherParts(Protocol):
    """A wing's parts in each round."""

    def after_freezing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        """The parts between freezing issues and publishing them."""

    def after_publishing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        """The parts at the end of a round."""
        return iter(())

    def close(self) -> None:
        """Closes connections."""
        return


class PublishJob:
    """The job. `destinations`: where issues go. `bots`: the rules for judging bots before an issue is frozen.
    `before_freezing`: actions of wings before that. `read_jobs`: the jobs that read networks; the first issue waits for
    their first round. `witnesses`: the clocks of the servers that are read, if any are. `further`: parts added by
    wings."""

    name = "issues"

    def __init__(
        self,
        publications: Sequence[str],
        destinations: Sequence[IssueDestination],
        bots: BotSettings,
        site_config: SiteConfig,
        allowed: network_terms.Table,
        before_freezing: Sequence[BeforeFreezing],
        read_jobs: Sequence[str],
        witnesses: ServerClocks | None,
        further: Sequence[FurtherParts],
    ) -> None:
        self._publications = publications
        self._destinations = destinations
        self._bots = bots
        self._site_config = site_config
        self._allowed = allowed
        self._before_freezing = before_freezing
        self._read_jobs = read_jobs
        self._witnesses = witnesses
        self._further = further
        self._retries = PartRetries(self.name)
        self._asked_again = set[tuple[str, str]]()
        self._due_since: dict[str, int] = {}
        self._without_issue = defaultdict[str, set[str]](set)
        self._rendered_position = 0
        self._folders_seen: dict[IssueDestination, tuple[int, int] | None] = {}

    def close(self) -> None:
        for further in self._further:
            further.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Freezes, logs and publishes the due issues, and removes deleted posts from published pages."""
        context.check_lease()
        parts = self._parts(context, once)
        problems = [problem for part, do in parts for problem in self._retries.attempt(part, context.clock.now, do)]
        if problems:
            raise PartiallyRead("; ".join(problems), again=LOOK)
        context.note(success_at=context.clock.now())
        return LOOK

    def _parts(self, context: JobContext, once: bool) -> Iterator[Part]:
        """The parts of a round, in order. A part that fails is retried later; no issue waits for it."""
        for name in self._publications:
            yield name, partial(self._freeze, context, name, once=once)
        for further in self._further:
            yield from further.after_freezing(context, self._publications)
        yield "pages", partial(self._render_changed, context)  # which have what wings note beside issues
        for destination in self._destinations:
            yield f"{destination.publication}, {destination.channel}", partial(self._publish, context, destination)
        for further in self._further:
            yield from further.after_publishing(context, self._publications)

    # ---- freezing ----------------------------------------------------------------------------------

    def _freeze(self, context: JobContext, name: str, *, once: bool) -> None:
        publication = publication_of(context.record, name)
        self._freeze_due(context, publication, once=once)
        self._ask_again_soon(context, publication)

    def _freeze_due(self, context: JobContext, publication: Publication, *, once: bool) -> None:
        at = context.clock.now()
        name = publication.publication
        frozen_before = frozen_days(context.record, name)
        days = missing_days(context.record, publication, {*frozen_before, *self._without_issue[name]}, at)
        if days and waits_for_time(context.record.database, self._witnesses, at):
            context.note(reason="waits for a network to confirm the time: the last batch is more than a day old")
            return
        if days and not once and self._waits(context, publication, days, at, is_first=not frozen_before):
            return
        from hotpapers.issues.judged_freezing import judge_and_freeze

        self._due_since.pop(name, None)
        for day in days:
            if has_no_issue(context.record.view(), publication, day, at):
                self._without_issue[name].add(day)
                context.note(reason="")
                reason = unread_reason(context.record.view(), publication, day)
                log_event("no issue", publication=name, day=day, reason=reason)
                continue
            try:
                check_read(context.record, publication, day, at)
                issue = judge_and_freeze(
                    context.record, publication, day, self._bots, at=context.clock.now(), further=self._before_freezing
                )
            except IssueError as problem:  # it may still be read: later days must wait for it
                context.note(reason=f"{name}: {problem}")
                return
            context.note(items=context.status.items + 1, reason="")
            entries = len(issue.content.entries)
            log_event("issue frozen", publication=name, day=day, entries=entries, digest=issue.digest)

    def _waits(
        self, context: JobContext, publication: Publication, days: Sequence[str], at: int, *, is_first: bool
    ) -> bool:
        """Whether a site's first issue waits for jobs that still read back posts from before the site began; or a later
        one for jobs that still read what was posted while the program did not run."""
        unread_jobs = still_reading_back(context.record, self._read_jobs, at) if is_first else []
        reason = "the first issue waits for reading back"
        if not unread_jobs:
            since = self._due_since.setdefault(publication.publication, at)
            day = days[-1]
            is_in_time = at < min(since + FIRST_WAIT, latest_closing(publication, day))
            unread_jobs = self._unfinished_jobs(context.record, publication, day, at) if is_in_time else []
            reason = "waits for what was posted while the program did not run"
        if unread_jobs:
            context.note(reason=f"{reason}: {', '.join(unread_jobs)}")
        return bool(unread_jobs)

    def _unfinished_jobs(self, record: Record, publication: Publication, day: str, at: int) -> list[str]:
        """The jobs that still read, or count, what was posted while the program did not run; none for an issue that
        closed before, since what they read now would not count."""
        cut = scheduled_closing(publication, day)
        view = record.view()
        if unread_jobs := still_catching_up(record, self._read_jobs, at):
            return [] if was_read(view, publication, cut - TURN, cut) else unread_jobs
        caught_up = caught_up_at(view, publication, cut, latest_closing(publication, day))
        if caught_up is None or at > caught_up + COUNTED_WITHIN:
            return []
        return still_counting(record, self._read_jobs, caught_up)

    def _ask_again_soon(self, context: JobContext, publication: Publication) -> None:
        """Half an hour before an issue closes, has the posts that it would show read again, in case they are gone."""
        at = context.clock.now()
        record = context.record
        day = due.upcoming_day(publication, at)
        issue = (publication.publication, day)
        if issue in self._asked_again or not due.is_near(publication, day, at):
            return
        moments = (window_start(publication, day), at, msgspec.UNSET)
        issue_recipe = IssueRecipe(publication, day, 1, record.head.position, moments=moments)
        built = build_issue(record, issue_recipe)
        recount_queries.ask_again_at_once(record.database, [showing.post for showing in built.shown], at)
        self._asked_again.add(issue)

    # ---- publishing --------------------------------------------------------------------------------

    def _publish(self, context: JobContext, destination: IssueDestination) -> None:
        """Publishes the issues missing at one destination. Raises PartiallyRead if that fails."""
        publication, channel, folder = destination
        again = self._days_again(context, destination)
        days = sorted({*unsent_days(context.record, *destination), *again})
        if not days:
            return
        self._folders_seen[destination] = None  # until it is written
        config = self._site_config._replace(feeds=destination._replace(channel="feeds") in self._destinations)
        try:
            make_published_folders(folder.parent)
            counts = export_site(context.record, publication, days, channel, folder, config, self._allowed)
        except StoreError:
            raise
        except (HotPapersError, OSError) as problem:
            log_event("not published", publication=publication, channel=channel, reason=problem)
            raise PartiallyRead(str(problem)) from problem
        self._folders_seen[destination] = _identity(folder)
        if again:
            log_event("deleted folder written again", publication=publication, folder=folder, issues=len(days))
        log_event("published", publication=publication, channel=channel, days=len(days), changed=counts.changed)
        if (forecast := counts.forecast) and counts.warning:
            log_event("site nearly full", folder=forecast.folder, size=forecast.size, budget=forecast.budget)

    def _days_again(self, context: JobContext, destination: IssueDestination) -> list[str]:
        """The days to write again: all that a folder had, if its files are gone, or if it is not the folder that was
        written last, as after a disk was away: that one may still show what has been hidden meanwhile."""
        if self._writes_at_its_end(context):
            return []
        identity = _identity(destination.folder)
        if identity == self._folders_seen.setdefault(destination, identity):
            return deleted_days(context.record, *destination)
        return sent_days(context.record, *destination)

    def _writes_at_its_end(self, context: JobContext) -> bool:
        """Whether this is a run of a machine that begins without any folder, and writes all pages at the end."""
        return jobs_queries.load_state(context.record, SCHEDULED_RUN).state == RUNNING

    def _render_changed(self, context: JobContext) -> None:
        """Renders pages again that show a post that is gone, hidden, or may be shown again; all pages if the terms or
        the blocklist are others than last time. The first round covers the last day, in case an earlier process did not
        get to it. Raises PartiallyRead if a folder cannot be written now: it is tried again, or the post would stay
        there."""
        record = context.record
        head = context.record.head.position
        rules = new_rules(record, self._allowed, self._site_config)
        since = self._rendered_position or batches.position_at(record.database, context.clock.now() - DAY)
        self._rendered_position = since
        position = None if rules else since
        destinations = {real_path(destination.folder) for destination in self._destinations}
        is_due = (bool(rules) or head > since) and (
            any(folder.is_dir() for folder in destinations) or not self._writes_at_its_end(context)
        )
        folders = render_changed(record, position, self._site_config, self._allowed) if is_due else []
        failed = [item for item in folders if item.is_own and not item.rendered and item.folder.is_dir()]
        if reasons := [f"{item.folder}: {item.reason}" for item in failed if real_path(item.folder) in destinations]:
            raise PartiallyRead("; ".join(reasons))
        self._rendered_position = head
        if rules:
            save_meta(record.database, RENDERED_BY, rules)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Returns the device and inode that distinguish a folder from another one at the same path. Returns None if there
    is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def new_rules(record: Record, allowed: network_terms.Table, site_config: SiteConfig) -> str:
    """A hash of all that decides how many pages look, if they were last rendered by something else; else empty: the
    version of this program, the networks' terms, the blocklist, whether cards can be drawn, the settings that pages
    show, such as the contact, the publications with their titles, and the papers that were taken back."""
    shown = sorted((row.name, row.shown) for row in allowed.values())
    titles = sorted(
        (item.publication, item.title, phrases.publication_note(item), bool(frozen_days(record, item.publication)))
        for item in record.view().items(Publication)
    )
    settings = site_config._replace(proofs=None, note="", folder=None)
    has_cards = any(cards.are_drawn() for cards in hooks_of(Cards))
    taken_back = sorted(queries.taken_back_papers(record.view()).items())
    rules = (__version__, shown, load_blocklist(record.database), has_cards, titles, settings, taken_back)
    digest = sha256(msgspec.json.encode(rules)).hex()
    return "" if read_meta(record.database, RENDERED_BY) == digest else digest


def render_by_rules(record: Record, site_config: SiteConfig, allowed: network_terms.Table) -> list[RerenderedFolder]:
    """Renders all pages again if they were last rendered by other rules. Returns the folders. One of this store's
    that could not be written is tried again next time."""
    rules = new_rules(record, allowed, site_config)
    if not rules:
        return []
    folders = export_again(record, site_config, allowed)
    if all(folder.rendered for folder in folders if folder.is_own and folder.folder.is_dir()):
        save_meta(record.database, RENDERED_BY, rules)
    return folders


def render_changed(
    record: Record, position: int | None, site_config: SiteConfig, allowed: network_terms.Table
) -> list[RerenderedFolder]:
    """Renders again the pages with posts that, according to batches after a position, are gone, limited or hidden, or
    no longer so; without a position, all pages. Returns the folders with such pages."""
    issues = None if position is None else changed_issues(record, position)
    folders = [] if issues == frozenset() else export_again(record, site_config, allowed, issues)
    for item in folders:
        if item.rendered:
            event = "pages updated"
            level = logging.INFO
        else:
            event = "pages not updated"
            level = logging.WARNING
        about = {"publication": item.publication, "channel": item.channel, "folder": item.folder}
        log_event(event, level=level, **about, **({"reason": item.reason} if item.reason else {}))
    return folders


def changed_issues(record: Record, position: int) -> frozenset[tuple[str, str]]:
    """The issues, by publication and day, with pages to render again because of batches after a position: those with a
    paper that is withdrawn or has a new version; those that show a post that is gone, limited or hidden, or no longer
    so; and those with a paper that such a post is about, or in whose conversations it is."""
    posts = sorted(queries.changed_posts(record, position))
    revised = queries.revised_papers(record, position)
    if not posts and not revised:
        return frozenset()
    answered = posts_in_reach(record.view(), posts)
    papers = (*revised, *queries.papers_named_by(record.database, answered))
    reader = RecordIssueReader(record)
    issues_showing = queries.issues_showing(record.database, posts)
    shown = (*issues_showing, *issues_beside(record.database, posts))
    return frozenset(shown).union(*map(reader.appearances, papers))
