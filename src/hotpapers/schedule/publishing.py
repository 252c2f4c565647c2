"""The job of freezing issues when their day is closed, publishing them, and keeping what is published true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpapers import terms
from hotpapers.deliver.export_site import export_again, export_site, unsent
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
from hotpapers.jobs.loop import JobContext
from hotpapers.jobs.part_retries import PartRetries
from hotpapers.logs import log_event
from hotpapers.model import DAY, HOUR, Publication
from hotpapers.schedule import due, queries
from hotpapers.schedule.first_issue import read_back_of
from hotpapers.schedule.freezing import freeze_judged
from hotpapers.schedule.health import began
from hotpapers.schedule.log_keeping import LogKeeping
from hotpapers.settings import BotSettings
from hotpapers.store import Record, batches
from hotpapers.store.statistics import written_between
from hotpapers.summaries.generate import Summarize
from hotpapers.view.site_config import NOBODY, SiteConfig

FAR_AHEAD = HOUR // 2
"""By how much the clock may be ahead of others' before nothing is frozen."""
LOOK = 20.0
"""Seconds between two looks at the clock."""


class IssueDestination(NamedTuple):
    """Where a publication's issues go: a channel and its folder."""

    publication: str
    channel: str
    folder: Path


class PublishJob:
    """The job. `places`: where issues go. `bots`: by what it is judged who is one, before an issue is frozen.
    `summarize`: what writes a model's sentences before. `reading`: the jobs that read networks, for whose first round
    the first issue waits. `witnesses`: what these hear of the time. `line`: the way to
    those who cosign the logs."""

    name = "issues"

    def __init__(
        self, publications: Sequence[str], places: Sequence[IssueDestination], bots: BotSettings | None = None,
        site_config: SiteConfig = NOBODY, allowed: terms.Table = terms.TERMS, summarize: Summarize | None = None,
        reading: Sequence[str] = (), witnesses: ServerClocks | None = None, line: Connection | None = None,
    ) -> None:  # fmt: skip
        self._publications, self._places, self._bots = publications, places, bots or BotSettings()
        self._imprint, self._allowed, self._summarize = site_config, allowed, summarize
        self._reading, self._witnesses = reading, witnesses
        self._logs, self._line = LogKeeping(site_config, allowed, line.http if line else None), line
        self._retries = PartRetries(self.name)
        self._asked: set[tuple[str, str]] = set()
        self._painted = 0

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    def run_once(self, work: JobContext, *, once: bool) -> float:
        """Freezes what is due, logs and publishes it, takes off the pages what is gone."""
        work.check_lease()
        at = work.clock.now()
        problems = [problem for part, do in self._parts(work, once) for problem in self._retries.attempt(part, at, do)]
        if problems:
            raise PartiallyRead("; ".join(problems), again=LOOK)
        work.note(success_at=work.clock.now())
        return LOOK

    def _parts(self, work: JobContext, once: bool) -> Iterator[tuple[str, Callable[[], None]]]:
        """The parts of a round, in their order. What fails of them is tried again later: no issue waits for it."""
        for name in self._publications:
            yield name, partial(self._freeze, work, name, once=once)
        yield "pages", partial(self._repaint, work)
        for name in self._publications:
            yield f"log of {name}", partial(self._logs.keep, work, name)
        for place in self._places:
            yield f"{place.publication}, {place.channel}", partial(self._publish, work, place)
        for name in self._publications:
            yield f"witnesses of {name}", partial(self._logs.ask, work, name)

    # ---- freezing ----------------------------------------------------------------------------------

    def _freeze(self, work: JobContext, name: str, *, once: bool) -> None:
        publication = publication_of(work.record, name)
        self._freeze_due(work, publication, once=once)
        self._ask_ahead(work, publication)

    def _freeze_due(self, work: JobContext, publication: Publication, *, once: bool) -> None:
        at = work.clock.now()
        frozen_before = frozen_days(work.record, publication.publication)
        days = due.due(publication, frozen_before, began(work.record, publication.publication), at)
        if days and (self._waits_for_time(work, at) or (not (once or frozen_before) and self._waits(work, at))):
            return
        for day in days:
            try:
                frozen = freeze_judged(
                    work.record, publication, day, self._bots, at=work.clock.now(), summarize=self._summarize
                )
            except IssueError as problem:  # its announcement may still come; later days wait for it
                work.note(reason=str(problem))
                return
            entries = len(frozen.content.entries)
            work.note(items=work.status.items + 1, reason="")
            log_event(
                "issue frozen", publication=publication.publication, day=day, entries=entries, digest=frozen.digest
            )

    def _waits_for_time(self, work: JobContext, at: int) -> bool:
        """Whether nobody has told the time yet, after days without a batch. Raises WrongClock where others tell another
        time: what is frozen too early is so for good."""
        if self._witnesses is None:
            return False
        check_clock(at, self._witnesses.ahead(at), shared_clock(work.record))
        waits = self._witnesses.ahead(at) is None and at - (written_between(work.record.database)[1] or at) > DAY
        if waits:
            work.note(reason="waits for a network that tells the time: the last batch is more than a day old")
        return waits

    def _waits(self, work: JobContext, at: int) -> bool:
        """Whether a site's first issue waits for what is still read of the time before the site began."""
        left = read_back_of(work.record, self._reading, at)
        if left:
            work.note(reason=f"the first issue waits for what was said before: {', '.join(left)}")
        return bool(left)

    def _ask_ahead(self, work: JobContext, publication: Publication) -> None:
        """Half an hour before an issue closes: whether the posts that it would show are still there."""
        at = work.clock.now()
        day = due.coming(publication, at)
        name = publication.publication
        if (name, day) in self._asked or not due.is_near(publication, day, at):
            return
        moments = (window_start(publication, day), at)
        built = build(work.record, IssueRecipe(publication, day, 1, work.record.head.position, moments=moments))
        engagement_queries.ask_again_at_once(work.record.database, [showing.post for showing in built.shown], at)
        self._asked.add((name, day))

    # ---- publishing --------------------------------------------------------------------------------

    def _publish(self, work: JobContext, place: IssueDestination) -> None:
        """Publishes to one place what was not. Raises PartiallyRead where that failed."""
        days = unsent(work.record, place.publication, place.channel, place.folder)
        if not days:
            return
        try:
            make_published_folders(place.folder.parent)
            wrote = export_site(
                work.record, place.publication, days, place.channel, place.folder, self._imprint, self._allowed
            )  # fmt: skip
        except StoreError:
            raise
        except (HotPapersError, OSError) as problem:
            log_event("not published", publication=place.publication, channel=place.channel, reason=problem)
            raise PartiallyRead(str(problem)) from problem
        log_event(
            "published", publication=place.publication, channel=place.channel, days=len(days), changed=wrote.changed
        )
        if wrote.filling and wrote.warning:
            full = wrote.filling
            log_event("site nearly full", folder=full.folder, size=full.size, budget=full.budget)

    def _repaint(self, work: JobContext) -> None:
        """Renders pages anew on which a post stands that is gone, hidden, or may be shown again. At first also what a
        program that ended may not have come to."""
        head = work.record.head.position
        since = self._painted or batches.position_at(work.record.database, work.clock.now() - DAY)
        if head > since:
            render_changed(work.record, since, self._imprint, self._allowed)
        self._painted = head


def shared_clock(record: Record) -> int | None:
    """The moment by a database server's clock, which may be another machine's."""
    return record.database.clock() if record.database.name == "postgres" else None


def check_clock(at: int, ahead: int | None, shared: int | None) -> None:
    """Raises WrongClock where this machine's clock is far ahead of the networks' (by `ahead`) or of the database's."""
    for who, by in (("the networks'", ahead), ("the database's", None if shared is None else at - shared)):
        if by is not None and by > FAR_AHEAD:
            long = f"{by / DAY:.1f} days" if by > DAY else f"{by // 60_000_000} minutes"
            raise WrongClock(f"this machine's clock is {long} ahead of {who}; nothing is frozen until it is set right")


def render_changed(record: Record, position: int, site_config: SiteConfig, allowed: terms.Table) -> None:
    """Renders anew the pages with posts of which batches after a position say that they are gone, limited or hidden, or
    no longer so."""
    changed = changed_issues(record, position)
    for folder in export_again(record, site_config, allowed, changed) if changed else ():
        log_event(
            "rendered anew", folder=folder.folder, channel=folder.channel, rendered=folder.rendered,
            reason=folder.reason,
        )  # fmt: skip


def changed_issues(record: Record, position: int) -> frozenset[tuple[str, str]]:
    """The issues, by publication and day, that have pages with a post of which batches after a position say that it is
    gone, limited or hidden, or no longer so: those that show it, and the latest of each publication with a paper whose
    own page links to it."""
    posts = sorted(queries.changed_posts(record, position))
    if not posts:
        return frozenset()
    result = set(queries.issues_showing(record.database, posts))
    issue_reader = RecordIssueReader(record)
    for paper in queries.papers_named_by(record.database, posts):
        result |= dict(issue_reader.appearances(paper)).items()  # ascending: the last of each publication stays
    return frozenset(result)
