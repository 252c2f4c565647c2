"""The database interface: the same few methods for SQLite and the databases of wings.

SQL is written once, with `?` for parameters, `(…)` for many values (see `rows_among`), and no other `?` or `%`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import AbstractContextManager
from functools import cache
from math import inf
from typing import Any, NamedTuple, Protocol, TypeVar

from hotpapers.base.errors import NewerStore

Params = Sequence[Any]
Value = TypeVar("Value")
AT_ONCE = 500
"""The most parameters in one statement; databases limit their number."""

FROM_0_1 = "written by Hot Papers 0.1, which is no longer supported; use its `export --records` and import the result"


IN_TRANSACTION = (
    "this connection is still in a read transaction, such as an unfinished export; finish or close it first, or open "
    "the store a second time"
)
"""Why a connection that is in a transaction cannot begin another one."""
CREATED_BY = "`hotpapers init` creates one with its settings, `hotpapers import` one from files"
"""The remedy for a missing store."""


def pending_migrations(where: str, version: int, migrations: Sequence[str]) -> Sequence[str]:
    """The migrations that a store lacks. `version`: of its schema; ask again inside the transaction, since another
    process may have applied some. Raises NewerStore."""
    if version > len(migrations):
        raise NewerStore(
            f"{where}: written by a newer Hot Papers (schema {version}, this version supports up to "
            f"{len(migrations)}); upgrade the program"
        )
    return migrations[version:]


class IntegrityReport(NamedTuple):
    """The damage that a database found in itself. `unchecked`: the parts that could not be checked and why, empty if
    all were."""

    damaged: tuple[str, ...]
    unchecked: str = ""


def without_password(store: str) -> str:
    """A store's URL with its password removed."""
    store = re.sub(r"(//[^:/@]*):.*@", r"\1:…@", store)
    return re.sub(r"(password=)[^&]*", r"\1…", store)


def sql_placeholders(values: Sized) -> str:
    """One question mark per value, for an `IN (…)`."""
    return ", ".join("?" * len(values))


def statement_slices(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in order, in slices that fit one statement."""
    starts = range(0, len(values), AT_ONCE)
    return (values[start : start + AT_ONCE] for start in starts)


def rows_among(database: Database, sql: str, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query about many values, which it contains as `(…)`, asked in slices that fit one statement."""
    for chunk in statement_slices(list(values)):
        yield from database.rows(sql.replace("(…)", f"({sql_placeholders(chunk)})"), [*chunk] * sql.count("(…)"))


def column_among(database: Database, sql: str, values: Iterable[Any]) -> list[Any]:
    """The first column of such a query's rows."""
    return [row[0] for row in rows_among(database, sql, values)]


def blob_bytes(value: object) -> bytes:
    """A BLOB as read, of either database's type; empty if the value is of another type, as in a damaged file."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def server_database(database: Database) -> str:
    """The name of a database on its server."""
    return str(first_value(database, "SELECT current_database()"))


@cache
def insert_sql(table: str, columns: tuple[str, ...]) -> str:
    """The statement that inserts a row into a table unless its key exists."""
    names = [f'"{name}"' for name in columns]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({sql_placeholders(names)}) ON CONFLICT DO NOTHING"


def first_value(database: Database, sql: str, params: Params = ()) -> Any:
    """The first column of a query's first row; None if it has no row."""
    rows = database.rows(sql, params)
    return rows[0][0] if rows else None


def first_column(database: Database, sql: str, params: Params = ()) -> list[Any]:
    """The first column of all rows of a query."""
    return [row[0] for row in database.rows(sql, params)]


class Database(Protocol):
    """One connection to a store. If the database fails, methods raise a StoreError with a remedy.

    Mistakes in our own SQL are raised as the library's own errors: they are bugs that retrying cannot fix. `word_index`
    makes its index for the search (`WordIndex`), given whether in temporary tables; None for SQLite's.
    """

    name: str
    where: str
    word_index: Any

    @property
    def is_lost(self) -> bool:
        """Whether the connection to a server is closed or lost, so that a new one is needed."""

    def version(self) -> object:
        """A value that changes with whatever anybody writes, as long as this connection is open; None if only a server
        could tell."""

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def iterate(self, sql: str, params: Params = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one at a time, in bounded memory."""

    def run(self, sql: str, params: Params = ()) -> int:
        """Run a statement; the number of rows changed."""

    def many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run a statement once per row; the total number of rows changed."""

    def insert(self, table: str, columns: tuple[str, ...], rows: Iterable[Params]) -> int:
        """Insert rows into a table, skipping those whose key exists; the number inserted. Call inside `write()`."""

    def write(self) -> AbstractContextManager[None]:
        """An exclusive write transaction: committed at the end, rolled back on an error."""

    def migrate(self, migrations: Sequence[str]) -> None:
        """Apply the migrations that the schema lacks. Raises NotAStore, NewerStore."""

    def snapshot(self) -> AbstractContextManager[None]:
        """A read transaction: all reads inside see the same state of the store."""

    def erase_traces(self) -> None:
        """Overwrite the traces of deleted rows in free pages and logs. Raises FullStore, BusyStore; the rows are
        deleted even then, and another call finishes the work."""

    def integrity(self, seconds: float = inf) -> IntegrityReport:
        """The damage that the database finds in a quick check of itself. Gives up after `seconds`."""

    def full_integrity(self) -> IntegrityReport:
        """The damage found in a full check: every page, every index against its table, and the tables' definitions."""

    def size(self) -> int:
        """Bytes on disk."""

    def clock(self) -> int:
        """The time by the database's clock, µs UTC, which is the same for all processes that share it."""

    def close(self) -> None:
        """Close the connection."""
