"""An issue's page, its API answer and a search, against a bare Starlette app that returns the same bytes.

Ours is `hotpapers serve` without its rate limit, on the demo's store. The peer returns the same bytes from memory, with
only type and length headers. Each runs in its own process under uvicorn with the same settings, and gets requests over
64 open connections from wrk (`apt-get install wrk`) on the same cores, for two seconds each in turn. Of nine pairs of
turns, the one with the middle ratio counts; latencies are 99th percentiles. Rates are per second of the server's
processor time: what else runs on the machine slows down both, but not in equal turns.

*A page with 2,000 posts*: a paper's, with conversations of 2,000 posts.

*Beside a writer*: a store with all issues of the archive, while another process writes 100 new posts about other papers
every half second; 16 connections.

*All pages cold*: each issue's and each paper's page of that store, requested once over one connection, so that nothing
is cached.

*A frequent word, cold*: a search for the word in most titles, its address different each time, so that nothing is
cached; processor time of the server, in a store with as many posts about as many papers, all of which have the word.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench import bench_import, measure
from bench.bench_site import frozen
from hotpapers.base.model import DAY as DAY_LENGTH
from hotpapers.base.model import Announcement, Item, Mention, Paper, Post, Publication, Snapshot
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.issues.queries import listed_days
from hotpapers.keep.search import update_index
from hotpapers.record import Record, current_time
from hotpapers.site.demo import take_sample
from lab.generated_conversations import network

CONNECTIONS = 64
BESIDE = 16
"""Connections while a writer runs."""
ALL_PAPERS = "SELECT DISTINCT key FROM place JOIN identity ON identity.id = paper ORDER BY key"
LAST_PAPER = "SELECT key FROM place JOIN identity ON identity.id = paper ORDER BY day DESC, place LIMIT 1"
SECONDS = 2.0
TURNS = 9
DAY = "2021-01-14"
PAGES = {
    "an issue's page": f"/{DAY}/",
    "an issue from the API": f"/api/v1/publications/hot-papers/issues/{DAY}",
    "a search's page": "/search/?q=learning",
}
TALKED_ABOUT, TALK_DAY, TALK_POSTS = "arxiv:2603.00001", "2026-03-10", 2_000
"""A paper, the day of its announcement, and the posts about it."""
GOAL, LATENCY = 0.7, 3.0
"""The least share of the peer's rate, and the greatest multiple of its latency."""
COLD_SEARCHES, COLD_MS = 200, 5.0
"""Searches measured, and the most milliseconds of each."""
POSTS = (5_000, 20_000)
"""Posts, and a quarter as many papers, of the stores that are searched."""
PER_SECOND = {"us": 1e6, "ms": 1e3, "s": 1.0}


class Served(NamedTuple):
    """A server's process."""

    port: int
    pid: int

    @property
    def busy(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Turn(NamedTuple):
    """Answers per second of the server's processor time, and the 99th percentile of their latency in seconds."""

    rate: float
    p99: float


def turn(server: Served, path: str, seconds: float, connections: int) -> Turn:
    """One server's results over all connections, from wrk."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--latency"]
    before, address = server.busy, f"http://127.0.0.1:{server.port}{path}"
    answer = subprocess.run([*command, address], capture_output=True, text=True, check=True)
    busy = server.busy - before
    assert "Non-2xx" not in answer.stdout and "Socket errors" not in answer.stdout, answer.stdout
    requests = re.search(r"(\d+) requests in", answer.stdout)
    p99 = re.search(r" 99% +([0-9.]+)(us|ms|s)", answer.stdout)
    assert requests and p99, answer.stdout
    return Turn(int(requests[1]) / busy, float(p99[1]) / PER_SECOND[p99[2]])


async def fetched(port: int, path: str) -> bytes:
    """The body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert b" 200 " in answer[:20], answer[:200]
    return answer.partition(b"\r\n\r\n")[2]


@contextmanager
def serving(kind: str, store: str, *files: Path) -> Iterator[Served]:
    """A server in its own process."""
    command = [sys.executable, "-m", "bench.app_server", kind, store, *map(str, files)]
    process = subprocess.Popen(command, cwd=measure.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    try:
        yield Served(int(process.stdout.readline()), process.pid)
    finally:
        process.stdin.close()
        process.wait()


def demo(store: str) -> None:
    """The demo's issues in a store."""
    with Record(store) as record:
        take_sample(record)
        publication = publication_of(record, None)
        for day in listed_days(record, publication.publication):
            freeze_issue(record, publication, day)


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        store = str(Path(name) / "hotpapers.db")
        demo(store)
        with serving("ours", store) as own_app:
            bodies = [asyncio.run(fetched(own_app.port, path)) for path in PAGES.values()]
            files = [Path(name) / f"{n}{'.json' if body[:1] == b'{' else '.html'}" for n, body in enumerate(bodies)]
            for file, body in zip(files, bodies, strict=True):
                file.write_bytes(body)
            with serving("bare", store, *files) as bare:
                lines = []
                for n, (label, path) in enumerate(PAGES.items()):
                    lines += measured(label, (own_app, path), (bare, f"/{n}"), scale)
        archive_lines, archive_notes = beside_a_writer(Path(name), scale)
        lines += archive_lines
        lines += long_conversations(Path(name), scale)
        lines += [cold_search(Path(name), round(posts * scale)) for posts in POSTS]
    sizes = [f"{label}: {len(body):,} bytes" for label, body in zip(PAGES, bodies, strict=True)]
    return {"lines": lines, "method": __doc__, "notes": [*archive_notes, *sizes]}


def measured(
    label: str, own: tuple[Served, str], peer: tuple[Served, str], scale: float, connections: int = CONNECTIONS
) -> list[dict[str, Any]]:
    """Lines for rate and latency: those of the turn with the middle ratio."""
    servers = (own, peer)
    turns = [
        [turn(server, path, SECONDS * scale, connections) for server, path in servers]
        for _ in range(max(round(TURNS * scale), 1))
    ]
    rates, waits = (sorted(turns, key=lambda pair: pair[0][n] / pair[1][n])[len(turns) // 2] for n in (0, 1))
    latency = f"its latency, {connections} connections"
    return [
        measure.at_least(label, rates[0].rate, rates[1].rate, "answers", GOAL),
        measure.at_most(latency, waits[0].p99, waits[1].p99, LATENCY),
    ]


def beside_a_writer(folder: Path, scale: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Lines for pages of all archived issues while something is written, and notes."""
    files, note = bench_import.files(folder, scale)
    store = str(folder / "archive.db")
    frozen(store, files)
    with Record(store) as record:
        key = record.database.rows(LAST_PAPER)[0][0]
    paths = {
        "the front page": "/",
        "a paper's page": f"/paper/{key.removeprefix('arxiv:')}/",
        "a search's page": "/search/?q=learning",
    }
    lines = [all_cold(folder, store)]
    with serving("ours", store) as own_app:
        for label, path in paths.items():
            body = asyncio.run(fetched(own_app.port, path))
            file = folder / f"{len(lines)}-archive.html"
            file.write_bytes(body)
            with serving("bare", store, file) as bare, serving("writer", store):
                lines += measured(f"{label} beside a writer", (own_app, path), (bare, "/0"), scale, BESIDE)
    load = f"load while pages were cold: {os.getloadavg()[0]:.1f}"
    return lines, [load, *([note] if note else [])]


def long_conversations(folder: Path, scale: float) -> list[dict[str, Any]]:
    """Lines for the page of a paper that is talked about in 2,000 posts."""
    store = str(folder / "talk.db")
    with Record(store) as record:
        at = announced_at(TALK_DAY)
        publication = Publication(publication="daily", title="Daily", ranking="classic/1", threshold=1, observed_at=at)
        record.append([publication, *talked_about(at)], source="bench", at=at + DAY_LENGTH)
        freeze_issue(record, publication, TALK_DAY)
    path = f"/paper/{TALKED_ABOUT.removeprefix('arxiv:')}/"
    label = f"a page with {TALK_POSTS:,} posts"
    file = folder / "talk.html"
    with serving("ours", store) as own_app:
        file.write_bytes(asyncio.run(fetched(own_app.port, path)))
        with serving("bare", store, file) as bare:
            return measured(label, (own_app, path), (bare, "/0"), scale)


def talked_about(at: int) -> Iterator[Item]:
    """A paper announced at a moment, and the posts about it."""
    yield Paper(paper=TALKED_ABOUT, title="A kettle boils at noon", categories=("cs.LG",), observed_at=at)
    yield Announcement(
        paper=TALKED_ABOUT, day=TALK_DAY, category="cs.LG", type="new", announced_at=at, version=1, observed_at=at
    )
    for number, generated in enumerate(network(3, TALK_POSTS, 0.0).posts):
        written_at = at + number * 10_000_000
        name = f"Reader Number {generated.voice}"
        yield msgspec.structs.replace(generated.post, name=name, created_at=written_at, observed_at=written_at)
        yield Snapshot(post=generated.key, reposts=1, likes=generated.reactions, observed_at=written_at)
        if not generated.post.reply_to:
            yield Mention(post=generated.key, paper=TALKED_ABOUT, form="abs", observed_at=written_at)


def all_cold(folder: Path, store: str) -> dict[str, Any]:
    """The line for all pages of issues and papers, each requested once."""
    with Record(store) as record:
        days = [f"/{day}/" for (day,) in record.database.rows("SELECT day FROM issue ORDER BY day")]
        papers = [f"/paper/{key.removeprefix('arxiv:')}/" for (key,) in record.database.rows(ALL_PAPERS)]
    with serving("ours", store) as own_app:
        own_rate, bodies = each_once(own_app, [*days, *papers])
    files = [folder / f"cold-{n}.html" for n in range(len(bodies))]
    for file, body in zip(files, bodies, strict=True):
        file.write_bytes(body)
    with serving("bare", store, *files) as bare:
        bare_rate, _ = each_once(bare, [f"/{n}" for n in range(len(files))])
    return measure.at_least(f"all {len(files):,} pages cold", own_rate, bare_rate, "pages", None)


def cold_search(folder: Path, posts: int) -> dict[str, Any]:
    """The line for searches of a word that all papers and posts have."""
    store = str(folder / f"{posts}-posts.db")
    demo(store)
    with Record(store) as record:
        for first in range(0, posts, 1000):
            record.append(told_of_kettles(range(first, min(first + 1000, posts))), source="bench")
        update_index(record)
    with serving("ours", store) as own_app:
        each_once(own_app, [f"/search/?q=kettle&of={n}" for n in range(20)])
        per_second, _ = each_once(own_app, [f"/search/?q=kettle&no={n}" for n in range(COLD_SEARCHES)])
    return measure.limit(f"a frequent word, cold, with {posts:,} posts", 1000 / per_second, COLD_MS, "ms")


def told_of_kettles(numbers: Iterable[int]) -> Iterator[Item]:
    """Posts, each about a paper that four of them are about."""
    at = current_time()
    for n in numbers:
        paper, post = f"arxiv:2402.{n // 4 + 1:05}", f"bluesky:kettle-{n}"
        if n % 4 == 0:
            abstract = "The lamp beside a kettle is lit, and nobody knows who was here first to light it or why. " * 10
            yield Paper(paper=paper, title=f"Kettle {n} boils", abstract=abstract, observed_at=at)
        text = f"A kettle, and the remark {n} on it"
        yield Post(post=post, network="bluesky", account=f"bluesky:by-{n}", created_at=at, text=text, observed_at=at)
        yield Mention(post=post, paper=paper, form="abs", observed_at=at)


def each_once(server: Served, paths: list[str]) -> tuple[float, list[bytes]]:
    """Pages per second of the server's processor time, requested one after the other, and their bodies."""
    before, bodies = server.busy, list[bytes]()
    with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
        for path in paths:
            connection.request("GET", path)
            answer = connection.getresponse()
            bodies.append(answer.read())
            assert answer.status == 200, path
    return len(paths) / (server.busy - before), bodies
