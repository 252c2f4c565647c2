"""The files of a published site, and what a question may take of them. The other side alone decides how many there are
and how fast they come: so each question has so many requests and seconds, and what is kept has so many bytes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import InputError, NetError, NotFound, Stopped

if TYPE_CHECKING:
    from hotpapers.base.http import PoliteHttpClient

T = TypeVar("T")
FRESH = 300.0
"""Seconds for which a file is kept."""
MAX_CACHE_BYTES = 50_000_000
MAX_FILE_BYTES = 5_000_000
FILE_OVERHEAD = 1_000
"""Bytes that a kept file takes besides its own."""
MAX_REQUESTS, MAX_SECONDS = 150, 15.0
"""Requests and time of a question."""
TOO_LONG = (
    f"the site took more than {format_duration(MAX_SECONDS)} to answer this; ask for less, or again: "
    "what arrived is kept"
)
Fetch = Callable[[str], bytes]
"""The bytes of a file at a path of the site. Raises NotFound, NetError, Stopped."""


class Question(threading.Event):
    """A question to a site. It is set once nobody waits for the answer any more, or its time is up, so whatever waits
    for a network stops then. `seconds`, `requests`: what it may take."""

    def __init__(self, seconds: float = MAX_SECONDS, requests: float = MAX_REQUESTS) -> None:
        super().__init__()
        self._until = time.monotonic() + seconds
        self._requests = requests

    @property
    def remaining(self) -> float:
        """Seconds until its time is up; 0 if it is."""
        return max(self._until - time.monotonic(), 0)

    def is_set(self) -> bool:
        return super().is_set() or not self.remaining

    def wait(self, timeout: float | None = None) -> bool:
        """Waits so many seconds, or until it is set."""
        seconds = self.remaining if timeout is None else min(timeout, self.remaining)
        super().wait(seconds)
        return self.is_set()

    def check(self) -> None:
        """Raises NetError if its time is up, Stopped if nobody waits for it."""
        if not self.remaining:
            raise NetError(TOO_LONG)
        if self.is_set():
            raise Stopped("the question was canceled")

    def count_request(self) -> None:
        """Counts a request that it sends. Raises NetError if it may send no more."""
        self.check()
        self._requests -= 1
        if self._requests < 0:
            raise NetError(f"this would take more than {MAX_REQUESTS} requests to the site; ask for less")

    def within(self, items: Iterable[T]) -> Iterator[T]:
        """The items, as long as somebody waits for the answer. Raises NetError, Stopped."""
        for item in items:
            self.check()
            yield item


UNLIMITED = Question(inf, inf)


class FileCache:
    """A site's latest files, for all its questions."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bytes = 0
        self._files = OrderedDict[str, tuple[float, bytes]]()

    def get(self, path: str) -> bytes | None:
        """A file; None if it is not kept, or no longer fresh."""
        at, body = self._files.get(path, (-inf, b""))
        return body if self._clock() - at <= FRESH else None

    def put(self, path: str, body: bytes) -> None:
        """Keeps a file, and drops the oldest if they are too many bytes."""
        with self._lock:
            self._drop(path)
            self._files[path] = (self._clock(), body)
            self._bytes += len(body) + FILE_OVERHEAD
            while self._bytes > MAX_CACHE_BYTES:
                self._drop(next(iter(self._files)))

    def _drop(self, path: str) -> None:
        if path in self._files:
            self._bytes -= len(self._files.pop(path)[1]) + FILE_OVERHEAD


def require_once(names: Collection[str], what: str) -> None:
    """Raises InputError if a name is there twice."""
    if len(set(names)) < len(names):
        raise InputError(f"{what} is there twice")


def folder_files(folder: Path) -> Fetch:
    """The files of a site in a folder."""

    def fetch(path: str) -> bytes:
        file = folder / path
        try:
            if file.exists() and not file.is_file():  # a pipe would never end
                raise NotFound(f"{file}: not a file")
            with file.open("rb") as stream:
                return stream.read(MAX_FILE_BYTES + 1)
        except OSError as problem:
            raise NotFound(f"{file}: {problem.strerror}; is this a site of Hot Papers?") from None

    return fetch


def web_files(http: PoliteHttpClient, address: str) -> Fetch:
    """The files of a site at an address that ends with a slash."""

    def fetch(path: str) -> bytes:
        response = http.get(f"{address}{path}", accept=(404, 410))
        if response.status != 200:
            raise NotFound(
                f"{address}{path}: not there; is this a site of Hot Papers, from files? One that `hotpapers serve` "
                "serves has its tools at /mcp"
            )
        return response.body

    return fetch
