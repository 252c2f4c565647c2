"""Leases: if several processes try to take one at the same moment, exactly one gets it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hotpapers.jobs import queries as jobs_queries
from hotpapers.store import Record

TAKES = 40
RIVALS = 4


def at_once(store: str, act: Callable[[Record, int], None]) -> None:
    """Runs `act` in all rivals at the same moment, each with its own connection."""
    start = threading.Barrier(RIVALS)

    def rival(number: int) -> None:
        with Record(store) as record:
            start.wait()
            act(record, number)

    threads = [threading.Thread(target=rival, args=(number,)) for number in range(RIVALS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_those_who_reach_for_a_lease_at_once_one_gets_it(store_url: str) -> None:
    with Record(store_url):
        pass
    won: list[tuple[int, int]] = []
    rounds = threading.Barrier(RIVALS)

    def take(record: Record, number: int) -> None:
        for job in range(TAKES):
            rounds.wait()
            if jobs_queries.take_lease(record, f"job {job}", str(number)):
                won.append((job, number))

    at_once(store_url, take)
    assert sorted(job for job, _ in won) == list(range(TAKES))


def test_the_clock_of_a_lease_is_read_while_nobody_else_writes(store_url: str) -> None:
    """Otherwise a process that waited for the lock would check the lease against a time from before it was taken."""
    with Record(store_url) as record:
        calls: list[bool] = []
        clock, write = record.database.clock, record.database.write
        inside: list[object] = []

        def locked() -> object:
            inside.append(None)
            return write()

        record.database.write = locked  # type: ignore[method-assign, assignment]
        record.database.clock = lambda: (calls.append(bool(inside)), clock())[1]  # type: ignore[method-assign, func-returns-value]
        assert jobs_queries.take_lease(record, "bluesky", "one")
        inside.clear()
        assert jobs_queries.reserve_moment(record, "example.org", 3) == 0
        assert calls == [True, True]
