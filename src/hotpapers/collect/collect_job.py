"""Reading a network: stores a source's pages in the record, each in one batch with its cursor, and writes coverage.

Recounts: reads the counts of known posts again when due, and finds out whether the posts still exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from hotpapers.base.errors import NetError, PartiallyRead, RetryLater, StreamGap
from hotpapers.base.http.redact_errors import for_the_record
from hotpapers.base.model import (
    BEGAN,
    DAY,
    HOUR,
    READ_BACK,
    Coverage,
    CoverageState,
    MeteredSource,
    PayloadPage,
    ReadingBackSource,
    Snapshot,
    Source,
    ThreadSource,
)
from hotpapers.base.networks import Network
from hotpapers.base.text.timestamps import SECOND, is_over
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.pipeline import ReadableEntries, check_likes, ingest_page, parse_page
from hotpapers.collect.thread_reading import ThreadReader
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import MAX_REASON_CHARS
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.isolation import ENDS_A_ROUND, describe_error
from hotpapers.jobs.job_state import COUNTS, JobState
from hotpapers.jobs.loop import JobContext
from hotpapers.record.batches import cursor_of

COVERED_EVERY = 15 * 60 * SECOND
"""Microseconds of uninterrupted reading after which coverage is written."""
KEPT_EVERY = 5 * 60 * SECOND
"""Microseconds between stored cursors while a stream has nothing relevant: a batch for every heartbeat would be a
million a year. After a crash, up to this much is read again."""
LOOK_EVERY = 10 * SECOND
"""Microseconds between checks for additions by others to the record."""
ONE_ROUND = 5 * 60 * SECOND
"""Microseconds of an endless stream that a single round reads, in addition to everything from before it."""


class NetworkJob:
    """The base class of the jobs that read a source."""

    def __init__(self, name: str, source: Source, connection: Connection, terms: Network) -> None:
        self.name = name
        self.source = source
        self.connection = connection
        self.terms = terms
        self._now = connection.http.now
        self._traffic = connection.traffic()

    def close(self) -> None:
        """Closes the connections to the network."""
        self.connection.close()

    def note_traffic(self, context: JobContext) -> None:
        """Adds the traffic since the last call to the job's figures."""
        now = self.connection.traffic()
        status = context.status
        context.note(
            bytes_in=status.bytes_in + now.bytes_in - self._traffic.bytes_in,
            bytes_out=status.bytes_out + now.bytes_out - self._traffic.bytes_out,
            requests=status.requests + now.requests - self._traffic.requests,
            traffic_from=status.traffic_from or self._now(),
        )
        self._traffic = now

    def _write(self, context: JobContext, coverages: Iterable[Coverage], at: int) -> None:
        if rows := list(coverages):
            with context.batch() as batch:
                batch.append(rows, source=self.name, at=at)

    def _finish_reading_back(self, context: JobContext, at: int) -> None:
        """Records that the network's earlier posts, or their counts, are in the record."""
        self._write(context, [read_back_item(self.source.name, at)], at)
        context.note(back_at=at)


def covered_to(status: JobState, default: int) -> int:
    """The moment up to which a job has read, or since which it has tried, or else `default`. µs UTC."""
    moments = (status.covered_to, status.started_at)
    return next((moment for moment in moments if moment is not None), default)


class CollectJob(NetworkJob):
    """The job of one source, whose name its lease and cursor have.

    `names`: the paper names shared by all jobs of the process. `back`: microseconds before the first round to read too,
    if the network remembers them; None writes no markers about this.
    """

    def __init__(
        self,
        source: Source,
        connection: Connection,
        known: TrackedPosts,
        terms: Network,
        *,
        names: SharedPaperIndex,
        back: int | None = None,
    ) -> None:
        super().__init__(source.name, source, connection, terms)
        self.known = known
        self._back = back
        self.names = names
        self._last_look_at = self._now()
        self._last_write_at = 0
        self._last_problem: NetError | None = None
        self._begin_round()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Reads the network's pages to the end; with `once`, reads only a while of an endless stream."""
        started_at = self._now()
        next_at = None
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
                    context.note(success_at=self._now())
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
        self.note_traffic(context)
        return self.source.every if next_at is None else max((next_at - self._now()) / 1e6, 1.0)

    def _pages(self, context: JobContext) -> Iterable[PayloadPage]:
        """The pages of this round; in the very first one, also earlier pages of a source that can read back."""
        cursor = cursor_of(context.record.database, self.name)
        back_to = context.status.back_to if context.status.covered_to is None else None
        if back_to is not None and isinstance(self.source, ReadingBackSource):
            return self.source.pages_since(self.connection.http, cursor, back_to)
        return self.source.pages(self.connection.http, cursor)

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

    def store(self, context: JobContext, page: PayloadPage) -> None:
        """Stores a page and its cursor in one batch. New posts are tracked from then on."""
        context.check_lease()
        at = self._now()
        if is_over(self._last_look_at, LOOK_EVERY, at):
            self._look(context, at)
        if page.leaves is not None:
            self._record_failure(context, page.leaves)
        if page.payloads or page.until is None or is_over(self._last_write_at, KEPT_EVERY, at):
            self._ingest(context, page, at)
        if page.since is not None and context.status.covered_to is None and not self._doubt:
            time_range = TimeRange(self.source.name, self._covered_to(context), at, at)
            self._write(context, first_reading(time_range, page.since), at)
            context.note(covered_to=page.since, back_to=page.since)
        if page.until is not None:
            self.cover(context, page.until)

    def _ingest(self, context: JobContext, page: PayloadPage, at: int) -> None:
        parsed = parse_page(self.source, self.terms, page)
        self._entries.note(parsed)
        # what is paid for is not read again
        moves_on = page.until is not None or isinstance(self.source, MeteredSource)
        if self._entries.is_doubted and page.until is None:
            self._doubt = self._doubt or self._entries.problem
        cursor = None if self._doubt and not moves_on else page.cursor
        believes = moves_on or is_over(context.status.failing_since or at, DAY, at)
        try:
            batch, items, new_items = ingest_page(
                context, self.source.name, parsed, cursor, self.name, at, believes_dates=believes
            )
        except PartiallyRead as problem:
            self._doubt = problem
            return
        self.known.learn(items)  # another process may have stored the same posts meanwhile
        self.names.learn(new_items)
        status = context.status
        has_news = page.payloads or page.until is not None  # a cursor alone is not success
        quarantined = status.quarantined + batch.quarantined
        success_at = at if has_news else status.success_at
        context.note(
            success_at=success_at,
            items=status.items + batch.added,
            quarantined=quarantined,
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

    def _is_first(self, context: JobContext) -> bool:
        """Whether the network has not yet been read completely once, from the site's start or from before it."""
        status = context.status
        return (
            self._back is not None
            and status.back_at is None
            and (status.back_to is not None or status.covered_to is None)
        )

    def _cover_up_to(self, context: JobContext, until: int) -> None:
        at = self._now()
        is_first = self._is_first(context)
        before = self._covered_to(context)
        covered = max(until, before)
        start = min(before, at)
        time_range = TimeRange(self.source.name, start, min(covered, at), at)
        entries = self._entries
        self._entries = ReadableEntries()
        if entries.are_mostly_unreadable or entries.readable:
            self._doubt = entries.problem if entries.are_mostly_unreadable else None
        if self._doubt:
            self._write(context, incomplete_coverage(time_range, self._doubt), at)
            failing_since = context.status.failing_since or at
            context.note(covered_to=covered, failing_since=failing_since, reason=str(self._doubt))
            return
        # written before it is noted: after a failure or a kill in between it is written again, not missing for good
        reach = None if is_first else self.source.reach
        self._write(context, complete_coverage(time_range, reach), at)
        context.note(covered_to=covered)
        if is_first and until >= (context.status.started_at or 0):
            self._finish_reading_back(context, at)
        context.recovered()
        self.note_traffic(context)

    def _record_failure(self, context: JobContext, problem: NetError) -> None:
        if problem is self._last_problem:
            return
        at = self._now()
        self._last_problem = problem
        start = self._covered_to(context)
        failing_since = context.status.failing_since
        time_range = TimeRange(self.source.name, start, at, at)
        self._write(context, incomplete_coverage(time_range, problem, failing_since), at)
        if isinstance(problem, PartiallyRead) and self._is_first(context):  # everything readable is in the record
            self._finish_reading_back(context, at)
        if isinstance(problem, StreamGap) and problem.missing:
            context.note(covered_to=max(problem.missing[1], start))
        # what was lost stays lost: the next successful round must not cover the time before
        if isinstance(problem, PartiallyRead) and problem.lost_until and context.status.covered_to is not None:
            context.note(covered_to=min(max(problem.lost_until, start), at))
        self.note_traffic(context)

    def _covered_to(self, context: JobContext) -> int:
        """The moment up to which this job has read, or else the moment since which it has tried."""
        return covered_to(context.status, self._now())


# ---- recounts -----------------------------------------------------------------------------------------

AT_ONCE = 500
"""Posts requested before their order of priority is computed again."""
PAUSE = 60.0
"""Seconds between checks for due posts."""
LATE = HOUR
"""Microseconds that counts may be late without being reported."""


class RecountJob(NetworkJob):
    """The job that recounts one network's posts. `source.counts` gives a post's current counts, or reports it gone."""

    def __init__(self, source: Source, connection: Connection, terms: Network) -> None:
        super().__init__(source.name + COUNTS, source, connection, terms)
        self._position = self._followed_at = 0
        self._threads: ThreadReader | None = None
        if isinstance(source, ThreadSource) and terms.shown != "link":
            self._threads = ThreadReader(source, source.name, connection.http)

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Requests the counts of due posts, the most valuable first, up to a limit. Returns the seconds until the next
        round."""
        database = context.record.database
        network = self.source.name
        at = self._now()
        position = self._position if at >= self._followed_at else 0  # the clock was ahead: all seemed old
        self._position = recount_queries.follow_new_posts(database, network, position, at)
        self._followed_at = at
        recount_queries.follow_shown_posts(database, network, at)
        posts = recount_queries.due_posts(database, network, at, AT_ONCE)
        while once and len(posts) == AT_ONCE:
            self._recount(context, posts)
            posts = recount_queries.due_posts(database, network, self._now(), AT_ONCE)
        if posts:
            self._recount(context, posts)
        else:
            context.note(success_at=at)
        if len(posts) == AT_ONCE:
            return 1.0
        self._read_threads(context)
        if context.status.back_at is None:
            reader = jobs_queries.load_state(context.record, network)
            if reader.back_at is not None and reader.back_at <= at:  # its earlier posts are among those just counted
                self._finish_reading_back(context, self._now())
        return PAUSE

    def _read_threads(self, context: JobContext) -> None:
        """Reads answers to posts. What fails is left for later: nothing counts by them."""
        if self._threads:
            self._threads.read(context.record, partial(self.store, context))
            self.note_traffic(context)

    def _recount(self, context: JobContext, posts: Sequence[str]) -> None:
        """Requests the counts of posts, and records which got no answer."""
        database = context.record.database
        snapshots = list[Snapshot]()
        try:
            http = self.connection.http
            pages = (
                self.source.counts_from(http, posts, cursor_of(database, self.name))
                if isinstance(self.source, MeteredSource)
                else self.source.counts(http, posts)
            )
            for page in pages:
                snapshots += self.store(context, page)
            check_likes(snapshots)
        except PartiallyRead as problem:  # otherwise a server that is gone for good would keep its posts due forever
            unanswered = [post for post in posts if post not in problem.unasked]
            recount_queries.note_unanswered(database, unanswered, self._now())
            raise
        except NetError as problem:
            self._record_failure(context, problem)
            raise
        except BaseException as problem:  # whatever the cause, the answers are lost
            self.connection.forget()
            if not isinstance(problem, ENDS_A_ROUND):
                with suppress(Exception):  # posts that trigger a defect must not keep the others from being counted
                    recount_queries.note_unanswered(database, posts, self._now())
                    self._record_failure(context, NetError(describe_error(problem)))
            raise
        finally:
            self.note_traffic(context)
        recount_queries.note_unanswered(database, posts, self._now())

    def _record_failure(self, context: JobContext, problem: NetError) -> None:
        """Writes partial coverage while counts are failing; otherwise missing counts would look like no reactions. The
        period stays partial even afterwards, as counts due then were not read on time."""
        at = self._now()
        since = context.status.failing_since
        if since is not None and at - since > LATE:
            reason = f"counts: {problem}"
            self._write(context, [TimeRange(self.source.name, since, at, at).read("partial", reason)], at)

    def store(self, context: JobContext, page: PayloadPage) -> list[Snapshot]:
        """Stores a page in one batch, and records its posts as answered, but not those whose answers lack counts.
        Returns the counts."""
        context.check_lease()
        at = self._now()
        network = self.source.name
        parsed = parse_page(self.source, self.terms, page)
        batch, items, _ = ingest_page(context, network, parsed, page.cursor, self.name, at)
        snapshots = [item for item in items if isinstance(item, Snapshot)]
        unanswered = {snapshot.post for snapshot in snapshots if snapshot.likes is None}
        keys = [f"{network}:{payload.key}" for payload in page.payloads]
        posts = [key for key in keys if key not in unanswered]
        recount_queries.note_answered(context.record.database, posts, at)
        context.note(success_at=at, items=context.status.items + batch.added)
        return snapshots


# ---- coverage items ------------------------------------------------------------------------------------

SHORT = HOUR
"""Microseconds without a reading that leave no gap if the network asked us to wait: we just read it a little later."""


class TimeRange(NamedTuple):
    """A period for which we report how a network was read, and when we report it (`at`). µs UTC."""

    network: str
    start: int
    until: int
    at: int

    def read(self, state: CoverageState, reason: str = "") -> Coverage:
        """The coverage item for this period."""
        return Coverage(
            network=self.network,
            from_at=self.start,
            until_at=self.until,
            state=state,
            reason=for_the_record(reason)[:MAX_REASON_CHARS],
            observed_at=self.at,
        )


def complete_coverage(time_range: TimeRange, reach: int | None) -> Iterator[Coverage]:
    """Coverage after a successful reading: everything was read except what the network had already dropped.

    `reach`: how many microseconds back the network remembers; None for no limit.
    """
    reachable_from = (
        time_range.start if reach is None else min(max(time_range.start, time_range.at - reach), time_range.until)
    )
    if reachable_from > time_range.start:
        reason = "what was said while nothing was read is no longer to be had"
        yield time_range._replace(until=reachable_from).read("partial", reason)
    if reachable_from < time_range.until:
        yield time_range._replace(start=reachable_from).read("complete")


def began_item(network: str, at: int) -> Coverage:
    """Coverage that marks the moment from which a network is read."""
    return TimeRange(network, at, at, at).read("complete", BEGAN)


def read_back_item(network: str, at: int) -> Coverage:
    """Coverage that marks that a network's earlier posts are in the record. It starts 1 µs after `at`, so that its key
    differs from `began_item`'s even if no time has passed."""
    return TimeRange(network, at + 1, at + 1, at).read("complete", READ_BACK)


def first_reading(time_range: TimeRange, since: int) -> Iterator[Coverage]:
    """Coverage after the first reading, which got everything from `since` on. If the period starts earlier, the part
    before `since` is missing."""
    if since > time_range.start:
        reason = "what was said before it could be read is no longer to be had"
        yield time_range._replace(until=since).read("partial", reason)


def incomplete_coverage(
    time_range: TimeRange, problem: NetError, failing_since: int | None = None
) -> Iterator[Coverage]:
    """Coverage after a reading that ended in a problem. `failing_since`: when the first failure in a row happened; None
    if this is the first.

    A short wait reports nothing, since the next reading makes up for it; several in a row that add up to a long one do.
    """
    if isinstance(problem, StreamGap) and problem.missing:
        start, until = problem.missing
        if start < until:
            yield time_range._replace(start=start, until=until).read("partial", str(problem))
        return
    waited = time_range.at - (failing_since or time_range.at)
    is_short_wait = isinstance(problem, RetryLater) and waited + problem.seconds * SECOND <= SHORT
    if time_range.start < time_range.until and not is_short_wait:
        yield time_range.read("partial" if isinstance(problem, PartiallyRead | StreamGap) else "refused", str(problem))
