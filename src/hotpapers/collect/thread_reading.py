"""Reads the answers to known posts, also those that name no paper: a request for each thread, and few in a day.

An answer that a network no longer shows in its thread loses its words, and so does one of which no thread has told for
two months; they come back when it is seen again. One that names a paper is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.keys import own_id
from hotpapers.base.model import HOUR, HttpClient, PayloadPage, RawPayload, ThreadPayloads, ThreadSource
from hotpapers.base.text.timestamps import is_over
from hotpapers.collect.sources.thread_payloads import GAP, gap_payload
from hotpapers.discussion.conversations.queries import bare_answers
from hotpapers.discussion.engagement.measurement import THREADS_AGAIN, UNREAD_FOR
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
        self._paused_at = self._pause = 0

    def read(self, record: Record, store: Store) -> None:
        """Requests the threads that are due, a few at a time."""
        now = self._http.now()
        database = record.database
        due = recount_queries.due_threads(database, self._network, now, AT_ONCE)
        doubtful = recount_queries.unread_threads(database, self._network, now - THREADS_AGAIN)
        for post in due if is_over(self._paused_at, self._pause, now) else ():
            try:
                page = self._source.thread(self._http, post)
            except NetError as problem:
                wait = int(problem.seconds * 1e6) if isinstance(problem, RetryLater) else PAUSE
                self._paused_at = now
                self._pause = max(wait, PAUSE)
                break
            finally:
                recount_queries.note_threads(database, [post], now)
            if self._store(record, store, post, page, is_whole=post in doubtful):
                recount_queries.note_checked(database, post, now)
        unread = recount_queries.unread_threads(database, self._network, now - UNREAD_FOR)
        for post in sorted(unread)[:AT_ONCE]:
            self._store(record, store, post, (), is_whole=True)
            recount_queries.note_unread(database, post, now)

    def _store(self, record: Record, store: Store, post: str, page: ThreadPayloads, *, is_whole: bool) -> bool:
        """Stores a thread without gaps where there are posts that name papers, and with gaps for known answers that are
        no longer there. `is_whole`: for all of them, even if the network may show others. Returns whether there are
        answers, and all known ones are there or gaps."""
        at = self._http.now()
        listed = [payload for payload in page if isinstance(payload, RawPayload)]
        present = {payload.key for payload in listed if payload.kind != GAP}
        beginnings = tuple(part for part in page if isinstance(part, str))
        is_whole = is_whole or (None not in page and not beginnings)
        is_sure = bool(listed)
        payloads = list[RawPayload]()
        for payload in listed:
            if payload.kind != GAP or not is_recorded(record, f"{self._network}:{payload.key}"):
                payloads.append(payload)
        for key, parent in bare_answers(record.view(), post):
            answer = own_id(key)
            if answer in present:
                continue
            if is_whole or answer.startswith(beginnings):
                payloads.append(gap_payload(answer, own_id(parent), at))
            else:
                is_sure = False
        store(PayloadPage(payloads))
        return is_sure
