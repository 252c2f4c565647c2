"""Relevant events on disk, in SQLite: those of each part of a file, then all together in order of time."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import apsw

from hotpapers.base.errors import FullStore, ReadOnlyStore
from hotpapers.record import Record
from hotpapers.record.leftovers import FOLDER
from hotpapers.record.sqlite import SqliteDatabase

PREFIX = f"{FOLDER}import-"

# Nobody else opens these files, on which locks may not work, and no crash leaves any: without journal, locks and fsync.
_TABLE = """PRAGMA page_size = 32768; PRAGMA cache_size = -16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE event (at INTEGER, rank INTEGER, content BLOB, needed_mark INTEGER, file INTEGER,
        PRIMARY KEY (at, rank, content)) WITHOUT ROWID"""


class SpilledEvent(NamedTuple):
    """An event and its place in the order: by moment, rank and its own bytes, whatever file it came from.

    `at`: µs UTC; 0 for unreadable ones. `needed_mark`: the mark that must be known for it to be relevant, or ANYWAY.
    `file`: the number of its file.
    """

    at: int
    rank: int
    content: bytes
    needed_mark: int
    file: int


@contextmanager
def _event_table(path: Path) -> Iterator[apsw.Connection]:
    with full_disk_as_error(path.parent), closing(apsw.Connection(str(path), vfs="unix-none")) as database:
        database.execute(_TABLE).fetchall()
        yield database


def write_events(path: Path, events: Iterable[SpilledEvent]) -> None:
    """Writes the events of a part into a new file. Raises FullStore, and what iterating raises."""
    with _event_table(path) as database:
        database.execute("BEGIN")
        database.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?)", events)
        database.execute("COMMIT")


def merged(parts: Iterable[str], folder: Path, is_relevant: Callable[..., bool], after: int) -> Iterator[SpilledEvent]:
    """The events of all parts after a moment in order, without duplicates: those whose needed mark and content are
    relevant. Removes the parts. Raises FullStore."""
    with _event_table(folder / "events") as database:
        database.create_scalar_function("is_relevant", is_relevant, 2)
        for part in parts:
            database.execute("ATTACH ? AS part", (part,))
            database.execute(
                """INSERT OR IGNORE INTO event SELECT * FROM part.event
                WHERE at > ? AND is_relevant(needed_mark, content)""",
                (after,),
            )
            database.execute("DETACH part")
            os.remove(part)
        yield from map(SpilledEvent._make, database.execute("SELECT * FROM event ORDER BY at, rank, content"))


@contextmanager
def full_disk_as_error(folder: Path) -> Iterator[None]:
    """Raises FullStore if there is no room left for the sorted events."""
    try:
        yield
    except (OSError, apsw.FullError, apsw.IOError) as problem:
        # SQLite tells a used-up quota as an error of writing
        is_full = (
            isinstance(problem, apsw.FullError) or getattr(problem, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE
        )
        if not is_full and getattr(problem, "errno", 0) not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise FullStore(
            f"{folder.parent}: no room left on the disk to sort the archive. Free some space and import the same files"
            " again."
        ) from problem


@contextmanager
def spill_folder(record: Record, staging: str = "") -> Iterator[Path]:
    """A private folder for sorted events and results of processes: in `staging`, or next to the store if it is a file.
    Removes folders left by killed imports. Raises FullStore, ReadOnlyStore."""
    parent = record.database.path.absolute().parent if isinstance(record.database, SqliteDatabase) else None
    parent = Path(staging).absolute() if staging else parent
    for old in parent.glob(f"{PREFIX}*") if parent else ():
        _remove_unused(old)
    place = parent or Path(tempfile.gettempdir())
    try:
        with full_disk_as_error(place / "_"):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    except OSError as problem:  # which names a folder that nobody knows
        raise ReadOnlyStore(f"{place}: cannot be written: {problem.strerror}") from problem
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_unused(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


class KnownMarks:
    """Marks of what is known: posts, reactions, accounts. A few others appear to be known too: about one in ten if many
    millions are. Memory use is constant."""

    BITS = 2**27

    def __init__(self) -> None:
        self._bits, self.is_empty = bytearray(self.BITS // 8), True

    def add(self, marks: Iterable[int]) -> None:
        """Adds 32-bit marks."""
        bits, most, place = self._bits, self.BITS - 1, -1
        for mark in marks:
            place = mark & most
            bits[place >> 3] |= 1 << (place & 7)
        self.is_empty = self.is_empty and place < 0

    def __contains__(self, mark: int) -> bool:
        place = mark & (self.BITS - 1)
        return bool(self._bits[place >> 3] >> (place & 7) & 1)
