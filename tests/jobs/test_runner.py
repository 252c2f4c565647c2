"""All jobs of a process: a thread each, leases renewed; a damaged store ends them all."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from hotpapers.base.errors import (
    CorruptStore,
    FullStore,
    NetError,
    RetryAfter,
    RetryLater,
    Stopped,
    StreamGap,
    UnreachableStore,
)
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext, JobLoop, JobRunner
from hotpapers.record import Record

SHORT = 1_000_000
"""The length of a lease in these tests, in microseconds."""


class CountingJob:
    """A job that counts its rounds and may fail."""

    def __init__(self, name: str, pause: Callable[[int], float]) -> None:
        self.name, self._pause = name, pause
        self.rounds = 0
        self.closed = threading.Event()

    def run_once(self, work: JobContext, *, once: bool) -> float:
        self.rounds += 1
        return self._pause(self.rounds)

    def close(self) -> None:
        self.closed.set()


def clock_until(stop: threading.Event) -> Clock:
    def sleep(seconds: float) -> None:
        if stop.wait(min(seconds, 0.02)):
            raise Stopped("told to")

    return Clock(lambda: time.time_ns() // 1000, sleep)


def leases_of(store: str, holder: str) -> Leases:
    return Leases(partial(Record, store), holder, hold=SHORT)


def loop_factory(store: str, job: CountingJob, leases: Leases, stop: threading.Event) -> Callable[[], JobLoop]:
    return lambda: JobLoop(job.name, lambda: job, partial(Record, store), leases, clock_until(stop))


def test_every_job_is_done_once_and_closed(store_url: str) -> None:
    stop = threading.Event()
    jobs = [CountingJob("one", lambda _: 0.0), CountingJob("two", lambda _: 0.0)]
    leases = leases_of(store_url, "here")
    with leases:
        JobRunner({job.name: loop_factory(store_url, job, leases, stop) for job in jobs}, stop).run(once=True)
    assert [job.rounds for job in jobs] == [1, 1] and all(job.closed.is_set() for job in jobs)
    with Record(store_url) as record:
        assert [status.source for status in jobs_queries.all_states(record)] == ["one", "two"]
        assert record.database.rows("SELECT count(*) FROM lease") == [(0,)]


def test_a_network_that_said_when_to_come_back_is_left_alone_by_later_processes_too(store_url: str) -> None:
    def ask_to_wait(_: int) -> float:
        raise RetryAfter(600, "later")

    def spend_budget(_: int) -> float:
        raise RetryLater(600, "a budget of our own")

    jobs = [CountingJob("asked", ask_to_wait), CountingJob("own", spend_budget)]
    for _ in range(2):  # each time as a new process
        stop, leases = threading.Event(), leases_of(store_url, "here")
        with leases:
            JobRunner({job.name: loop_factory(store_url, job, leases, stop) for job in jobs}, stop).run(once=True)
    assert [job.rounds for job in jobs] == [1, 2]
    with Record(store_url) as record:
        status = jobs_queries.load_state(record, "asked")
        assert (status.state, status.reason) == ("waiting", "later") and status.failing_since is not None


def test_with_once_a_stream_is_read_on_after_a_gap(store_url: str) -> None:
    def lose_events(round: int) -> float:
        if round == 1:
            raise StreamGap("what the server has begins later", "7", (1, 2))
        return 0.0

    stop, job = threading.Event(), CountingJob("stream", lose_events)
    with leases_of(store_url, "here") as leases:
        JobRunner({"stream": loop_factory(store_url, job, leases, stop)}, stop).run(once=True)
    assert job.rounds == 2
    with Record(store_url) as record:
        status = jobs_queries.load_state(record, "stream")
        assert (status.state, status.failing_since) == ("idle", None)


@pytest.mark.parametrize("problem", [NetError("silence"), StreamGap("a gap", "7"), RuntimeError("our own")])
def test_a_round_that_fails_closes_what_it_read_from(store_url: str, problem: Exception) -> None:
    """Otherwise connections stay open, and their threads end with the process, or keep it from ending."""
    closed: list[bool] = []

    def connection() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    def pages(messages: Iterator[int]) -> Iterator[int]:
        for message in messages:
            yield message
            raise problem

    def read(_: int) -> float:
        for _page in pages(connection()):
            pass
        return 0.0

    stop, job = threading.Event(), CountingJob("stream", read)
    with leases_of(store_url, "here") as leases:
        loop_factory(store_url, job, leases, stop)().attempt(once=True)
        assert closed == [True] * job.rounds


def test_with_once_what_escapes_a_job_is_handed_on_and_the_others_are_done(store_url: str) -> None:
    def fail(_: int) -> float:
        raise RuntimeError("our own")

    stop = threading.Event()
    jobs = [CountingJob("broken", fail), CountingJob("good", lambda _: 0.0)]
    leases = leases_of(store_url, "here")
    with leases:
        [problem] = JobRunner({job.name: loop_factory(store_url, job, leases, stop) for job in jobs}, stop).run(
            once=True
        )
    assert isinstance(problem, RuntimeError) and not stop.is_set()
    assert [job.rounds for job in jobs] == [1, 1] and all(job.closed.is_set() for job in jobs)


def test_with_once_it_is_said_that_another_process_has_a_job(store_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a command waits in silence, and forever if the other process is `hotpapers run`."""
    caplog.set_level(logging.INFO, "hotpapers")
    open_record = partial(Record, store_url)
    stop, job, other_process = threading.Event(), CountingJob("good", lambda _: 0.0), Leases(open_record, "there")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            other_process.close()

    with open_record() as record, Leases(open_record, "here") as leases:
        assert other_process.take(record, "good")
        loop = JobLoop("good", lambda: job, open_record, leases, Clock(lambda: 1, sleep))
        JobRunner({"good": lambda: loop}, stop).run(once=True)
    assert job.rounds == 1 and len(pauses) == 3
    assert [entry.message for entry in caplog.records] == ["waiting"]
    assert "another process has this job" in caplog.records[0].fields["reason"]  # type: ignore[attr-defined]


def test_a_store_that_no_waiting_mends_stops_all(store_url: str) -> None:
    def find_damage(_: int) -> float:
        raise CorruptStore("bits fell over")

    stop = threading.Event()
    jobs = [CountingJob("good", lambda _: 0.0), CountingJob("broken", find_damage)]
    leases = leases_of(store_url, "here")
    with pytest.raises(CorruptStore), leases:
        JobRunner({job.name: loop_factory(store_url, job, leases, stop) for job in jobs}, stop).run()
    assert stop.is_set()


def failing_first(times: int, problem: Exception, stop: threading.Event) -> Callable[[int], float]:
    """The rounds of a job that fails so many times, then ends the program."""

    def do(number: int) -> float:
        if number <= times:
            raise problem
        stop.set()
        return 0.0

    return do


def test_a_network_that_is_down_is_seen_and_seen_to_recover(store_url: str, caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()

    caplog.set_level("INFO", "hotpapers")
    job, leases = CountingJob("one", failing_first(2, NetError("no route"), stop)), leases_of(store_url, "here")
    with leases:
        JobRunner({"one": loop_factory(store_url, job, leases, stop)}, stop).run()
    assert job.rounds == 3
    assert caplog.messages == ["failing", "recovered"]
    with Record(store_url) as record:
        assert jobs_queries.load_state(record, "one").failing_since is None


def test_a_store_that_goes_away_is_opened_again(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    stop, attempts = threading.Event(), []

    def lose_store(number: int) -> float:
        if number == 1:
            raise UnreachableStore("the server does not answer")
        stop.set()
        return 0.0

    def open_record() -> Record:
        attempts.append(1)
        if len(attempts) == 2:
            raise UnreachableStore("still not")
        return Record(sqlite_url)

    caplog.set_level("INFO", "hotpapers")
    job, leases = CountingJob("one", lose_store), leases_of(sqlite_url, "here")
    with leases:
        JobRunner({"one": lambda: JobLoop(job.name, lambda: job, open_record, leases, clock_until(stop))}, stop).run()
    assert (job.rounds, len(attempts)) == (2, 3)
    assert caplog.messages == ["store failing", "store failing", "store works again"]


def test_a_store_that_opens_but_does_not_work_is_not_back(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    caplog.set_level("INFO", "hotpapers")
    job, leases = CountingJob("one", failing_first(3, FullStore("full"), stop)), leases_of(sqlite_url, "here")
    with leases:
        JobRunner({"one": loop_factory(sqlite_url, job, leases, stop)}, stop).run()
    assert caplog.messages == ["store failing"] * 3 + ["store works again"]


@pytest.mark.long
def test_one_process_does_a_job_and_another_takes_it_over(store_url: str) -> None:
    """A lease is renewed while it is held, and free once its holder is gone, even if it was never given back."""
    first, second = leases_of(store_url, "first"), leases_of(store_url, "second")
    with Record(store_url) as record:
        first.__enter__()
        assert first.take(record, "job")
        time.sleep(2 * SHORT / 1e6)
        assert not second.take(record, "job") and first.holds("job") and not second.holds("job")
        first._closed.set()  # as if it were killed: nothing is renewed or given back
        first._thread.join()
        deadline = time.monotonic() + 20 * SHORT / 1e6
        while not second.take(record, "job"):
            assert time.monotonic() < deadline
            time.sleep(SHORT / 1e6 / 10)
        assert second.holds("job") and not first.holds("job")
        assert not first.take(record, "job")
    second.close()
