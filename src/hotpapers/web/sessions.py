"""Sessions for the threads in which an app answers: each thread has a connection of its own to the store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hotpapers import terms
from hotpapers.errors import StoreError, UsageError
from hotpapers.query import QuerySession
from hotpapers.store import Record
from hotpapers.transparency.site_logs import SiteLogs

Result = TypeVar("Result")


def open_store(open_record: Callable[[], Record]) -> Record:
    """A connection. Raises StoreError, also where there is no store: that is nothing that who asks has done wrong."""
    try:
        return open_record()
    except UsageError as problem:
        raise StoreError(str(problem)) from problem


class SessionPool:
    """So many threads, each with a session as soon as it is asked something.

    Nothing is opened before: whoever makes this may go on to start processes. `open_record` is called in the thread
    that will use what it returns. `logs`: of what was published.
    """

    def __init__(
        self, open_record: Callable[[], Record], allowed: terms.Table, threads: int, logs: SiteLogs | None = None
    ) -> None:
        self._open_record, self._allowed, self._logs = open_record, allowed, logs
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self._local = threading.local()
        self._records: set[Record] = set()

    def ask(self, work: Callable[[QuerySession], Result]) -> asyncio.Future[Result]:
        """Does something with a session, in one of the threads."""
        return asyncio.get_running_loop().run_in_executor(self._pool, self.call, work)

    def call(self, work: Callable[[QuerySession], Result]) -> Result:
        """Does something at a session of this thread: what takes no time."""
        try:
            return work(self._session())
        except StoreError:  # the server may have gone away: the next question gets a new connection
            self._drop_session()
            raise

    def _session(self) -> QuerySession:
        session: QuerySession | None = getattr(self._local, "session", None)
        if session is None:
            record = open_store(self._open_record)
            self._records.add(record)
            session = self._local.session = QuerySession(record, self._allowed, public=True, logs=self._logs)
        return session

    def _drop_session(self) -> None:
        session: QuerySession | None = self._local.__dict__.pop("session", None)
        if session is not None:
            self._records.discard(session.record)
            session.record.database.close()

    def close(self) -> None:
        """Waits for what is being answered, and closes all connections."""
        self._pool.shutdown()
        while self._records:
            self._records.pop().database.close()
