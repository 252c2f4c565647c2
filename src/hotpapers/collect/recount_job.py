"""Recounts: reads the counts of known posts again when due, and finds out whether the posts still exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.http.redact_errors import hosts_alone
from hotpapers.base.model import HOUR, PayloadPage, Snapshot, Source
from hotpapers.base.model.ports import MeteredSource
from hotpapers.base.terms import NetworkTerms
from hotpapers.collect.collect_job import Connection, note_traffic
from hotpapers.collect.coverage_items import TimeRange, read_back_item
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.collect.jobs.isolation import ENDS_A_ROUND, describe_error
from hotpapers.collect.jobs.job_state import COUNTS
from hotpapers.collect.jobs.loop import JobContext
from hotpapers.collect.page_checks import check_likes
from hotpapers.collect.pipeline import ingest, parse_page
from hotpapers.issues.engagement import queries as engagement_queries
from hotpapers.record.batches import cursor_of

AT_ONCE = 500
"""Posts requested before their order of priority is computed again."""
PAUSE = 60.0
"""Seconds between checks for due posts."""
LATE = HOUR
"""Microseconds that counts may be late without being reported."""


class RecountJob:
    """The job that recounts one network's posts. `source.counts` gives a post's current counts, or reports it gone."""

    def __init__(self, source: Source, connection: Connection, terms: NetworkTerms) -> None:
        self.name = source.name + COUNTS
        self.source, self.connection, self.terms = source, connection, terms
        self._traffic = connection.traffic()
        self._position = self._position_at = 0

    def close(self) -> None:
        self.connection.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Requests the counts of due posts, the most valuable first, up to a limit. Returns the seconds until the next
        round."""
        database, network, at = context.record.database, self.source.name, self.connection.http.now()
        self._position = engagement_queries.follow_new_posts(database, network, self._position, at)
        self._position_at = at
        engagement_queries.follow_shown_posts(database, network, at)
        posts = engagement_queries.due_posts(database, network, at, AT_ONCE)
        while once and len(posts) == AT_ONCE:
            self._recount(context, posts)
            posts = engagement_queries.due_posts(database, network, self.connection.http.now(), AT_ONCE)
        if posts:
            self._recount(context, posts)
        else:
            context.note(success_at=at)
        if len(posts) == AT_ONCE:
            return 1.0
        self._finish_reading_back(context)
        return PAUSE

    def _finish_reading_back(self, context: JobContext) -> None:
        """Records, once, that everything from before the network was first read has been counted."""
        if context.status.back_at is not None:
            return
        at = self.connection.http.now()
        reader = jobs_queries.load_state(context.record, self.source.name)
        if reader.back_at is not None and reader.back_at <= self._position_at:
            with context.batch() as batch:
                batch.append([read_back_item(self.source.name, at)], source=self.name, at=at)
            context.note(back_at=at)

    def _recount(self, context: JobContext, posts: Sequence[str]) -> None:
        """Requests the counts of posts, and records which got no answer."""
        database, snapshots = context.record.database, list[Snapshot]()
        try:
            for page in self._pages(context, posts):
                snapshots += self.store(context, page)
            check_likes(snapshots)
        except PartiallyRead as problem:  # otherwise a server that is gone for good would keep its posts due forever
            unanswered = [post for post in posts if post not in problem.unasked]
            engagement_queries.note_unanswered(database, unanswered, self.connection.http.now())
            raise
        except NetError as problem:
            self._record_failure(context, problem)
            raise
        except BaseException as problem:  # whatever the cause, the answers are lost
            self.connection.forget()
            if not isinstance(problem, ENDS_A_ROUND):
                with suppress(Exception):  # posts that trigger a defect must not keep the others from being counted
                    engagement_queries.note_unanswered(database, posts, self.connection.http.now())
                    self._record_failure(context, NetError(describe_error(problem)))
            raise
        finally:
            self._traffic = note_traffic(context, self.connection, self._traffic)
        engagement_queries.note_unanswered(database, posts, self.connection.http.now())

    def _record_failure(self, context: JobContext, problem: NetError) -> None:
        """Writes partial coverage while counts are failing; otherwise missing counts would look like no reactions. The
        period stays partial even afterwards, as counts due then were not read on time."""
        at = self.connection.http.now()
        since = context.status.failing_since
        if since is not None and at - since > LATE:
            reason = f"counts: {hosts_alone(str(problem))}"
            missed = TimeRange(self.source.name, since, at, at).read("partial", reason)
            with context.batch() as batch:
                batch.append([missed], source=self.name, at=at)

    def _pages(self, context: JobContext, posts: Sequence[str]) -> Iterator[PayloadPage]:
        if isinstance(self.source, MeteredSource):
            return self.source.counts_from(self.connection.http, posts, cursor_of(context.record.database, self.name))
        return self.source.counts(self.connection.http, posts)

    def store(self, context: JobContext, page: PayloadPage) -> list[Snapshot]:
        """Stores a page in one batch, and records its posts as answered, but not those whose answers lack counts.
        Returns the counts."""
        context.check_lease()
        at, network = self.connection.http.now(), self.source.name
        parsed = parse_page(self.source, self.terms, page)
        batch, items, _ = ingest(context, network, parsed, page.cursor, self.name, at)
        snapshots = [item for item in items if isinstance(item, Snapshot)]
        unanswered = {snapshot.post for snapshot in snapshots if snapshot.likes is None}
        keys = [f"{network}:{payload.key}" for payload in page.payloads]
        engagement_queries.note_answered(context.record.database, [key for key in keys if key not in unanswered], at)
        context.note(success_at=at, items=context.status.items + batch.added)
        return snapshots
