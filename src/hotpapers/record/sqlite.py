"""SQLite: the store in one file. Stores are opened here alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain, islice
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from hotpapers.base import errors, file_modes
from hotpapers.record.database import FROM_0_1, IN_TRANSACTION, IntegrityReport, Params, insert_sql, pending_migrations

APPLICATION = 0x486F7450  # "HotP"
FIXED = (3_051_003, 3_053_000)
"""The SQLite versions that fixed the WAL-reset corruption bug: 3.51.3 and 3.53.0."""
BUSY_MS = 30_000
FINDINGS = 20
"""The most findings that an integrity check reports."""
CHUNK = 100
"""Rows fetched together."""
STEPS = 1_000
"""SQLite instructions between two checks of the time."""
PAGE = 8192
"""Page size of a new store in bytes. A paper's row has some 1,400, so pages of 4,096 would hold two and waste a third.
"""
PAGES = 2048
"""Pages copied at a time."""


def _translate(error: Exception, where: str) -> errors.StoreError:
    if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:
        error = apsw.FullError()
    match error:
        case apsw.FullError():
            return errors.FullStore(f"{where}: no room left on the disk; nothing was changed. Free some and try again.")
        case apsw.BusyError() | apsw.LockedError():
            return errors.BusyStore(f"{where}: another process is writing; nothing was changed. Try again later.")
        case apsw.ReadOnlyError():
            return errors.ReadOnlyStore(f"{where}: cannot be written; check the permissions of the file and its folder")
        case apsw.NotADBError():
            return errors.NotAStore(f"{where}: not a Hot Papers store (not a SQLite file)")
        case apsw.CorruptError():
            return _damaged(where, error)
        case apsw.CantOpenError():
            return errors.StoreError(f"{where}: cannot be opened; check the path and its permissions")
    return errors.StoreError(f"{where}: {error}")


PROGRAM_ERRORS = (
    apsw.SQLError,
    apsw.BindingsError,
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.RangeError,
    apsw.MisuseError,
)
"""Mistakes in our own statements. They are raised unchanged: retrying cannot fix them, and the traceback helps."""


class _translated:  # noqa: N801  used for each statement, like the functions of contextlib but three times as fast
    """Translates apsw's errors. `is_changed`: whether the tables differ from those that the program makes; then an SQL
    error means that the file is damaged."""

    def __init__(self, where: str, is_changed: Callable[[], bool] = lambda: False) -> None:
        self._where = where
        self._is_changed = is_changed

    def __enter__(self) -> None:
        return

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, UnicodeDecodeError):  # all text is written as UTF-8
            raise _damaged(self._where, error) from error
        if not isinstance(error, apsw.Error):
            return
        if not isinstance(error, PROGRAM_ERRORS):
            raise _translate(error, self._where) from error
        if self._is_changed():
            raise _damaged(self._where, error) from error


def _damaged(where: str, error: Exception) -> errors.CorruptStore:
    return errors.CorruptStore(f"{where}: the file is damaged ({error}); restore a backup: hotpapers backup --restore")


def _use_wal(connection: apsw.Connection) -> None:
    """Switch to WAL mode, in which readers and a writer don't wait for each other. SQLite's busy timeout does not apply
    to this statement."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except apsw.ReadOnlyError:
            return  # can still be read; writing raises an error
        except apsw.BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def check_name(path: Path) -> None:
    """Raise UsageError if SQLite cannot open a file because of its name."""
    try:
        if b"\0" not in str(path).encode():
            return
    except UnicodeEncodeError:
        pass
    raise errors.UsageError(f"{path}: SQLite cannot open a path that is not UTF-8; rename the file or its folder")


class SqliteDatabase:
    """A store in a SQLite file (WAL, synchronous FULL, STRICT tables)."""

    name = "sqlite"
    word_index = None
    is_lost = False

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        version = apsw.SQLITE_VERSION_NUMBER
        if version < FIXED[0] or 3_052_000 <= version < FIXED[1]:
            raise errors.StoreError(
                f"SQLite {apsw.sqlite_lib_version()} can corrupt a store in WAL mode; install apsw 3.53 or newer"
            )
        check_name(path)
        self.where = str(path)
        self.path = path
        self._log = path.with_name(path.name + "-wal")
        self._migrations: Sequence[str] = ()
        self._translated = _translated(self.where, self._has_other_tables)
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        if not read_only:
            file_modes.make_private(path)  # SQLite gives the log the same permissions
        with self._translated:
            try:
                self._connection = self._open(self.where, flags)
            except (apsw.ReadOnlyError, apsw.CantOpenError):
                if not self._is_still():
                    raise
                frozen = f"file:{quote(str(path.absolute()))}?immutable=1"
                self._connection = self._open(frozen, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)

    def _open(self, name: str, flags: int) -> apsw.Connection:
        connection = apsw.Connection(name, flags)
        try:
            connection.set_busy_timeout(BUSY_MS)
            # Read the tables before the owner: another process may be creating both right now.
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
            owner = connection.execute("PRAGMA application_id").get
            if owner != APPLICATION and (tables or owner):
                raise errors.NotAStore(f"{self.where}: belongs to another program; choose another path with --store")
            if flags & apsw.SQLITE_OPEN_READWRITE:
                connection.execute(f"PRAGMA page_size = {PAGE}")  # no effect unless the file is empty
                _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_still(self) -> bool:
        """Whether the file can be read and cannot change: it has no log, and none can be made in its folder."""
        may = partial(os.access, effective_ids=os.access in os.supports_effective_ids)
        return may(self.path, os.R_OK) and not may(self.path.parent, os.W_OK) and not self._log.exists()

    def version(self) -> object:
        with self._translated:
            return self._connection.execute("PRAGMA data_version").get, self._connection.total_changes()

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        with self._translated:
            return list(self._connection.execute(sql, params))

    def iterate(self, sql: str, params: Params = ()) -> Iterator[tuple[Any, ...]]:
        return chain.from_iterable(self._chunks(sql, params))

    def _chunks(self, sql: str, params: Params) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in lists, which `chain` passes on faster than a generator could one by one."""
        with self._translated:
            rows = iter(self._connection.execute(sql, params))
            while chunk := list(islice(rows, CHUNK)):
                yield chunk

    def run(self, sql: str, params: Params = ()) -> int:
        with self._translated:
            before = self._connection.total_changes()
            self._connection.execute(sql, params)
            return self._connection.total_changes() - before

    def many(self, sql: str, rows: Iterable[Params]) -> int:
        with self._translated:
            before = self._connection.total_changes()
            self._connection.executemany(sql, rows)
            return self._connection.total_changes() - before

    def insert(self, table: str, columns: tuple[str, ...], rows: Iterable[Params]) -> int:
        return self.many(insert_sql(table, columns), rows)

    @contextmanager
    def write(self) -> Iterator[None]:
        """A write transaction: BEGIN IMMEDIATE … COMMIT."""
        self._check_idle()
        with self._translated:
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._translated:
                self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with suppress(apsw.ConnectionClosedError):  # Ctrl-C may close the connection before a writer ends
            if not self._connection.get_autocommit():
                self._connection.execute("ROLLBACK")

    def migrate(self, migrations: Sequence[str]) -> None:
        self._migrations = migrations
        if not pending_migrations(self.where, self._version(), migrations):
            return
        with self.write():
            for migration in pending_migrations(self.where, self._version(), migrations):
                self.run(migration)
            self.run(f"PRAGMA application_id = {APPLICATION}")
            self.run(f"PRAGMA user_version = {len(migrations)}")

    def _version(self) -> int:
        with self._translated:
            version: int = self._connection.execute("PRAGMA user_version").get
            if version and not self.rows("SELECT 1 FROM sqlite_schema WHERE name = 'identity'"):
                raise errors.NotAStore(f"{self.where}: {FROM_0_1}")
            return version

    def _has_other_tables(self) -> bool:
        """Whether tables, columns or indexes are missing or differ from those that the migrations make."""
        text = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
        with suppress(apsw.Error, UnicodeDecodeError), closing(apsw.Connection(":memory:")) as fresh:
            for migration in self._migrations:
                fresh.execute(migration)
            return not set(fresh.execute(text)) <= set(self._connection.execute(text))
        return True

    def _check_idle(self) -> None:
        with self._translated:
            if not self._connection.get_autocommit():
                raise errors.BusyStore(f"{self.where}: {IN_TRANSACTION}")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._check_idle()
        with self._translated:
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # the first read fixes the state
        try:
            yield
        finally:
            self._roll_back()

    def copy_to(self, target: Path) -> None:
        """Copy the store into a new file with SQLite's online backup: one file without a log.

        It runs in a snapshot. Otherwise the copy would start again after each commit of another process, and might
        never end.
        """
        check_name(target)
        file_modes.make_private(target)
        with _translated(str(target)), closing(apsw.Connection(str(target))) as copy:
            with self.snapshot(), copy.backup("main", self._connection, "main") as steps:
                while not steps.done:
                    steps.step(PAGES)
            copy.execute("PRAGMA journal_mode = DELETE")

    def become(self, source: SqliteDatabase) -> None:
        """Replace the content by another store's in one transaction, so readers see one or the other. The other store
        is rewritten if its page size differs, because SQLite cannot change that of a store in WAL mode."""
        page_size = self._connection.execute("PRAGMA page_size").get
        with source._translated:
            if source._connection.execute("PRAGMA page_size").get != page_size:
                source._connection.execute("PRAGMA journal_mode = DELETE").fetchall()
                source._connection.execute(f"PRAGMA page_size = {page_size}; VACUUM")
        with self._translated, self._connection.backup("main", source._connection, "main") as steps:
            while not steps.done:
                steps.step(-1)

    def erase_traces(self) -> None:
        """Rewrite the whole file, then checkpoint and truncate the log.

        secure_delete overwrites deleted rows with zeros, but not every copy left when rows move between pages.
        """
        with self._translated:
            try:
                self._connection.execute("VACUUM")
            except apsw.FullError as error:
                with suppress(apsw.Error):  # at least the log then takes no space
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raise errors.FullStore(
                    f"{self.where}: forgotten, but there is no disk space to rewrite the file, and copies may remain "
                    f"in its unused parts; free some {2 * self.size() / 1e6:,.0f} MB and run the same command again to "
                    "finish"
                ) from error
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy and busy[0]:
            raise errors.BusyStore(
                f"{self.where}: forgotten, but another process is still reading an older state from the log; stop it "
                "and run the same command again to finish"
            )

    def integrity(self, seconds: float = inf) -> IntegrityReport:
        """SQLite's quick check, which does not compare indexes with tables. Gives up after `seconds`."""
        until = time.monotonic() + seconds
        self._connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        try:
            return IntegrityReport(tuple(self._checked("quick_check")))
        except errors.StoreError as problem:
            if isinstance(problem.__cause__, apsw.InterruptError):
                return IntegrityReport((), "the database is too large for a quick check")
            raise
        finally:
            self._connection.set_progress_handler(None)

    def full_integrity(self) -> IntegrityReport:
        """SQLite's full check, and whether the tables are those that the program makes."""
        other = ["the tables or indexes differ from those that the program makes"] if self._has_other_tables() else []
        return IntegrityReport((*other, *self._checked("integrity_check")))

    def _checked(self, pragma: str) -> list[str]:
        with self._translated:
            findings = [str(row[0]) for row in self._connection.execute(f"PRAGMA {pragma}({FINDINGS})")]
        return [] if findings == ["ok"] else findings

    def size(self) -> int:
        """The size of the file and its log in bytes."""
        files = (self.path, self._log)
        return sum(file.stat().st_size for file in files if file.exists())

    def clock(self) -> int:
        """The machine's own clock, because a file is used on one machine only."""
        return time.time_ns() // 1000

    def close(self) -> None:
        self._connection.close()
