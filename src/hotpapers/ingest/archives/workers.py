"""Work done by several processes: blocks sifted, and given in the order of the archive; parts of files looked through.

Each process has a thread here that hands it work. At most so many blocks are on the way. A process that ends, for
whatever reason, is started again and gets the same work again: nothing is kept anywhere but here. When this process is
killed the others end, since nobody speaks to them any more.
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
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, cast

from hotpapers.errors import HotPapersError, InputError
from hotpapers.ingest.archives.format import ImportTarget
from hotpapers.ingest.archives.formats import FORMATS, LINES, LineSpec
from hotpapers.ingest.archives.framing import ArchiveBlock
from hotpapers.ingest.archives.jetstream_sifter import EventSifter
from hotpapers.ingest.archives.scan import PartScan, Scanner, ScanTask
from hotpapers.ingest.archives.sifting import Sifted, SiftedBlock, data_of, sifted_block
from hotpapers.store import Record
from hotpapers.store.paper_names import load_names

_RUN = "from hotpapers.ingest.archives.workers import run; run()"
WAITING = 8
"""Blocks for each process that may be on the way, or wait for the record."""
MOST_STARTS = 5
"""Times that a process may end over one piece of work before the import gives up."""
PATIENCE = 2
"""Seconds to wait for a thread that reads from a pipe when nobody wants the rest."""


class WorkerSetup(NamedTuple):
    """What a process must know: the format, the store with the names of its papers up to a position, the moment that
    the import takes for now (µs UTC), and for formats of events the folder for what it spills."""

    format: str
    store: str
    position: int
    now: int
    folder: str = ""


class WorkerProcess:
    """A process that sifts blocks or looks through parts of files."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[Any, Any] | None = None

    @property
    def pid(self) -> int:
        """Its number; 0 while there is none."""
        return self._process.pid if self._process else 0

    def ask(self, question: object, progress: Callable[[int], object] = int) -> Any:
        """Its answer; numbers that come before it go to `progress`. Raises EOFError or OSError where the process has
        ended, RuntimeError for a bug of ours."""
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

    def _start(self) -> Connection[Any, Any]:
        self._pipe, theirs = Pipe()
        command = [sys.executable, "-c", _RUN, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._pipe.send_bytes(pickle.dumps(self._setup))
        return self._pipe

    def end(self) -> None:
        """Ends it; the next question starts another one."""
        if self._process:
            self._process.kill()
            self._process.wait()
        if self._pipe:
            self._pipe.close()
        self._process = self._pipe = None


def run() -> None:
    """The process's work, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
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
        sifter = spec.sifter(target)
    if isinstance(spec, LineSpec):  # the store is not needed any more
        while True:
            pipe.send(tuple(sifter.sift(data_of(pickle.loads(pipe.recv_bytes())))))
    scanner = Scanner(spec, cast("EventSifter", sifter), Path(setup.folder))
    while True:
        pipe.send(scanner.scan(pickle.loads(pipe.recv_bytes()), pipe.send))


# ---- parts of files --------------------------------------------------------------------------------------


class ScanPool:
    """Processes that look through parts of files; this one does too, as it has nothing else to do meanwhile. `here`:
    how it does."""

    helps = True

    def __init__(self, count: int, setup: WorkerSetup, here: Scanner) -> None:
        self._here = here
        self.processes = [WorkerProcess(setup) for _ in range(count - self.helps)]
        self._telling, self._closed = threading.Lock(), False

    def scan(self, tasks: Sequence[ScanTask], progress: Callable[[int], object]) -> Iterator[PartScan]:
        """What is in each of the parts, in order."""

        def tell(count: int) -> None:
            with self._telling:
                progress(count)

        waiting = deque(enumerate(tasks))
        results: dict[int, PartScan] = {}
        threads = ThreadPoolExecutor(len(self.processes))
        try:
            others = [threads.submit(self._serve, process, waiting, results, tell) for process in self.processes]
            for number, task in _taken_from(waiting) if self.helps else ():
                results[number] = self._here.scan(task, tell)
            for other in others:
                other.result()
        finally:
            waiting.clear()
            threads.shutdown(wait=False)
        yield from (results.pop(number) for number in range(len(tasks)))

    def _serve(
        self, process: WorkerProcess, waiting: deque[tuple[int, ScanTask]], results: dict[int, PartScan],
        progress: Callable[[int], object],
    ) -> None:  # fmt: skip
        for number, task in _taken_from(waiting):
            results[number] = self._scan(process, task, progress)

    def _scan(self, process: WorkerProcess, task: ScanTask, progress: Callable[[int], object]) -> PartScan:
        for _ in range(MOST_STARTS):
            try:
                return PartScan(*process.ask(task, progress))
            except (EOFError, OSError):
                process.end()
            if self._closed:
                break
        raise too_often(task.part.name, f"byte {task.part.start:,}")

    def close(self) -> None:
        """Ends all processes."""
        self._closed = True
        for process in self.processes:
            process.end()


def _taken_from(waiting: deque[tuple[int, ScanTask]]) -> Iterator[tuple[int, ScanTask]]:
    """What waits, until nothing does: each goes to one of those who take from it."""
    with contextlib.suppress(IndexError):
        while True:
            yield waiting.popleft()


def too_often(name: str | None, place: str) -> InputError:
    """The error that no process gets through a piece of work."""
    return InputError(
        f"a process that reads it ended {MOST_STARTS} times at {place}; if memory is short, fewer workers need less of"
        " it (--workers 1)",
        file=name,
    )


# ---- blocks ----------------------------------------------------------------------------------------------


class SifterPool:
    """Processes that sift the files of an import."""

    def __init__(self, count: int, setup: WorkerSetup) -> None:
        self.processes = [WorkerProcess(setup) for _ in range(count)]
        self._units_of = LINES[setup.format].units

    def sifted(self, blocks: Iterator[ArchiveBlock]) -> Generator[SiftedBlock]:
        """Blocks in order. Raises what reading them raises, after those before."""
        work = _Work(blocks, WAITING * len(self.processes))
        threads = [
            threading.Thread(target=self._serve, args=(process, work), daemon=True) for process in self.processes
        ]
        for thread in threads:
            thread.start()
        try:
            yield from work.results()
        finally:
            work.stop()
            for thread in threads:
                thread.join(PATIENCE)

    def close(self) -> None:
        """Ends all processes."""
        for process in self.processes:
            process.end()

    def _serve(self, process: WorkerProcess, work: _Work) -> None:
        try:
            while (task := work.next()) is not None:
                number, block = task
                work.give(number, self._sift(process, block))
        except _Stopped:
            process.end()  # in the midst of a block
        except BaseException as problem:
            process.end()
            work.fail(problem)

    def _sift(self, process: WorkerProcess, block: ArchiveBlock) -> SiftedBlock:
        for _ in range(MOST_STARTS):
            try:
                return sifted_block(block, Sifted(*process.ask(block.task())), self._units_of)
            except (EOFError, OSError):
                process.end()
        raise too_often(None, f"byte {block.start:,} of its content")


class _Stopped(Exception):
    """Nobody waits for the rest."""


class _Work:
    """Blocks of a file on their way through several threads."""

    def __init__(self, blocks: Iterator[ArchiveBlock], most: int) -> None:
        self._blocks, self._most = blocks, most
        self._reading = threading.Lock()
        self._changed = threading.Condition()
        self._begun = self._given = 0
        self._results: dict[int, SiftedBlock] = {}
        self._ended = self._stopped = False
        self._problem: BaseException | None = None

    def next(self) -> tuple[int, ArchiveBlock] | None:
        """The next block and its number; None after the last one. One thread reads at a time."""
        with self._reading:
            self._wait(lambda: self._begun - self._given < self._most)
            if self._ended:
                return None
            try:
                block = next(self._blocks, None)
            except BaseException as problem:
                self._end(problem)
                return None
            if block is None:
                self._end(None)
                return None
            self._begun += 1
            return self._begun - 1, block

    def _end(self, problem: BaseException | None) -> None:
        with self._changed:
            self._ended, self._problem = True, self._problem or problem
            self._changed.notify_all()

    def give(self, number: int, result: SiftedBlock) -> None:
        """A block is done."""
        with self._changed:
            self._results[number] = result
            self._changed.notify_all()

    def results(self) -> Iterator[SiftedBlock]:
        """What is done, in order."""
        while True:
            with self._changed:
                self._changed.wait_for(self._has_next_or_ended)
                if self._given not in self._results:
                    if self._problem:
                        raise self._problem
                    return
                result = self._results.pop(self._given)
                self._given += 1
                self._changed.notify_all()
            yield result

    def _has_next_or_ended(self) -> bool:
        return self._given in self._results or self._stopped or (self._ended and self._given == self._begun)

    def fail(self, problem: BaseException) -> None:
        """A thread cannot go on: nothing comes after what is done."""
        with self._changed:
            self._problem = problem
        self.stop()

    def stop(self) -> None:
        """Nobody waits for the rest."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _wait(self, ready: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or ready())
            if self._stopped:
                raise _Stopped
