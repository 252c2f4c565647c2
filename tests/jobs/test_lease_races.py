"""Leases: if several processes try to take a lease at the same moment, exactly one gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record

JOBS = 40
PROCESSES = 4


def run_concurrently(store: str, action: Callable[[Record, int], None]) -> None:
    """Runs `action` in all processes at the same moment, each with its own connection."""
    start = threading.Barrier(PROCESSES)

    def run(number: int) -> None:
        with Record(store) as record:
            start.wait()
            action(record, number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_those_who_reach_for_a_lease_at_once_one_gets_it(store_url: str) -> None:
    with Record(store_url):
        pass
    wins: list[tuple[int, int]] = []
    barrier = threading.Barrier(PROCESSES)

    def take(record: Record, number: int) -> None:
        for job in range(JOBS):
            barrier.wait()
            if jobs_queries.take_lease(record, f"job {job}", str(number)):
                wins.append((job, number))

    run_concurrently(store_url, take)
    assert sorted(job for job, _ in wins) == list(range(JOBS))


def test_the_clock_of_a_lease_is_read_while_nobody_else_writes(store_url: str) -> None:
    """Otherwise a process that waited for the lock would check the lease against a time from before it was taken."""
    with Record(store_url) as record:
        calls: list[bool] = []
        clock, write = record.database.clock, record.database.write
        writes: list[object] = []

        def noted_write() -> object:
            writes.append(None)
            return write()

        record.database.write = noted_write  # type: ignore[method-assign, assignment]
        record.database.clock = lambda: (calls.append(bool(writes)), clock())[1]  # type: ignore[method-assign, func-returns-value]
        assert jobs_queries.take_lease(record, "bluesky", "one")
        writes.clear()
        assert jobs_queries.reserve_moment(record, "example.org", 3) == 0
        assert calls == [True, True]
