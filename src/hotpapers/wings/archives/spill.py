"""Relevant events on disk: sorted files, merged in order of time in bounded memory."""

from __future__ import annotations

import errno
import fcntl
import heapq
import os
import pickle
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import FullStore, ReadOnlyStore, StoreError
from hotpapers.record import Record
from hotpapers.record.leftovers import FOLDER, remove_unlocked
from hotpapers.record.sqlite import SqliteDatabase

PREFIX = f"{FOLDER}import-"

MAX_SORTED_BYTES = 2**23
"""Bytes of events that are sorted in memory."""
LARGE = 160
"""Bytes of memory that an event takes in addition to its content."""
MAX_OPEN = 64
"""Maximum files merged together."""


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


def write_events(folder: Path, events: Iterable[SpilledEvent]) -> list[str]:
    """Sorts events into new files, none if there are no events. Returns their paths. Raises FullStore, and the errors
    of iterating."""
    paths = []
    waiting = []
    size = 0
    for event in events:
        waiting.append(event)
        size += len(event.content) + LARGE
        if size >= MAX_SORTED_BYTES:
            paths.append(_write(folder, sorted(waiting)))
            waiting = []
            size = 0
    return [*paths, _write(folder, sorted(waiting))] if waiting else paths


def _write(folder: Path, events: Iterable[SpilledEvent]) -> str:
    """Writes sorted events into a file with a name used only once."""
    path = folder / uuid.uuid4().hex
    with full_disk_as_error(folder), path.open("wb") as out:
        for event in events:
            pickle.dump(tuple(event), out)
    return str(path)


def _read(path: str) -> Iterator[SpilledEvent]:
    """The events of a file, which is removed at its end."""
    with open(path, "rb") as stream:
        while stream.peek(1):
            yield SpilledEvent(*pickle.load(stream))
    os.remove(path)


def merge_events(
    paths: Sequence[str], folder: Path, is_relevant: Callable[[int, bytes], bool], after: int
) -> Iterator[SpilledEvent]:
    """The events of all files after a moment in order, without duplicates: those whose needed mark and content are
    relevant. Removes the files. Raises FullStore."""
    while len(paths) > MAX_OPEN:
        merged = heapq.merge(*map(_read, paths[:MAX_OPEN]))
        paths = [*paths[MAX_OPEN:], _write(folder, merged)]
    last_event: tuple[object, ...] = ()
    for event in heapq.merge(*map(_read, paths)):
        if event[:3] != last_event and event.at > after and is_relevant(event.needed_mark, event.content):
            yield event
        last_event = event[:3]


@contextmanager
def full_disk_as_error(folder: Path) -> Iterator[None]:
    """Raises FullStore if there is no room left for the sorted events."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise FullStore(
            f"{folder.parent}: no room left on the disk to sort the archive. Free some space and import the same files"
            " again."
        ) from problem


@contextmanager
def spill_folder(record: Record, staging: str) -> Iterator[Path]:
    """A private folder for sorted events and results of processes: in `staging`, or next to the store if it is a file.
    It is locked, so that nobody takes it for one left by a killed import; those are removed. Raises FullStore,
    ReadOnlyStore, StoreError."""
    if isinstance(record.database, SqliteDatabase):
        parent = record.database.path.absolute().parent
    else:
        parent = None
    parent = Path(staging).absolute() if staging else parent
    for old in parent.glob(f"{PREFIX}*") if parent else ():
        with suppress(OSError):
            remove_unlocked(old)
    place = parent or Path(tempfile.gettempdir())
    try:
        with full_disk_as_error(place / "_"):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    except OSError as problem:  # which names a folder that nobody knows
        raise ReadOnlyStore(f"{place}: cannot be written: {problem.strerror}") from problem
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as problem:
            raise StoreError(
                f"{place}: cannot lock a folder there ({problem.strerror}); name another folder with --staging"
            ) from problem
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


class KnownMarks:
    """Marks of known posts, reactions and accounts. A few others appear to be known too: about one in ten if many
    millions are. Memory use is constant."""

    BITS = 2**27

    def __init__(self) -> None:
        self._bits = bytearray(self.BITS // 8)
        self.is_empty = True

    def add(self, marks: Iterable[int]) -> None:
        """Adds 32-bit marks."""
        bits = self._bits
        most = self.BITS - 1
        place = -1
        for mark in marks:
            place = mark & most
            bits[place >> 3] |= 1 << (place & 7)
        self.is_empty = self.is_empty and place < 0

    def __contains__(self, mark: int) -> bool:
        place = mark & (self.BITS - 1)
        byte = self._bits[place >> 3]
        return bool(byte >> (place & 7) & 1)
