"""A layer between the program and a real database that makes the store unavailable, or its disk full, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from hotpapers.base.errors import UnreachableStore
from hotpapers.record import Record
from hotpapers.record.database import Database
from tests.years.fault_plan import Span

NO_LIMIT = 4_294_967_294


class StoreFailures:
    """When the store fails, by a clock."""

    def __init__(self, now: Callable[[], int], outages: Sequence[Span], full_disks: Sequence[Span]) -> None:
        self._now, self._outages, self._full_disks = now, outages, full_disks

    @property
    def is_unavailable(self) -> bool:
        """Whether the store is unavailable."""
        return self._is_within(self._outages)

    @property
    def is_full(self) -> bool:
        """Whether its disk is full."""
        return self._is_within(self._full_disks)

    def _is_within(self, spans: Sequence[Span]) -> bool:
        return any(span.start <= self._now() < span.end for span in spans)

    def record(self, store: str) -> Record:
        """Open the store. Raises UnreachableStore."""
        self.check()
        record = Record(store)
        record.database = cast("Database", FailingDatabase(record.database, self))
        return record

    def check(self) -> None:
        """Raises UnreachableStore while the store is unavailable."""
        if self.is_unavailable:
            raise UnreachableStore("the database server does not answer, as planned")


class FailingDatabase:
    """A database that is unavailable at times. On a full disk it cannot grow, which SQLite itself reports."""

    def __init__(self, database: Database, failures: StoreFailures) -> None:
        self._database, self._failures = database, failures
        self._is_limited = False

    def __getattr__(self, name: str) -> Any:
        if name != "close":
            self._failures.check()
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[None]:
        """A write transaction, with no more room than the disk has."""
        self._failures.check()
        if self._failures.is_full or self._is_limited:
            self._is_limited = self._failures.is_full
            pages = self._database.rows("PRAGMA page_count")[0][0] if self._is_limited else NO_LIMIT
            self._database.rows(f"PRAGMA max_page_count = {pages}")
        with self._database.write():
            yield
