"""Pages of a polled network into the record, from parsing to the commit.

Pages of a hundred Lobsters stories, into a record of 10,000 stories: new ones, and the same ones with other counts. The
peer appends the same items, already parsed, and compares them with nothing. Best of three rounds of twenty pages, in
turns; on PostgreSQL too if a server is reachable.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from bench import measure
from bench.bench_record import fresh_schema
from hotpapers.base.errors import HotPapersError
from hotpapers.base.model import PayloadPage, RawPayload
from hotpapers.base.network_terms import TERMS
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.pipeline import ingest_page, parse_admitted, parse_page
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext
from hotpapers.record import Record
from hotpapers.wings.lobsters.source import LobstersSettings, LobstersSource

PAGE, PAGES, THERE, ROUNDS = 100, 20, 100, 3
"""Stories per page; pages per round; pages already in the record; rounds."""
START = 1_767_225_600 * SECOND
NAME = "lobsters"
SOURCE = LobstersSource(LobstersSettings())


def page(number: int, score: int) -> PayloadPage:
    """A page of stories, each page observed at a different time."""
    at = START + (score * 10_000 + number) * SECOND
    stories = range(number * PAGE, (number + 1) * PAGE)
    return PayloadPage([RawPayload("post", f"s{n}", _story(n, score), at) for n in stories], f"{score}/{number}")


def _story(number: int, score: int) -> bytes:
    return msgspec.json.encode({
        "short_id": f"s{number}", "created_at": "2025-12-31T10:00:00.000-06:00", "title": f"On moss, part {number}",
        "url": f"https://arxiv.org/abs/2512.{number % 20_000 + 1:05d}", "score": score, "comment_count": 1,
        "submitter_user": f"fern{number % 500}",
    })  # fmt: skip


@contextmanager
def at_work(store: str) -> Iterator[JobContext]:
    """What the source's job uses."""
    with Record(store) as record, Leases(partial(Record, store), "bench") as leases:
        leases.take(record, NAME)
        yield JobContext(record, NAME, Clock(lambda: START, time.sleep), leases)


def read(work: JobContext, pages: Sequence[PayloadPage]) -> None:
    """Write pages as live sources do."""
    for payload_page in pages:
        parsed = parse_page(SOURCE, TERMS[NAME], payload_page)
        ingest_page(work, NAME, parsed, payload_page.cursor, NAME, payload_page.payloads[0].at)


def append(work: JobContext, pages: Sequence[Sequence[Any]]) -> None:
    """The peer: append items unchanged."""
    for number, items in enumerate(pages):
        work.record.append(items, source=NAME, at=START, cursor=str(number))


def parsed(pages: Sequence[PayloadPage]) -> list[list[Any]]:
    """The items of each page."""
    return [
        [item for payload in payload_page.payloads for item in parse_admitted(SOURCE, TERMS[NAME], payload).items]
        for payload_page in pages
    ]


def compared(database: str, own: JobContext, peer: JobContext, pages: int) -> list[dict[str, Any]]:
    """The lines for one database: seconds per page, with new stories and with other counts."""
    for work in (own, peer):
        read(work, [page(number, 1) for number in range(THERE)])
    lines = []
    for score, case in enumerate(("new", "with other counts"), 1):
        own_time, peer_time = in_turn(own, peer, score, pages)
        lines.append(measure.at_most(f"a page of {PAGE} posts, {case}, {database}", own_time, peer_time, None))
    return lines


def in_turn(own: JobContext, peer: JobContext, score: int, pages: int) -> list[float]:
    """[ours, peer] in seconds per page, each round with pages of its own."""
    starts = range(THERE, THERE + ROUNDS * pages, pages)
    rounds = [[page(number, score) for number in range(start, start + pages)] for start in starts]
    own_rounds, peer_rounds = iter(rounds), iter(list(map(parsed, rounds)))
    times = measure.by_turns(
        ROUNDS,
        lambda: measure.seconds(partial(read, own, next(own_rounds))),
        lambda: measure.seconds(partial(append, peer, next(peer_rounds))),
    )
    return [seconds / pages for seconds in times]


def in_sqlite(pages: int) -> list[dict[str, Any]]:
    """The lines for SQLite."""
    with tempfile.TemporaryDirectory() as folder, at_work(f"{folder}/a.db") as own, at_work(f"{folder}/b.db") as peer:
        return compared("SQLite", own, peer, pages)


def in_postgres(pages: int) -> list[dict[str, Any]] | str:
    """The lines for PostgreSQL, or why there are none."""
    try:
        import psycopg
    except ImportError as missing:
        return str(missing)
    try:
        with fresh_schema() as first, fresh_schema() as second, at_work(first) as own, at_work(second) as peer:
            return compared("PostgreSQL", own, peer, pages)
    except (HotPapersError, psycopg.Error) as problem:
        return str(problem).splitlines()[0]


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table; `scale` times twenty pages per round."""
    pages = max(int(PAGES * scale), 1)
    lines, server = in_sqlite(pages), in_postgres(pages)
    if isinstance(server, str):
        return {"lines": lines, "method": __doc__, "notes": [f"PostgreSQL was left out: {server}"]}
    return {"lines": lines + server, "method": __doc__}
