"""A layer between the program and a real database that makes the store unavailable, or its disk full, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from hotpapers.errors import UnreachableStore
from hotpapers.store import Record
from hotpapers.store.database import Database
from tests.years.weather import Span

NO_LIMIT = 4_294_967_294


class Troubles:
    """When the store is in trouble, by a clock."""

    def __init__(self, now: Callable[[], int], away: Sequence[Span], full: Sequence[Span]) -> None:
        self._now, self._away, self._full = now, away, full

    @property
    def is_away(self) -> bool:
        """Whether the store is unavailable."""
        return self._is(self._away)

    @property
    def is_full(self) -> bool:
        """Whether its disk is full."""
        return self._is(self._full)

    def _is(self, spans: Sequence[Span]) -> bool:
        return any(one.start <= self._now() < one.end for one in spans)

    def record(self, store: str) -> Record:
        """Open the store. Raises UnreachableStore."""
        self.check()
        record = Record(store)
        record.database = cast("Database", Fragile(record.database, self))
        return record

    def check(self) -> None:
        """Raises UnreachableStore while the store is unavailable."""
        if self.is_away:
            raise UnreachableStore("the database server does not answer, as planned")


class Fragile:
    """A database that may become unavailable. On a full disk it cannot grow; SQLite itself reports that."""

    def __init__(self, database: Database, troubles: Troubles) -> None:
        self._database, self._troubles = database, troubles
        self._limited = False

    def __getattr__(self, name: str) -> Any:
        if name != "close":
            self._troubles.check()
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[None]:
        """A write transaction, with no more room than the disk has."""
        self._troubles.check()
        if self._troubles.is_full or self._limited:
            self._limited = self._troubles.is_full
            pages = self._database.rows("PRAGMA page_count")[0][0] if self._limited else NO_LIMIT
            self._database.rows(f"PRAGMA max_page_count = {pages}")
        with self._database.write():
            yield
