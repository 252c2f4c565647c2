"""Re-observation: the counts of known posts read again when they are due, and whether the posts are still there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from hotpapers.engagement import queries as engagement_queries
from hotpapers.errors import NetError, PartiallyRead
from hotpapers.http.redact_errors import hosts_alone
from hotpapers.ingest.collect_job import Connection, note_traffic
from hotpapers.ingest.pipeline import ingest
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import TimeRange, read_back
from hotpapers.jobs.isolation import ENDS_A_ROUND, describe_error
from hotpapers.jobs.job_state import COUNTS
from hotpapers.jobs.loop import JobContext
from hotpapers.model import HOUR, PayloadPage, Source
from hotpapers.model.ports import MeteredSource
from hotpapers.store.batches import cursor_of
from hotpapers.terms import NetworkTerms

AT_ONCE = 500
"""Posts that are asked for before it is looked again which are worth most."""
PAUSE = 60.0
"""Seconds until it is looked again whether any are due."""
LATE = HOUR
"""Microseconds by which counts may be late without a word."""


class RecountJob:
    """The job of reading one network's counts again. `source.counts` says what a post has now, or that it is gone."""

    def __init__(self, source: Source, line: Connection, terms: NetworkTerms) -> None:
        self.name = source.name + COUNTS
        self.source, self.line, self.terms = source, line, terms
        self._traffic = line.traffic()
        self._learned = self._learned_at = 0

    def close(self) -> None:
        self.line.close()

    def run_once(self, work: JobContext, *, once: bool) -> float:
        """Asks for what is due, those worth most first, so many at once; seconds until it is looked again."""
        database, network, at = work.record.database, self.source.name, self.line.http.now()
        self._learned, self._learned_at = engagement_queries.follow_new_posts(database, network, self._learned, at), at
        engagement_queries.follow_shown_posts(database, network, at)
        posts = engagement_queries.due_posts(database, network, at, AT_ONCE)
        while once and len(posts) == AT_ONCE:
            self._ask(work, posts)
            posts = engagement_queries.due_posts(database, network, self.line.http.now(), AT_ONCE)
        if posts:
            self._ask(work, posts)
        else:
            work.note(success_at=at)
        if len(posts) == AT_ONCE:
            return 1.0
        self._note_back(work)
        return PAUSE

    def _note_back(self, work: JobContext) -> None:
        """When all was counted that was said before the network was first read: it is written down, once."""
        if work.status.back_at is not None:
            return
        at, readers = self.line.http.now(), job_state.readers(jobs_queries.all_states(work.record), self.source.name)
        if readers and all(reader.back_at is not None and reader.back_at <= self._learned_at for reader in readers):
            work.record.append([read_back(self.source.name, at)], source=self.name, at=at, precondition=work.confirm)
            work.note(back_at=at)

    def _ask(self, work: JobContext, posts: Sequence[str]) -> None:
        """Asks for the counts of posts, and keeps for which nobody answered."""
        database = work.record.database
        try:
            for page in self._pages(work, posts):
                self.store(work, page)
        except PartiallyRead:  # a server that is gone for ever must not keep its posts due for ever
            engagement_queries.note_unanswered(database, posts, self.line.http.now())
            raise
        except NetError as problem:
            self._not_counted(work, problem)
            raise
        except BaseException as problem:  # what was answered was lost, whatever it was
            self.line.forget()
            if not isinstance(problem, ENDS_A_ROUND):
                with suppress(Exception):  # nor may posts at which we stumble keep all others from being counted
                    engagement_queries.note_unanswered(database, posts, self.line.http.now())
                    self._not_counted(work, NetError(describe_error(problem)))
            raise
        finally:
            self._traffic = note_traffic(work, self.line, self._traffic)
        engagement_queries.note_unanswered(database, posts, self.line.http.now())

    def _not_counted(self, work: JobContext, problem: NetError) -> None:
        """The network is read in part while its counts are not: else what nobody could ask for would look like nothing.
        It stays so for the time that they were missing: what was due then was not read when it was due."""
        at = self.line.http.now()
        since = work.status.failing_since
        if since is not None and at - since > LATE:
            reason = f"counts: {hosts_alone(str(problem))}"
            missed = TimeRange(self.source.name, since, at, at).read("partial", reason)
            work.record.append([missed], source=self.name, at=at, precondition=work.confirm)

    def _pages(self, work: JobContext, posts: Sequence[str]) -> Iterator[PayloadPage]:
        if isinstance(self.source, MeteredSource):
            return self.source.counts_from(self.line.http, posts, cursor_of(work.record.database, self.name))
        return self.source.counts(self.line.http, posts)

    def store(self, work: JobContext, page: PayloadPage) -> None:
        """What came, in one batch; each post that it speaks of has been asked for now."""
        work.check_lease()
        at, network = self.line.http.now(), self.source.name
        batch, _ = ingest(work, self.source, self.terms, page, self.name, at)
        answered = [f"{network}:{payload.key}" for payload in page.payloads]
        engagement_queries.note_answered(work.record.database, answered, at)
        work.note(success_at=at, items=work.status.items + batch.added)
