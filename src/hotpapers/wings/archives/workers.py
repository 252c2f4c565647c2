"""Work on parts of archives in several processes: `Workers` on this machine, `spark.SparkWorkers` on many.

A process shares nothing with this one but a folder. There it finds the names of papers, and there it leaves its result:
a process that is killed while it writes to a pipe would leave half a message, for whose rest a pool waits for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import lru_cache, partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeVar, cast

from hotpapers.base.errors import InputError
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.record import Record
from hotpapers.wings.archives.format import ArchiveFormat, ImportTarget
from hotpapers.wings.archives.formats import EVENTS, LINES
from hotpapers.wings.archives.framing import ArchiveBlock, FilteredBlock, line_blocks
from hotpapers.wings.archives.parts import FilePart, open_part
from hotpapers.wings.archives.scan import PartScan, Progress, Scanner, ScanTask
from hotpapers.wings.archives.spill import full_disk_as_error

MAX_AHEAD = 8
"""Tasks per process that may be under way or waiting for the record."""
MAX_STARTS = 5
"""Times that the processes may end during one task before the import gives up."""
PROGRESS_PAUSE = 0.2
"""Seconds between reports of progress."""

Task = TypeVar("Task")


class WorkerSetup(NamedTuple):
    """The setup of a process: the format, the import's current moment (µs UTC), and the folder that it shares, which
    has the names of papers."""

    format: str
    now: int
    folder: str

    def target(self) -> ImportTarget:
        """A target for filters, none of which queries the record. Building its index of names takes a while."""
        pickled = (Path(self.folder) / "names").read_bytes()
        names = PaperIndex(*pickle.loads(pickled))
        return ImportTarget(cast("Record", None), names, self.now, self.now)


Work = Callable[[WorkerSetup, Any, Progress], Any]
"""A process's function for a task; it reports the bytes that it reads of a file to `Progress`."""


class Pool(Protocol):
    """Processes that work on tasks. `opens_files`: they read files themselves, and get no blocks of them."""

    opens_files: bool

    def map(
        self, work: Work, setup: WorkerSetup, tasks: Iterable[Task], progress: Progress
    ) -> Generator[tuple[Task, Any]]:
        """Each task and its result, in order. What reading the tasks raises comes after the results before."""


# ---- the work --------------------------------------------------------------------------------------------


def scan_part(setup: WorkerSetup, task: ScanTask, progress: Progress) -> PartScan:
    """A part of a file of events scanned; what it contains is spilled into the folder."""
    return _scanner(setup).scan(task, progress)


@lru_cache(maxsize=1)
def _scanner(setup: WorkerSetup) -> Scanner:
    return Scanner(EVENTS[setup.format], setup.target(), Path(setup.folder))


def filter_block(setup: WorkerSetup, block: ArchiveBlock, progress: Progress = int) -> FilteredBlock:
    """The lines of a block that may be relevant."""
    return _format(setup).filter(block)


@lru_cache(maxsize=1)
def _format(setup: WorkerSetup) -> ArchiveFormat:
    return LINES[setup.format](setup.target())


def filter_part(
    setup: WorkerSetup, part: FilePart, progress: Progress
) -> tuple[list[tuple[ArchiveBlock, FilteredBlock]], str]:
    """The blocks of a part of a file, without their bytes, and why no more of it can be read."""
    blocks = []
    try:
        with open_part(part, progress) as stream:
            for block in line_blocks(stream):
                blocks.append((block._replace(data=b""), filter_block(setup, block)))
    except InputError as problem:
        return blocks, problem.reason
    return blocks, ""


def run_task(work: Work, setup: WorkerSetup, task: object, progress: Progress) -> str:
    """Runs in any process. Returns the name of the file with the result, in the shared folder. Raises FullStore."""
    path = Path(setup.folder) / uuid.uuid4().hex
    result = work(setup, task, progress)
    with full_disk_as_error(path.parent):
        path.write_bytes(pickle.dumps(result))
    return path.name


def read_result(setup: WorkerSetup, name: str) -> Any:
    """A result from its file, which is removed."""
    path = Path(setup.folder) / name
    result = pickle.loads(path.read_bytes())
    path.unlink()
    return result


# ---- processes on this machine ---------------------------------------------------------------------------


class Workers:
    """Processes on this machine. They end when it is closed, or its own process is killed. If one of them ends, all are
    started again with the tasks that were under way."""

    opens_files = False

    def __init__(self, count: int) -> None:
        self._count = count
        self._context = multiprocessing.get_context("spawn")
        self._channel, self._far_end = self._context.Pipe()  # brings progress here; workers end when it is closed
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._count, self._context, _begin, (self._far_end,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._executor.shutdown(cancel_futures=True)
        self._far_end.close()

    def map(
        self, work: Work, setup: WorkerSetup, tasks: Iterable[Task], progress: Progress
    ) -> Generator[tuple[Task, Any]]:
        """See `Pool`. Raises InputError if processes end too often, and the errors of the work."""
        source = iter(tasks)
        end = None
        submit = partial(self._submit, work, setup)
        under_way = deque[tuple[Task, Future[str]]]()
        while True:
            try:
                while end is None and len(under_way) < MAX_AHEAD * self._count:
                    under_way.append(((task := next(source)), submit(task)))
            except Exception as problem:  # StopIteration, or what reading raises
                end = problem
            if not under_way:
                break
            name = self._first_result(under_way, submit, progress)
            yield under_way.popleft()[0], read_result(setup, name)
        if end and not isinstance(end, StopIteration):
            raise end

    def _submit(self, work: Work, setup: WorkerSetup, task: object) -> Future[str]:
        # A process started here inherits that: this one decides when to stop
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._executor.submit(_run, work, setup, task)
        except BrokenProcessPool as problem:
            future: Future[str] = Future()
            future.set_exception(problem)
            return future
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _first_result(
        self, under_way: deque[tuple[Task, Future[str]]], submit: Callable[[Task], Future[str]], progress: Progress
    ) -> str:
        """The result of the first task, after starting again what a process that ended did not finish."""
        for _ in range(MAX_STARTS):
            try:
                while not wait((under_way[0][1],), PROGRESS_PAUSE).done or self._channel.poll():
                    while self._channel.poll():
                        progress(self._channel.recv())
                return under_way[0][1].result()
            except BrokenProcessPool:
                self._executor.shutdown()
                self._executor = self._start()
            for number, (task, future) in enumerate(under_way):
                if not future.done() or future.exception():
                    under_way[number] = task, submit(task)
        raise InputError(
            f"worker processes ended {MAX_STARTS} times at {_where(under_way[0][0])}; if memory is short, use fewer"
            " (--workers 1)"
        )


def _where(task: object) -> str:
    part: Any = getattr(task, "part", task)
    return f"byte {part.start:,} of {getattr(part, 'name', 'its content')}"


# ---- in such a process -----------------------------------------------------------------------------------

_channels: list[Connection[int, int]] = []
"""The way back to the program, once a worker has begun."""


def _begin(channel: Connection[int, int]) -> None:
    _channels.append(channel)
    threading.Thread(target=_end_with, args=(channel,), daemon=True).start()


def _end_with(channel: Connection[int, int]) -> None:
    with suppress(EOFError, OSError):
        channel.recv()  # nothing ever comes: this returns when the program has closed its end, or is gone
    os._exit(0)


def _run(work: Work, setup: WorkerSetup, task: object) -> str:
    return run_task(work, setup, task, _channels[0].send)
