"""Filtered events on disk, in order of time: sorted runs, merged in bounded memory."""

from __future__ import annotations

import errno
import heapq
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hotpapers.base.errors import FullStore
from hotpapers.wings.archives.event_stamps import ANYWAY

HEAD = struct.Struct("<qqqII")
MAX_SORTED_BYTES = 2**23
"""Bytes of events that are sorted in memory."""
LARGE = 160
"""Bytes of memory that an event takes in addition to its content."""
MAX_OPEN_RUNS = 64
"""Maximum runs read at once."""
BUFFER = 2**17
IsKnown = Callable[[int], bool]
"""Whether a mark is known."""


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


class SpillRun(NamedTuple):
    """A file of sorted events. `first`, `last`: moment and rank of its first and last event."""

    path: str
    first: tuple[int, int]
    last: tuple[int, int]


class SpillWriter:
    """Sorts events into runs. Events that come in order make a single run, however many there are."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name, self._numbers = folder, name, count()
        self._waiting: list[SpilledEvent] = []
        self._size = 0
        self._runs: list[SpillRun] = []
        self._last = SpilledEvent(0, 0, b"", 0, 0)
        self._out: BinaryIO | None = None

    def add(self, event: SpilledEvent) -> None:
        """Adds an event. Raises FullStore."""
        self._waiting.append(event)
        self._size += len(event.content) + LARGE
        if self._size >= MAX_SORTED_BYTES:
            self._write()

    def runs(self) -> list[SpillRun]:
        """All runs, completely written. Raises FullStore."""
        if self._waiting:
            self._write()
        self._close()
        return self._runs

    def _write(self) -> None:
        events = sorted(self._waiting)
        first, last = events[0][:2], events[-1][:2]
        with full_disk_as_error(self._folder):
            if self._out is None or events[0] < self._last:
                self._close()
                path = self._folder / f"{self._name}-{next(self._numbers)}"
                self._out = path.open("wb", buffering=0)
                self._runs.append(SpillRun(str(path), first, first))
            assert self._out is not None
            self._out.write(b"".join(map(_packed, events)))
        self._runs[-1] = self._runs[-1]._replace(last=last)
        self._waiting, self._size, self._last = [], 0, events[-1]

    def _close(self) -> None:
        if self._out is not None:
            self._out.close()
        self._out = None


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


def _packed(event: SpilledEvent) -> bytes:
    return HEAD.pack(event.at, event.rank, event.needed_mark, event.file, len(event.content)) + event.content


def merged(runs: Iterable[SpillRun], is_known: IsKnown | None = None) -> Iterator[SpilledEvent]:
    """The events of runs in order, without duplicates. With `is_known`, those that ask for a mark only if it is known.
    A run is opened when its first event is due, and deleted at its end."""
    heap: list[tuple[SpilledEvent, int, Iterator[SpilledEvent]]] = []
    waiting = sorted(runs, key=lambda run: run.first, reverse=True)
    numbers = count()
    last_event: tuple[int, int, bytes] | None = None
    while heap or waiting:
        while waiting and (not heap or waiting[-1].first <= heap[0][0][:2]):
            _push(heap, next(numbers), _removed_at_end(waiting.pop(), is_known))
        if not heap:  # nothing in the last runs is known
            break
        event, number, events = heap[0]
        if event[:3] != last_event:
            yield event
            last_event = event[:3]
        following = next(events, None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (following, number, events))


def _push(
    heap: list[tuple[SpilledEvent, int, Iterator[SpilledEvent]]], number: int, events: Iterator[SpilledEvent]
) -> None:
    first = next(events, None)
    if first is not None:
        heapq.heappush(heap, (first, number, events))


def _removed_at_end(run: SpillRun, is_known: IsKnown | None) -> Iterator[SpilledEvent]:
    # The events of a run. With `is_known`, those that ask for a mark only if it is known.
    with open(run.path, "rb", buffering=BUFFER) as stream:
        while head := stream.read(HEAD.size):
            at, rank, needed_mark, file, length = HEAD.unpack(head)
            content = stream.read(length)
            if is_known is None or needed_mark == ANYWAY or is_known(needed_mark):
                yield SpilledEvent(at, rank, content, needed_mark, file)
    with suppress(OSError):
        os.remove(run.path)


def with_less_overlap(runs: list[SpillRun], folder: Path) -> list[SpillRun]:
    """The events of runs, in runs of which few must be open at once. Raises FullStore."""
    numbers = count()
    while _overlap(runs) > MAX_OPEN_RUNS:
        runs = sorted(runs, key=lambda run: run.first)
        groups = [runs[n : n + MAX_OPEN_RUNS] for n in range(0, len(runs), MAX_OPEN_RUNS)]
        runs = [run for group in groups for run in _one_run(group, folder, f"merged{next(numbers)}")]
    return runs


def _one_run(runs: list[SpillRun], folder: Path, name: str) -> list[SpillRun]:
    writer = SpillWriter(folder, name)
    for event in merged(runs):
        writer.add(event)
    return writer.runs()


def _overlap(runs: list[SpillRun]) -> int:
    """The most runs that are open at once."""
    ends = [(run.first, 0) for run in runs] + [(run.last, 1) for run in runs]
    most = open_runs = 0
    for _, is_end in sorted(ends):
        open_runs += -1 if is_end else 1
        most = max(most, open_runs)
    return most


class KnownMarks:
    """Marks of what is known: posts, reactions, accounts. A few others appear to be known too: about one in ten if many
    millions are. Memory use is constant."""

    BITS = 2**27

    def __init__(self) -> None:
        self._bits = bytearray(self.BITS // 8)

    def add(self, marks: Iterable[int]) -> None:
        """Adds 32-bit marks."""
        bits, most = self._bits, self.BITS - 1
        for mark in marks:
            place = mark & most
            bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, mark: int) -> bool:
        place = mark & (self.BITS - 1)
        return bool(self._bits[place >> 3] >> (place & 7) & 1)
