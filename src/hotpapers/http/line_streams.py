"""Answers that do not end, with a heartbeat, so that whoever reads them hears of silence."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from hotpapers.errors import NetError
from hotpapers.http.bodies import LineSplitter
from hotpapers.http.transport import SLICE, Deadline

AHEAD = 16
"""Chunks that are read ahead of who takes them; then the server waits."""


Take = Callable[[float], Sequence[bytes] | None]
"""What came within so many seconds, perhaps nothing; None when it has ended. Raises what reading raised."""


def with_heartbeat(take: Take, patience: Deadline, silence: float, longest: float) -> Iterator[bytes | None]:
    """What a stream brings, and None after `silence` seconds without. Raises NetError after `longest`, and Stopped."""
    last_line_at = spoke = time.monotonic()
    while True:
        patience.heed()
        messages = take(min(SLICE, silence))
        if messages is None:
            return
        if messages:
            yield from messages
            last_line_at = spoke = time.monotonic()
            continue
        now = time.monotonic()
        if now - last_line_at >= longest:
            raise NetError(f"nothing came for {longest:g} s")
        if now - spoke >= silence:
            yield None
            spoke = time.monotonic()


class LineStream:
    """The lines of an answer, read in a thread of its own: a read that waits cannot say that nothing comes."""

    def __init__(self, chunks: Iterator[bytes], patience: Deadline, limit: int) -> None:
        self._chunks, self._patience = chunks, patience
        self._lines = LineSplitter(limit)
        self._queue: queue.Queue[bytes | Exception | None] = queue.Queue(AHEAD)
        self._gone = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._read, name="hotpapers-lines", daemon=True)
        self._thread.start()

    def take(self, seconds: float) -> Sequence[bytes] | None:
        """The lines that came; see Take. A last line without an end is a line too."""
        if self._ended:
            return None
        try:
            chunk = self._queue.get(timeout=seconds)
        except queue.Empty:
            return []
        if isinstance(chunk, Exception):
            raise chunk
        if chunk is not None:
            return self._lines.fed(chunk)
        self._ended = True
        rest = self._lines.rest()
        return [rest] if rest else None

    def close(self) -> None:
        """Stops reading. The connection is the caller's to close."""
        self._gone.set()
        self._thread.join()

    def _read(self) -> None:
        """In the thread: every chunk, then None or what went wrong."""
        self._patience.stop = (*self._patience.stop, self._gone)
        last: Exception | None = None
        try:
            for chunk in self._chunks:
                self._put(chunk)
        except Exception as problem:  # whatever it is, it is raised where the lines are taken
            last = problem
        self._put(last)

    def _put(self, chunk: bytes | Exception | None) -> None:
        while not self._gone.is_set():
            try:
                return self._queue.put(chunk, timeout=SLICE)
            except queue.Full:
                continue
