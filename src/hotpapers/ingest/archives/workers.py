"""Work in several processes: filtering blocks, returned in archive order, and scanning parts of files.

Threads in this process hand out the work. The number of blocks under way is limited. A process that ends, for whatever
reason, is restarted with the same work, as all state is kept here. When this process is killed the others end, since
nothing talks to them any more.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, Full, Queue, SimpleQueue
from typing import Any, NamedTuple, cast

from hotpapers.errors import HotPapersError, InputError
from hotpapers.ingest.archives.block_filter import FilteredBlock, FilterResult, data_of, filtered_block
from hotpapers.ingest.archives.format import ImportTarget
from hotpapers.ingest.archives.formats import FORMATS, LINES, LineSpec
from hotpapers.ingest.archives.framing import ArchiveBlock
from hotpapers.ingest.archives.jetstream_filter import EventBlockFilter
from hotpapers.ingest.archives.scan import PartScan, Scanner, ScanTask
from hotpapers.store import Record
from hotpapers.store.paper_names import load_names

_RUN = "from hotpapers.ingest.archives.workers import run; run()"
WAITING = 8
"""Blocks per process that may be under way or waiting for the record."""
MOST_STARTS = 5
"""Times that a process may end during one piece of work before the import gives up."""
PATIENCE = 2
"""Seconds to wait for a thread that is reading from a pipe when nobody wants the rest."""
LOOK = 0.1
"""Seconds between checks whether anybody still does."""


class WorkerSetup(NamedTuple):
    """What a process must know: the format, the store, the position up to which to load paper names, the import's
    current moment (µs UTC), and for event formats the folder for spilled events."""

    format: str
    store: str
    position: int
    now: int
    folder: str = ""


class WorkerProcess:
    """A process that filters blocks or scans parts of files."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[Any, Any] | None = None
        self._closed, self._lock = False, threading.Lock()

    @property
    def pid(self) -> int:
        """Its process id; 0 if it is not running."""
        return self._process.pid if self._process else 0

    def ask(self, question: object, progress: Callable[[int], object] = int) -> Any:
        """Its answer; numbers that come before it go to `progress`. Raises EOFError or OSError if the process has
        ended, RuntimeError for a defect of ours."""
        pipe = self._pipe or self._start()
        pipe.send_bytes(pickle.dumps(question, pickle.HIGHEST_PROTOCOL))
        answer = pipe.recv()
        while isinstance(answer, int):
            progress(answer)
            answer = pipe.recv()
        if isinstance(answer, HotPapersError):
            raise answer
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer

    def answer(self, name: str | None, place: str, *question: Any) -> Any:
        """The same, but restarts the process if it ends. Raises InputError, with the file's name and the position in
        it, if it ends too often."""
        for _ in range(MOST_STARTS):
            try:
                return self.ask(*question)
            except (EOFError, OSError):
                self.end()
            if self._closed:
                break
        raise InputError(
            f"a worker process ended {MOST_STARTS} times at {place}; if memory is short, use fewer workers"
            " (--workers 1)",
            file=name,
        )

    def _start(self) -> Connection[Any, Any]:
        with self._lock:
            if self._closed:
                raise EOFError
            pipe, child_end = Pipe()
            command = [sys.executable, "-c", _RUN, str(child_end.fileno())]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[child_end.fileno()],
            )
            self._pipe = pipe
        child_end.close()
        pipe.send_bytes(pickle.dumps(self._setup))
        return pipe

    def end(self) -> None:
        """Ends it; the next question starts a new one. An interruption may end it while another thread does."""
        with self._lock:
            process, self._process = self._process, None
            pipe, self._pipe = self._pipe, None
        if process:
            process.kill()
            process.wait()
        if pipe:
            pipe.close()

    def close(self) -> None:
        """Ends it for good."""
        self._closed = True
        self.end()


def run() -> None:
    """The main loop of a worker process; ends when its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    pipe: Connection[Any, Any] = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, OSError):
        setup = WorkerSetup(*pickle.loads(pipe.recv_bytes()))
        try:
            _answer(pipe, setup)
        except (EOFError, OSError):
            raise
        except HotPapersError as problem:
            pipe.send(problem)
        except BaseException:
            pipe.send(traceback.format_exc())


def _answer(pipe: Connection[Any, Any], setup: WorkerSetup) -> None:
    with Record(setup.store, create=False) as record:
        target = ImportTarget(record, load_names(record, setup.now, 0, setup.position), setup.now, setup.now)
        spec = FORMATS[setup.format]
        block_filter = spec.block_filter(target)
    if isinstance(spec, LineSpec):  # the store is not needed any more
        while True:
            pipe.send(tuple(block_filter.filter(data_of(pickle.loads(pipe.recv_bytes())))))
    scanner = Scanner(spec, cast("EventBlockFilter", block_filter), Path(setup.folder))
    while True:
        pipe.send(scanner.scan(pickle.loads(pipe.recv_bytes()), pipe.send))


# ---- parts of files --------------------------------------------------------------------------------------


class ScanPool:
    """Processes that scan parts of files. This process scans too, as it has nothing else to do meanwhile. `here`: its
    own scanner."""

    helps = True

    def __init__(self, count: int, setup: WorkerSetup, own_scanner: Scanner) -> None:
        self._own_scanner = own_scanner
        self.processes = [WorkerProcess(setup) for _ in range(count - self.helps)]
        self._reporting = threading.Lock()

    def scan(self, tasks: Sequence[ScanTask], progress: Callable[[int], object]) -> Iterator[PartScan]:
        """The results for the parts, in order."""

        def report(count: int) -> None:
            with self._reporting:
                progress(count)

        waiting = deque(enumerate(tasks))
        results: dict[int, PartScan] = {}
        threads = ThreadPoolExecutor(len(self.processes))
        try:
            futures = [threads.submit(self._serve, process, waiting, results, report) for process in self.processes]
            for number, task in _taken_from(waiting) if self.helps else ():
                results[number] = self._own_scanner.scan(task, report)
            for future in futures:
                future.result()
        finally:
            waiting.clear()
            threads.shutdown(wait=False)
        yield from (results.pop(number) for number in range(len(tasks)))

    def _serve(
        self, process: WorkerProcess, waiting: deque[tuple[int, ScanTask]], results: dict[int, PartScan],
        progress: Callable[[int], object],
    ) -> None:  # fmt: skip
        for number, task in _taken_from(waiting):
            results[number] = PartScan(*process.answer(task.part.name, f"byte {task.part.start:,}", task, progress))

    def close(self) -> None:
        """Ends all processes."""
        for process in self.processes:
            process.close()


def _taken_from(waiting: deque[tuple[int, ScanTask]]) -> Iterator[tuple[int, ScanTask]]:
    """Waiting tasks, until there are none: each goes to only one of the consumers."""
    with contextlib.suppress(IndexError):
        while True:
            yield waiting.popleft()


# ---- blocks ----------------------------------------------------------------------------------------------


Ahead = Queue[Future[FilteredBlock] | None]
"""Blocks under way, in archive order; None after the last."""


class FilterPool:
    """Processes that filter the files of an import."""

    def __init__(self, count: int, setup: WorkerSetup) -> None:
        self.processes = [WorkerProcess(setup) for _ in range(count)]
        self._idle = SimpleQueue[WorkerProcess]()
        for process in self.processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(count)
        self._units_of = LINES[setup.format].units

    def filtered(self, blocks: Iterator[ArchiveBlock]) -> Generator[FilteredBlock]:
        """Filtered blocks in order. Raises what reading them raises, after the blocks before."""
        ahead, stopped = Ahead(WAITING * len(self.processes)), threading.Event()
        # a daemon, so that the program can exit even if this thread waits for input that never comes
        reader = threading.Thread(target=self._read, args=(blocks, ahead, stopped), daemon=True)
        reader.start()
        try:
            while (future := ahead.get()) is not None:
                yield future.result()
        finally:
            stopped.set()
            reader.join(PATIENCE)
            _cancel_all(ahead)

    def close(self) -> None:
        """Ends all processes."""
        for process in self.processes:
            process.close()
        self._threads.shutdown(cancel_futures=True)

    def _read(self, blocks: Iterator[ArchiveBlock], ahead: Ahead, stopped: threading.Event) -> None:
        """Runs in a thread: passes on each block as it is read, then None or what reading raised."""
        last: Future[FilteredBlock] | None = None
        try:
            for block in blocks:
                if not _put(ahead, self._threads.submit(self._filter, block), stopped):
                    return
        except BaseException as problem:
            last = Future()
            last.set_exception(problem)
        _put(ahead, last, stopped)

    def _filter(self, block: ArchiveBlock) -> FilteredBlock:
        process = self._idle.get()
        try:
            filtered = process.answer(None, f"byte {block.start:,} of its content", block.task())
            return filtered_block(block, FilterResult(*filtered), self._units_of)
        except BaseException:
            process.end()
            raise
        finally:
            self._idle.put(process)


def _put(ahead: Ahead, future: Future[FilteredBlock] | None, stopped: threading.Event) -> bool:
    """Puts it in the queue once there is room. Returns False if the consumer stopped before that."""
    while not stopped.is_set():
        with contextlib.suppress(Full):
            ahead.put(future, timeout=LOOK)
            return True
    return False


def _cancel_all(ahead: Ahead) -> None:
    with contextlib.suppress(Empty):
        while True:
            if future := ahead.get_nowait():
                future.cancel()
