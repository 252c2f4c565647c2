"""Blocks sifted by several processes, and given in the order of the archive.

Each process has a thread here that hands it blocks. What a block says of posts is told to all before they are asked
what refers to them: a ledger in the order of the blocks holds what is known so far. At most so many blocks are on the
way. A process that ends, for whatever reason, is started again and gets the same block again: nothing is kept anywhere
but here. When this process is killed the others end, since nobody speaks to them any more.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from hotpapers.errors import HotPapersError, InputError
from hotpapers.ingest.archives.format import ImportTarget
from hotpapers.ingest.archives.formats import FORMATS
from hotpapers.ingest.archives.framing import ArchiveBlock
from hotpapers.ingest.archives.sifting import Sifted, SiftedBlock, data_of, sifted_block
from hotpapers.store import Record
from hotpapers.store.paper_names import load_names

_RUN = "from hotpapers.ingest.archives.workers import run; run()"
WAITING = 8
"""Blocks for each process that may be on the way, or wait for the record."""
MOST_STARTS = 5
"""Times that a process may end over one block before the import gives up."""


PATIENCE = 2
"""Seconds to wait for a thread that reads from a pipe when nobody wants the rest."""


class SifterSetup(NamedTuple):
    """What a process must know: the format, the store with the names of its papers up to a position, and the moment
    that the import takes for now, µs UTC."""

    format: str
    store: str
    position: int
    now: int


class SifterProcess:
    """A process that sifts. `told`: so many keys of the ledger it knows."""

    def __init__(self, setup: SifterSetup) -> None:
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[Any, Any] | None = None
        self.told = 0

    @property
    def pid(self) -> int:
        """Its number; 0 while there is none."""
        return self._process.pid if self._process else 0

    def ask(self, question: object) -> Any:
        """Its answer. Raises EOFError or OSError where the process has ended, RuntimeError for a bug of ours."""
        pipe = self._pipe or self._start()
        pipe.send_bytes(pickle.dumps(question, pickle.HIGHEST_PROTOCOL))
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
        self.told = 0
        if self._process:
            self._process.kill()
            self._process.wait()
        if self._pipe:
            self._pipe.close()
        self._process = self._pipe = None


def run() -> None:
    """The process's work, until nobody asks any more: blocks, and new keys after each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    pipe: Connection[Any, Any] = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, OSError):
        setup = SifterSetup(*pickle.loads(pipe.recv_bytes()))
        try:
            _answer(pipe, setup)
        except (EOFError, OSError):
            raise
        except HotPapersError as problem:
            pipe.send(problem)
        except BaseException:
            pipe.send(traceback.format_exc())


def _answer(pipe: Connection[Any, Any], setup: SifterSetup) -> None:
    with Record(setup.store, create=False) as record:
        names = load_names(record, setup.now, 0, setup.position)
        sifter = FORMATS[setup.format].sifter(ImportTarget(record, names, setup.now, setup.now), ())
    while True:  # the store is not needed any more
        pipe.send(tuple(sifter.sift(data_of(pickle.loads(pipe.recv_bytes())))))
        pipe.send(sifter.referring(pickle.loads(pipe.recv_bytes())))


class SifterPool:
    """Processes that sift the files of an import. `known`: keys of posts that the record has."""

    def __init__(self, count: int, setup: SifterSetup, known: list[bytes]) -> None:
        self.processes = [SifterProcess(setup) for _ in range(count)]
        self._units_of = FORMATS[setup.format].units
        self._keys = known

    def sifted(self, blocks: Iterator[ArchiveBlock]) -> Generator[SiftedBlock]:
        """Blocks in order. Raises what reading them raises, after those before."""
        work = _Work(blocks, self._keys, WAITING * len(self.processes))
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

    def _serve(self, process: SifterProcess, work: _Work) -> None:
        try:
            while (task := work.next()) is not None:
                number, block = task
                work.give(number, self._sift(process, work, number, block))
        except _Stopped:
            process.end()  # in the midst of a block
        except BaseException as problem:
            process.end()
            work.fail(problem)

    def _sift(self, process: SifterProcess, work: _Work, number: int, block: ArchiveBlock) -> SiftedBlock:
        for _ in range(MOST_STARTS):
            try:
                sifted = Sifted(*process.ask(block.task()))
                news = work.learn(number, sifted.keys, process.told)
                process.told += len(news)
                return sifted_block(block, sifted, process.ask(news), self._units_of)
            except (EOFError, OSError):
                process.end()
        raise InputError(
            f"a process that reads it ended {MOST_STARTS} times at byte {block.start:,} of its content; if memory"
            " is short, fewer workers need less of it (--workers 1)"
        )


class _Stopped(Exception):
    """Nobody waits for the rest."""


class _Work:
    """Blocks of a file on their way through several threads, and the ledger of keys."""

    def __init__(self, blocks: Iterator[ArchiveBlock], keys: list[bytes], most: int) -> None:
        self._blocks, self._keys, self._most = blocks, keys, most
        self._reading = threading.Lock()
        self._changed = threading.Condition()
        self._begun = self._learned = self._given = 0
        self._waiting: dict[int, list[bytes]] = {}
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

    def learn(self, number: int, keys: list[bytes], start: int) -> list[bytes]:
        """Writes a block's keys into the ledger; what stands there beyond the first ones, with those of all blocks up
        to this one."""
        with self._changed:
            if number >= self._learned:
                self._waiting[number] = keys
            while self._learned in self._waiting:
                self._keys += self._waiting.pop(self._learned)
                self._learned += 1
            self._changed.notify_all()
        self._wait(lambda: self._learned > number)
        return self._keys[start:]

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
