"""Reads the answers to known posts, also those that name no paper: a request for each thread, and few in a day.

An answer that a network no longer shows in its thread loses its words. One that names a paper is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.keys import own_id
from hotpapers.base.model import HOUR, HttpClient, PayloadPage, RawPayload, ThreadPayloads, ThreadSource
from hotpapers.collect.sources.thread_payloads import GAP, gap_payload
from hotpapers.discussion.conversations.queries import bare_answers
from hotpapers.discussion.engagement.queries import is_recorded
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.record import Record

AT_ONCE = 10
"""Most threads that are requested in a round."""
PAUSE = HOUR
"""Microseconds without requests after a failure, if the network does not ask for more."""
Store = Callable[[PayloadPage], object]
"""Stores a page in the record."""


class ThreadReader:
    """Reads the threads of one network. After a failure it waits."""

    def __init__(self, source: ThreadSource, network: str, http: HttpClient) -> None:
        self._source = source
        self._network = network
        self._http = http
        self._paused_until = 0

    def read(self, record: Record, store: Store) -> None:
        """Requests the threads that are due, a few at a time."""
        now = self._http.now()
        due = recount_queries.due_threads(record.database, self._network, now, AT_ONCE)
        for post in due if now >= self._paused_until else ():
            try:
                page = self._source.thread(self._http, post)
            except NetError as problem:
                wait = int(problem.seconds * 1e6) if isinstance(problem, RetryLater) else PAUSE
                self._paused_until = now + max(wait, PAUSE)
                break
            finally:
                recount_queries.note_threads(record.database, [post], now)
            store(PayloadPage(list(self._payloads(record, post, page, now))))

    def _payloads(self, record: Record, post: str, page: ThreadPayloads, at: int) -> Iterator[RawPayload]:
        """A thread without gaps where there are posts that name papers, and with gaps for what is no longer there."""
        for payload in page:
            if payload and (payload.kind != GAP or not is_recorded(record, f"{self._network}:{payload.key}")):
                yield payload
        if None not in page:
            present = {f"{self._network}:{payload.key}" for payload in page if payload and payload.kind != GAP}
            for key, parent in bare_answers(record.view(), post):
                if key not in present:
                    yield gap_payload(own_id(key), own_id(parent), at)
