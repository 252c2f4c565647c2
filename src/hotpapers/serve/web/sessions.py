"""Query sessions for an app's threads: each thread has its own connection to the store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hotpapers.base import terms
from hotpapers.base.errors import StoreError, UsageError
from hotpapers.base.model import SiteProofs
from hotpapers.publish.query import QuerySession
from hotpapers.record import Record

Result = TypeVar("Result")


def open_store(open_record: Callable[[], Record]) -> Record:
    """Opens a connection. Raises StoreError, also if there is no store, as that is not the client's fault."""
    try:
        return open_record()
    except UsageError as problem:
        raise StoreError(str(problem)) from problem


class SessionPool:
    """A pool of threads, each with its own session, opened on first use.

    Nothing is opened in the constructor, so its caller may still fork processes. `open_record` is called in the thread
    that uses the record. `proofs`: the proofs of issues.
    """

    def __init__(
        self, open_record: Callable[[], Record], allowed: terms.Table, threads: int, proofs: SiteProofs | None = None
    ) -> None:
        self._open_record, self._allowed, self._proofs = open_record, allowed, proofs
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self._local = threading.local()
        self._records: set[Record] = set()

    def ask(self, work: Callable[[QuerySession], Result]) -> asyncio.Future[Result]:
        """Runs work with a session in one of the threads."""
        return asyncio.get_running_loop().run_in_executor(self._pool, self.call, work)

    def call(self, work: Callable[[QuerySession], Result]) -> Result:
        """Runs short work with a session in the current thread."""
        try:
            return work(self._session())
        except StoreError:  # the database server may have gone away: the next request gets a new connection
            session: QuerySession | None = self._local.__dict__.pop("session", None)
            if session is not None:
                self._records.discard(session.record)
                session.record.database.close()
            raise

    def _session(self) -> QuerySession:
        session: QuerySession | None = getattr(self._local, "session", None)
        if session is None:
            record = open_store(self._open_record)
            self._records.add(record)
            session = self._local.session = QuerySession(record, self._allowed, public=True, proofs=self._proofs)
        return session

    def close(self) -> None:
        """Waits for running requests, and closes all connections."""
        self._pool.shutdown()
        while self._records:
            self._records.pop().database.close()
