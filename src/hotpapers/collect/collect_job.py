"""Reading a network: stores a source's pages in the record, each in one batch with its cursor, and writes coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from hotpapers.base.errors import NetError, PartiallyRead, StreamGap
from hotpapers.base.ids.timestamps import SECOND, is_over
from hotpapers.base.model import (
    DAY,
    Coverage,
    HttpClient,
    MeteredSource,
    PayloadPage,
    ReadingBackSource,
    Source,
)
from hotpapers.base.terms import NetworkTerms
from hotpapers.collect.change_filter import TrackedPosts
from hotpapers.collect.coverage_items import (
    TimeRange,
    began_item,
    complete_coverage,
    first_reading,
    incomplete_coverage,
    read_back_item,
)
from hotpapers.collect.jobs.isolation import ENDS_A_ROUND, describe_error
from hotpapers.collect.jobs.job_state import JobState
from hotpapers.collect.jobs.loop import JobContext
from hotpapers.collect.page_checks import ReadableEntries
from hotpapers.collect.pipeline import ingest, parse_page
from hotpapers.collect.shared_index import SharedPaperIndex
from hotpapers.record.batches import cursor_of

COVERED_EVERY = 15 * 60 * SECOND
"""Microseconds of uninterrupted reading after which coverage is written."""
KEPT_EVERY = 5 * 60 * SECOND
"""Microseconds between stored cursors while a stream has nothing relevant: a batch for every heartbeat would be a
million a year. After a crash, up to this much is read again."""
LOOK_EVERY = 10 * SECOND
"""Microseconds between checks for what others added to the record."""
ONE_ROUND = 5 * 60 * SECOND
"""Microseconds of an endless stream that a single round reads, in addition to everything from before it."""


class Connection(NamedTuple):
    """A source's connection to the network. `traffic`: bytes in, bytes out and requests so far. `forget`: drops ETags
    and dates, so that lost answers are sent again. `close`: closes the connections."""

    http: HttpClient
    traffic: Callable[[], tuple[int, int, int]] = lambda: (0, 0, 0)
    forget: Callable[[], object] = lambda: None
    close: Callable[[], object] = lambda: None


def note_traffic(context: JobContext, connection: Connection, before: tuple[int, int, int]) -> tuple[int, int, int]:
    """Adds the traffic since `before` to the job's figures. Returns the connection's figures now."""
    now = connection.traffic()
    received, sent_bytes, requests = (new - old for new, old in zip(now, before, strict=True))
    status = context.status
    context.note(
        bytes_in=status.bytes_in + received,
        bytes_out=status.bytes_out + sent_bytes,
        requests=status.requests + requests,
        traffic_from=status.traffic_from or connection.http.now(),
    )
    return now


def covered_to(status: JobState, default: int) -> int:
    """The moment up to which a job has read, or since which it has tried, or else `default`. µs UTC."""
    return next((moment for moment in (status.covered_to, status.started_at) if moment is not None), default)


class CollectJob:
    """The job of one source, whose name its lease and cursor have.

    `names`: the paper names shared by all jobs of the process. `back`: microseconds before the first round to read too,
    if the network remembers them; None writes no markers about this.
    """

    def __init__(
        self,
        source: Source,
        connection: Connection,
        known: TrackedPosts,
        terms: NetworkTerms,
        *,
        names: SharedPaperIndex | None = None,
        back: int | None = None,
    ) -> None:
        self.names = names or SharedPaperIndex()
        self.name = source.name
        self.source, self.connection, self.known, self.terms, self._back = source, connection, known, terms, back
        self._traffic = connection.traffic()
        self._last_look_at = connection.http.now()
        self._last_write_at = 0
        self._last_problem: NetError | None = None
        self._begin_round()

    def close(self) -> None:
        """Closes the connections to the network."""
        self.connection.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Reads the network's pages to the end; with `once`, reads only a while of an endless stream."""
        started_at, next_at = self.connection.http.now(), None
        if covered_to(context.status, started_at) > started_at:
            context.note(covered_to=started_at)  # the clock had been ahead
        self._begin_round()
        self._look(context, started_at)
        self._start_reading_back(context, started_at)
        try:
            for page in self._pages(context):
                self.store(context, page)
                next_at = page.next_at
                if once and page.until is not None and page.until >= started_at + ONE_ROUND:
                    self._cover_up_to(context, page.until)
                    break
            else:
                if not self._doubt:
                    context.note(success_at=self.connection.http.now())
                    self.cover(context, started_at)
            if self._doubt:
                self.connection.forget()
                raise self._doubt
        except NetError as problem:
            if isinstance(problem, PartiallyRead) and problem.lost_until is None:
                problem = self._doubt or problem  # a changed format explains what was not there
            self._record_failure(context, problem)
            raise problem from None
        except BaseException as problem:  # whatever the cause, the answers are lost
            self.connection.forget()
            if not isinstance(problem, ENDS_A_ROUND):
                with suppress(Exception):
                    self._record_failure(context, NetError(describe_error(problem)))
            raise
        self._traffic = note_traffic(context, self.connection, self._traffic)
        return self.source.every if next_at is None else max((next_at - self.connection.http.now()) / 1e6, 1.0)

    def _begin_round(self) -> None:
        self._entries = ReadableEntries()
        self._doubt: PartiallyRead | None = None

    def _start_reading_back(self, context: JobContext, at: int) -> None:
        """Before the very first round: records how far back it goes, and from when on the network is read."""
        if self._back is None or context.status.covered_to is not None or context.status.back_to is not None:
            return
        can_read_back = isinstance(self.source, ReadingBackSource) and self._back > 0
        self._write(context, [began_item(self.source.name, at)], at)
        context.note(back_to=at - self._back if can_read_back else None)

    def _pages(self, context: JobContext) -> Iterator[PayloadPage]:
        cursor = cursor_of(context.record.database, self.name)
        if (
            isinstance(self.source, ReadingBackSource)
            and context.status.back_to is not None
            and context.status.covered_to is None
        ):
            return self.source.pages_since(self.connection.http, cursor, context.status.back_to)
        return self.source.pages(self.connection.http, cursor)

    def store(self, context: JobContext, page: PayloadPage) -> None:
        """Stores a page and its cursor in one batch. New posts are tracked from then on."""
        context.check_lease()
        at = self.connection.http.now()
        if is_over(self._last_look_at, LOOK_EVERY, at):
            self._look(context, at)
        if page.leaves is not None:
            self._record_failure(context, page.leaves)
        if page.payloads or page.until is None or is_over(self._last_write_at, KEPT_EVERY, at):
            self._ingest(context, page, at)
        if page.since is not None and context.status.covered_to is None and not self._doubt:
            self._write(
                context, first_reading(TimeRange(self.source.name, self._covered_to(context), at, at), page.since), at
            )
            context.note(covered_to=page.since, back_to=page.since)
        if page.until is not None:
            self.cover(context, page.until)

    def _ingest(self, context: JobContext, page: PayloadPage, at: int) -> None:
        parsed = parse_page(self.source, self.terms, page)
        self._entries.note(parsed)
        is_paid_for = isinstance(self.source, MeteredSource)  # and not read again
        moves_on = page.until is not None or is_paid_for
        if self._entries.is_doubted and page.until is None:
            self._doubt = self._doubt or self._entries.problem
        cursor = None if self._doubt and not moves_on else page.cursor
        believes = moves_on or is_over(context.status.failing_since or at, DAY, at)
        try:
            ingested = ingest(context, self.source.name, parsed, cursor, self.name, at, believes_dates=believes)
        except PartiallyRead as problem:
            self._doubt = problem
            return
        batch, items, new_items = ingested
        self.known.learn(items)  # another process may have stored the same posts meanwhile
        self.names.learn(new_items)
        status = context.status
        has_news = page.payloads or page.until is not None  # a cursor alone is not success
        success_at = at if has_news else status.success_at
        context.note(
            success_at=success_at,
            items=status.items + batch.added,
            quarantined=status.quarantined + batch.quarantined,
        )
        self._last_write_at = at

    def _look(self, context: JobContext, at: int) -> None:
        self.known.look(context.record, at)
        self.names.look(context.record, at)
        self._last_look_at = at

    # ---- coverage ----------------------------------------------------------------------------------

    def cover(self, context: JobContext, until: int) -> None:
        """Records that everything up to a moment was read, at most every quarter of an hour while nothing else
        happens."""
        if self._entries.are_too_few:
            return
        recovers = context.status.failing_since is not None and not self._doubt
        is_due = recovers or until - self._covered_to(context) > COVERED_EVERY
        if is_due or (self._is_first(context) and until >= (context.status.started_at or 0)):
            self._cover_up_to(context, until)

    def _finish_reading_back(self, context: JobContext, at: int) -> None:
        """Records that the network's earlier posts are in the record."""
        self._write(context, [read_back_item(self.source.name, at)], at)
        context.note(back_at=at)

    def _is_first(self, context: JobContext) -> bool:
        """Whether the network has not yet been read completely once, from the site's start or from before it."""
        status = context.status
        return (
            self._back is not None
            and status.back_at is None
            and (status.back_to is not None or status.covered_to is None)
        )

    def _cover_up_to(self, context: JobContext, until: int) -> None:
        at, is_first = self.connection.http.now(), self._is_first(context)
        before = self._covered_to(context)
        covered = max(until, before)
        time_range = TimeRange(self.source.name, min(before, at), min(covered, at), at)
        entries, self._entries = self._entries, ReadableEntries()
        if entries.are_mostly_unreadable or entries.readable:
            self._doubt = entries.problem if entries.are_mostly_unreadable else None
        if self._doubt:
            self._write(context, incomplete_coverage(time_range, self._doubt), at)
            since = context.status.failing_since or at
            context.note(covered_to=covered, failing_since=since, reason=str(self._doubt))
            return
        # written before it is noted: after a failure or a kill in between it is written again, not missing for good
        self._write(context, complete_coverage(time_range, None if is_first else self.source.reach), at)
        context.note(covered_to=covered)
        if is_first and until >= (context.status.started_at or 0):
            self._finish_reading_back(context, at)
        context.recovered()
        self._traffic = note_traffic(context, self.connection, self._traffic)

    def _record_failure(self, context: JobContext, problem: NetError) -> None:
        if problem is self._last_problem:
            return
        at, self._last_problem = self.connection.http.now(), problem
        start = self._covered_to(context)
        self._write(
            context,
            incomplete_coverage(TimeRange(self.source.name, start, at, at), problem, context.status.failing_since),
            at,
        )
        if isinstance(problem, PartiallyRead) and self._is_first(context):  # everything readable is in the record
            self._finish_reading_back(context, at)
        if isinstance(problem, StreamGap) and problem.missing:
            context.note(covered_to=max(problem.missing[1], start))
        # what was lost stays lost: the next successful round must not cover the time before
        if isinstance(problem, PartiallyRead) and problem.lost_until and context.status.covered_to is not None:
            context.note(covered_to=min(max(problem.lost_until, start), at))
        self._traffic = note_traffic(context, self.connection, self._traffic)

    def _covered_to(self, context: JobContext) -> int:
        """The moment up to which this job has read, or else the moment since which it has tried."""
        return covered_to(context.status, self.connection.http.now())

    def _write(self, context: JobContext, rows: Iterable[Coverage], at: int) -> None:
        coverages = list(rows)
        if coverages:
            with context.batch() as batch:
                batch.append(coverages, source=self.name, at=at)
