"""How far a job reads back before its first round, and the coverage it records, on the loopback internet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise

import pytest

from hotpapers.base.errors import Stopped
from hotpapers.base.model import BEGAN, DAY, HOUR, READ_BACK, Coverage, PayloadPage
from hotpapers.base.network_terms import TERMS
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob
from hotpapers.collect.sources import SOURCES
from hotpapers.collect.sources.bluesky import EDGE
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext, JobLoop
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from tests.collect.job_setup import fail_next_append
from tests.conftest import needs_wings
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan, parse
from tests.loopback.reading import make_source
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
START = moment("2026-03-12T00:30")
MINUTE = HOUR // 60


@contextmanager
def job(
    store: str, name: str, plan: Plan | None = None, reach: int | None = 7 * DAY
) -> Iterator[tuple[JobLoop, DirectClient]]:
    """A job that reads a network for the first time."""
    http = DirectClient(WORLD, SteppedClock(START), plan or Plan(), stop_at=START + HOUR)
    with Record(store) as record:
        tracked = TrackedPosts(record, name, http.now())
    collect_job = CollectJob(
        make_source(name, http.bases, tracked),
        Connection(http),
        tracked,
        TERMS[name],
        names=SharedPaperIndex(),
        back=reach,
    )
    open_record: Callable[[], Record] = partial(Record, store)
    leases = Leases(open_record, "one", hold=DAY)
    loop = JobLoop(collect_job.name, lambda: collect_job, open_record, leases, Clock(http.now, http.sleep))
    try:
        yield loop, http
    finally:
        loop._close_store()


def coverage(record: Record, name: str) -> list[Coverage]:
    rows = record.view().latest(Coverage, "t.network = ?", (name,), "t.from_at")
    return [row.item for row in rows]


DAYS = {"hackernews": 7, "huggingface": 7, "bluesky": 1}
DAYS |= {name: 7 for name in ("lobsters", "mastodon", "reddit") if name in SOURCES}


@pytest.mark.long
@pytest.mark.parametrize("name, days", DAYS.items())
def test_coverage_goes_back_as_far_as_the_network_told(name: str, days: int, store_url: str) -> None:
    with job(store_url, name) as (loop, _), suppress(Stopped):
        loop.attempt(once=True)
    with Record(store_url) as record:
        rows = coverage(record, name)
        ranges = [row for row in rows if row.until_at > row.from_at]
        assert {row.state for row in rows} == {"complete"}
        edge = EDGE if name == "bluesky" else 0
        assert abs(ranges[0].from_at - (START - days * DAY + edge)) < 3 * MINUTE
        assert ranges[-1].until_at >= START
        assert all(a.until_at == b.from_at for a, b in pairwise(ranges))
        reasons = [row.reason for row in rows if row.until_at == row.from_at]
        assert reasons == [BEGAN, READ_BACK]
        status = jobs_queries.load_state(record, name)
        assert status.back_to == ranges[0].from_at and status.back_at is not None


@pytest.mark.long
def test_what_was_lost_after_the_start_is_missing(store_url: str) -> None:
    """A network is unreachable for hours, and then no longer has its earliest posts."""
    plan = Plan([parse(f"bluesky=refused@{'2026-03-12T00:00'}/26h")])
    with job(store_url, "bluesky", plan) as (loop, http):
        http.stop_at = START + 28 * HOUR
        with suppress(Stopped):
            while True:
                attempt = loop.attempt(once=True)
                http.sleep(attempt.seconds if attempt else 60.0)
    with Record(store_url) as record:
        rows = coverage(record, "bluesky")
        gaps = [row for row in rows if row.state == "partial"]
        assert [(row.from_at - START) // HOUR for row in gaps] == [0]
        first_range = next(row for row in rows if row.state == "complete" and row.until_at > row.from_at)
        assert gaps[0].until_at == first_range.from_at


@needs_wings
@pytest.mark.long
def test_what_could_be_read_counts_where_a_server_is_away(store_url: str) -> None:
    with job(store_url, "mastodon", Plan([parse("mastodon.one=refused@2026-03-12T00:00/35m")])) as (loop, _):
        loop.attempt()
        with Record(store_url) as record:
            rows = coverage(record, "mastodon")
            assert [row.reason for row in rows if row.until_at == row.from_at][-1] == READ_BACK
            assert "complete" not in {row.state for row in rows if row.until_at > row.from_at}
            assert jobs_queries.load_state(record, "mastodon").covered_to is None


def test_what_fails_at_first_is_read_back_later(store_url: str) -> None:
    with job(store_url, "huggingface", Plan([parse("huggingface=503@2026-03-12T00:00/35m")])) as (loop, http):
        loop.attempt()
        with Record(store_url) as record:
            assert (
                jobs_queries.load_state(record, "huggingface").back_at is None
                and cursor_of(record.database, "huggingface") is None
            )
        http.clock.advance(3600)
        http.stop_at = START + DAY
        loop.attempt()
    with Record(store_url) as record:
        first_range = next(
            row for row in coverage(record, "huggingface") if row.state == "complete" and row.until_at > row.from_at
        )
        assert first_range.from_at == START - 7 * DAY or abs(first_range.from_at - (START - 7 * DAY)) < MINUTE


@pytest.mark.parametrize("stored", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("name", [name for name in DAYS if name != "bluesky"])
def test_a_process_that_ends_while_reading_back_costs_no_coverage(
    name: str, stored: int, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one starts after the pages that were stored, and without what the first one knew."""
    store, pages = CollectJob.store, list[PayloadPage]()

    def stop_after(self: CollectJob, context: JobContext, page: PayloadPage) -> None:
        if len(pages) == stored:
            raise Stopped("told to")
        pages.append(page)
        store(self, context, page)

    with monkeypatch.context() as patch, job(store_url, name) as (loop, _), suppress(Stopped):
        patch.setattr(CollectJob, "store", stop_after)
        loop.attempt()
    with job(store_url, name) as (loop, _):
        loop.attempt()
    with Record(store_url) as record:
        assert jobs_queries.load_state(record, name).back_at is not None
        first_range = next(row for row in coverage(record, name) if row.until_at > row.from_at)
        assert first_range.state == "complete" and abs(first_range.from_at - (START - 7 * DAY)) < 3 * MINUTE


def test_the_beginning_is_recorded_even_if_the_store_fails_at_first(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_next_append(monkeypatch)
    with job(store_url, "huggingface") as (loop, _):
        assert [attempt.state for _ in range(2) if (attempt := loop.attempt())] == ["store", "idle"]
    with Record(store_url) as record:
        reasons = [row.reason for row in coverage(record, "huggingface") if row.until_at == row.from_at]
        assert reasons == [BEGAN, READ_BACK]


def test_without_it_a_network_is_read_from_now_on(store_url: str) -> None:
    with job(store_url, "hackernews", reach=0) as (loop, _):
        loop.attempt(once=True)
    with Record(store_url) as record:
        assert [row.reason for row in coverage(record, "hackernews")] == [BEGAN, READ_BACK]
        assert jobs_queries.load_state(record, "hackernews").back_to is None
