"""An issue's page and its API answer, against a bare Starlette app that returns the same bytes.

Ours is `hotpapers serve` without its rate limit, on the demo's store. The peer returns the same bytes from memory, with
only type and length headers. Each runs in its own process under uvicorn with the same settings, and gets requests over
64 open connections from a client on the same cores. Two seconds per turn, the best of seven; latency is to the last
byte of the answer, whose length is checked.

*Beside a writer*: a store with all issues of the archive, while another process writes 100 new posts about other papers
every half second; 16 connections, medians.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench import bench_import, measure
from bench.bench_site import frozen
from hotpapers.cli.demo import take_sample
from hotpapers.issues.freeze import freeze, publication_of
from hotpapers.issues.queries import listed_days
from hotpapers.store import Record

CONNECTIONS = 64
BESIDE = 16
"""Connections while a writer runs."""
MOST_WAIT = 0.05
LAST_PAPER = "SELECT key FROM place JOIN identity ON identity.id = paper ORDER BY day DESC, place LIMIT 1"
SECONDS = 2.0
TURNS = 7
DAY = "2021-01-14"
PAGES = {
    "an issue's page": f"/{DAY}/",
    "an issue from the API": f"/api/v1/publications/hot-papers/issues/{DAY}",
}
GOAL = 0.5


class Turn(NamedTuple):
    """Answers per second, and the 99th percentile of their latency in seconds."""

    rate: float
    p99: float


class Asker(asyncio.Protocol):
    """One connection: sends requests and reads the whole answers, until a deadline."""

    def __init__(self, path: str, length: int, until: float, latencies: list[float], end: asyncio.Future[None]) -> None:
        self._request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        self._length, self._until, self._latencies, self._done = length, until, latencies, end
        self._left, self._head, self._asked_at = 0, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._left, self._head, self._asked_at = -1, b"", time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        if self._left < 0:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._left = self._length_of(head)
        self._left -= len(data)
        if self._left == 0:
            now = time.perf_counter()
            self._latencies.append(now - self._asked_at)
            if now < self._until:
                self._ask()
            else:
                self._transport.close()

    def _length_of(self, head: bytes) -> int:
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert length == self._length
        return length

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the connection or the server."""
        if not self._done.done():
            self._done.set_exception(exc) if exc else self._done.set_result(None)


async def turn(port: int, path: str, length: int, seconds: float, connections: int = CONNECTIONS) -> Turn:
    """One server's results over all connections."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    start_at = time.perf_counter()
    ends: list[asyncio.Future[None]] = []

    def asker() -> Asker:
        ends.append(loop.create_future())
        return Asker(path, length, start_at + seconds, latencies, ends[-1])

    for _ in range(connections):
        await loop.create_connection(asker, "127.0.0.1", port)
    await asyncio.gather(*ends)
    return Turn(len(latencies) / (time.perf_counter() - start_at), quantiles(latencies, n=100)[98])


async def fetched(port: int, path: str) -> bytes:
    """The body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


@contextmanager
def serving(kind: str, store: str, *files: Path) -> Iterator[int]:
    """A server in its own process; its port."""
    command = [sys.executable, "-m", "bench.app_server", kind, store, *map(str, files)]
    process = subprocess.Popen(command, cwd=measure.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    try:
        port = int(process.stdout.readline())
        yield port
    finally:
        process.stdin.close()
        process.wait()


def demo(store: str) -> None:
    """The demo's issues in a store."""
    with Record(store) as record:
        take_sample(record)
        publication = publication_of(record, None)
        for day in listed_days(record, publication.publication):
            freeze(record, publication, day)


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        store = str(Path(name) / "hotpapers.db")
        demo(store)
        with serving("ours", store) as our_port:
            bodies = [asyncio.run(fetched(our_port, path)) for path in PAGES.values()]
            files = [Path(name) / f"{n}{'.json' if body[:1] == b'{' else '.html'}" for n, body in enumerate(bodies)]
            for file, body in zip(files, bodies, strict=True):
                file.write_bytes(body)
            with serving("bare", store, *files) as bare_port:
                lines = []
                for n, (label, path) in enumerate(PAGES.items()):
                    lines += measured(label, (our_port, path), (bare_port, f"/{n}"), len(bodies[n]), scale)
        archive_lines, archive_notes = beside_a_writer(Path(name), scale)
        lines += archive_lines
    sizes = [f"{label}: {len(body):,} bytes" for label, body in zip(PAGES, bodies, strict=True)]
    return {"lines": lines, "method": __doc__, "notes": [*archive_notes, *sizes]}


def measured(
    label: str, own: tuple[int, str], peer: tuple[int, str], length: int, scale: float
) -> list[dict[str, Any]]:
    """Rate and latency of both, in turns."""
    turns: list[list[Turn]] = [[], []]
    for _ in range(max(round(TURNS * scale), 1)):
        for results, (port, path) in zip(turns, (own, peer), strict=True):
            results.append(asyncio.run(turn(port, path, length, max(SECONDS * scale, 0.5))))
    rates = [max(result.rate for result in results) for results in turns]
    waits = [min(result.p99 for result in results) for results in turns]
    return [
        measure.at_least(label, rates[0], rates[1], "answers", GOAL),
        measure.at_most(f"latency there, 99th percentile of {CONNECTIONS} connections", waits[0], waits[1], None),
    ]


def beside_a_writer(folder: Path, scale: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Lines for the front page and a paper's page of all archived issues while something is written, and notes."""
    files, note = bench_import.files(folder, scale)
    store = str(folder / "archive.db")
    frozen(store, files)
    with Record(store) as record:
        key = record.database.rows(LAST_PAPER)[0][0]
    paths = {"the front page": "/", "a paper's page": f"/paper/{key.removeprefix('arxiv:')}/"}
    lines: list[dict[str, Any]] = []
    with serving("ours", store) as our_port:
        for label, path in paths.items():
            body = asyncio.run(fetched(our_port, path))
            file = folder / f"{len(lines)}-archive.html"
            file.write_bytes(body)
            with serving("bare", store, file) as bare_port, serving("writer", store):
                lines += _medians(f"{label} beside a writer", (our_port, path), (bare_port, "/0"), len(body), scale)
    return lines, [note] if note else []


def _medians(
    label: str, own: tuple[int, str], peer: tuple[int, str], length: int, scale: float
) -> list[dict[str, Any]]:
    turns: list[list[Turn]] = [[], []]
    for _ in range(max(round(TURNS * scale), 1)):
        for results, (port, path) in zip(turns, (own, peer), strict=True):
            results.append(asyncio.run(turn(port, path, length, max(SECONDS * scale, 0.5), BESIDE)))
    rates = [median(result.rate for result in results) for results in turns]
    waits = [median(result.p99 for result in results) for results in turns]
    wait = measure.Line(
        f"latency there, 99th percentile of {BESIDE} connections", measure.span(waits[0]), measure.span(waits[1]),
        waits[0] / waits[1], f"≤ {MOST_WAIT * 1000:.0f} ms", waits[0] <= MOST_WAIT,
    )  # fmt: skip
    return [measure.at_least(label, rates[0], rates[1], "answers", GOAL), wait._asdict()]
