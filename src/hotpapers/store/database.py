"""What the record asks of a database: the same few verbs for SQLite and PostgreSQL.

SQL is written once, with `?` for parameters and neither `?` nor `%` in its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import AbstractContextManager
from math import inf
from typing import Any, NamedTuple, Protocol, TypeVar

Params = Sequence[Any]
Value = TypeVar("Value")
AT_ONCE = 500
"""Values that one statement asks for: a database takes so many, and not any number."""

FROM_0_1 = "written by Hot Papers 0.1, whose stores are no longer read; use its `export --records`, and import that."


AT_ONCE_ONE = (
    "the same connection still reads the store as it was, such as an export that was not read to its end; end or close "
    "that first, or open the store once more."
)
"""Why a connection that is in a transaction begins no other one."""


class IntegrityReport(NamedTuple):
    """What a database found damaged in itself; what of it could not be checked, and why, empty if all could."""

    damaged: tuple[str, ...]
    unchecked: str = ""


def without_password(store: str) -> str:
    """A store's address as it may be shown."""
    store = re.sub(r"(//[^:/@]*):.*@", r"\1:…@", store)
    return re.sub(r"(password=)[^&]*", r"\1…", store)


def placeholders(values: Sized) -> str:
    """As many question marks as values, for an `IN (…)`."""
    return ", ".join("?" * len(values))


def slices(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in order, so many at a time as one statement asks for."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def server_database(database: Database) -> str:
    """By which name a server knows a database that is on one."""
    return str(database.rows("SELECT current_database()")[0][0])


def insert_sql(table: str, columns: Iterable[str]) -> str:
    """The statement that adds a row to a table, unless its key is taken."""
    names = [f'"{name}"' for name in columns]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({placeholders(names)}) ON CONFLICT DO NOTHING"


class Database(Protocol):
    """One connection to a store. Every method raises a StoreError that says what to do where the database fails.

    A mistake in our own SQL is raised as the library's own error: it is a defect, and no waiting mends it.
    """

    name: str
    where: str

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone, to a server or by `close`: nothing more comes over it, but over a new one."""

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def iterate(self, sql: str, params: Params = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, in bounded memory."""

    def run(self, sql: str, params: Params = ()) -> int:
        """Runs a statement; how many rows it changed."""

    def many(self, sql: str, rows: Iterable[Params]) -> int:
        """Runs a statement once per row; how many rows it changed in all."""

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Params]) -> int:
        """Adds rows to a table but those whose key is taken; how many it added. Call inside `write()`."""

    def write(self) -> AbstractContextManager[None]:
        """A write transaction that no other writer shares: committed at the end, undone on an error."""

    def migrate(self, migrations: Sequence[str]) -> None:
        """Brings the schema to the length of the list. Raises NotAStore, NewerStore."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see one and the same moment of the store."""

    def erase_traces(self) -> None:
        """Overwrites what deleted rows left behind in free pages and logs. Raises FullStore, BusyStore: the rows are
        deleted all the same, and the same call again finishes it."""

    def integrity(self, seconds: float = inf) -> IntegrityReport:
        """What the database itself finds damaged at a quick look, which it gives up after so many seconds."""

    def full_integrity(self) -> IntegrityReport:
        """The same of every page, with every index compared with its table, and of the tables' definitions."""

    def size(self) -> int:
        """Bytes on disk."""

    def clock(self) -> int:
        """The moment by the database's own clock, µs UTC: one clock for all who share it."""

    def close(self) -> None:
        """Ends the connection."""
