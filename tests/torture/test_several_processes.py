"""Several processes share a store: all work is done once, even if one is killed, stops, or resumes too late."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from hotpapers.base.errors import NetError, StoreError
from hotpapers.base.model import HttpClient, Item, PayloadPage, RawPayload
from hotpapers.collect.collect_job import CollectJob
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.leases import Leases
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from hotpapers.wings.postgres import server_store
from tests.collect.job_setup import collect_setup
from tests.collect.test_collect_job import Stream
from tests.seeds import generator
from tests.torture.rig import rig
from tests.torture.table import ALL, Report, one_database, torture_only

TOGETHER = 20.0 if ALL else 1.0
"""Real seconds for which processes work together."""
LEASE = 1_000_000
"""How long a lease lasts if no test waits for it, µs."""
WITHIN = 30e6
"""The longest time to take over a dead process's work, µs."""


@pytest.mark.long
@one_database
def test_two_at_once_and_one_is_killed(store_url: str, tmp_path: Path, report: Report) -> None:
    lease = job_state.LEASE if ALL else LEASE
    with rig(store_url, tmp_path, lease=lease) as site, Record(store_url) as record:
        site.start(2)
        site.wait_until_all_are_held(record)
        time.sleep(TOGETHER)
        working_pid = int(next(iter(site.holders(record).values())).partition(":")[0])
        site.kill(working_pid)
        seconds = site.wait_until_all_are_held(record, excluded_pid=working_pid)
        assert seconds < WITHIN / 1e6
        report.add_row(f"taken over from a killed process within 30 s, {site.kind}")
        site.finish(report, "two at once, one killed")


@torture_only
def test_four_share_a_stream_and_are_killed_in_turn(postgres_url: str, tmp_path: Path, report: Report) -> None:
    with rig(postgres_url, tmp_path, lease=LEASE, parts=4) as site, Record(postgres_url) as record:
        site.start(4)
        for _ in range(6):
            site.wait_until_all_are_held(record)
            time.sleep(TOGETHER / 6)
            site.kill(site.running[0])
            site.start()
        site.wait_until_all_are_held(record)
        site.finish(report, "four at once, killed in turn", 6)


@pytest.mark.long
@one_database
def test_a_process_stopped_for_too_long_writes_nothing_stale(store_url: str, tmp_path: Path, report: Report) -> None:
    rng, times = generator(3), 12 if ALL else 1
    with rig(store_url, tmp_path, lease=LEASE) as site:
        site.start(2)
        for n in range(times):
            time.sleep(rng.uniform(0.5, 1.5))
            os.kill(site.running[n % 2], signal.SIGSTOP)
            time.sleep(2.2 * LEASE / 1e6)
            os.kill(site.running[n % 2], signal.SIGCONT)
        site.finish(report, "stopped for longer than a lease", times)


# ---- one by one --------------------------------------------------------------------------------------------


class Slow(Stream):
    """A source that stalls its process in the middle of a page until another process has taken its work."""

    def __init__(self, record: Record, pages: Sequence[PayloadPage | Exception]) -> None:
        super().__init__(pages)
        self._record = record

    def read(self, payload: RawPayload) -> Iterable[Item]:
        time_after_lease = self._record.database.clock() + job_state.LEASE + 1
        assert jobs_queries.take_lease(self._record, "hackernews", "another", at=time_after_lease)
        self._record.append([], source="hackernews", cursor="further")
        return ()


def test_a_page_that_was_read_before_the_lease_ended_is_not_written_after(store_url: str) -> None:
    """Otherwise its ETag, for example, would keep the page from being sent again."""
    page, forgotten = PayloadPage([RawPayload("post", "aa", b"{}", 1)], "stale"), list[str]()
    with Record(store_url) as record, collect_setup(store_url, {}, source=Slow(record, [page])) as setup:
        job = setup.loop.job
        assert isinstance(job, CollectJob)
        job.connection = job.connection._replace(forget=lambda: forgotten.append("what was answered"))
        assert setup.loop.attempt() is None and forgotten == ["what was answered"]
        assert cursor_of(record.database, "hackernews") == "further"
        assert jobs_queries.load_state(record, "hackernews").success_at is None


def test_a_process_that_lost_its_lease_reports_no_failure(store_url: str) -> None:
    """It reads until an error, long after another process has taken over."""

    class Broken(Slow):
        def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
            self.read(RawPayload("post", "aa", b"{}", 1))
            raise NetError("the connection was reset")

    with Record(store_url) as record, collect_setup(store_url, {}, source=Broken(record, [])) as setup:
        assert setup.loop.attempt() is None
        assert jobs_queries.load_state(record, "hackernews").failing_since is None
        assert record.database.rows("SELECT count(*) FROM coverage") == [(0,)]


def test_a_machine_that_fails_in_a_batch_does_not_block_others_for_long(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    assert job_state.LEASE / 1e3 < server_store.IDLE_MS < server_store.WAIT_MS
    monkeypatch.setattr(server_store, "IDLE_MS", 200)
    with Record(postgres_url) as hanging_record, Record(postgres_url) as record:
        with pytest.raises(StoreError), hanging_record.database.write():
            assert jobs_queries.take_lease(record, "lobsters", "another")  # waits until the server times out
            hanging_record.database.rows("SELECT 1")
        assert jobs_queries.holder_of(record, "lobsters") == "another"


def test_by_the_arithmetic_of_leases_work_is_taken_over_within_30_seconds() -> None:
    """A lease and its holder's presence were renewed just now. Then others notice the missing process within one
    renewal, and the free job within one check."""
    leases = Leases(lambda: pytest.fail("no store is needed"), "one")
    check_interval = leases.renew + leases.renew / 10
    assert job_state.LEASE / 1e6 + leases.renew + check_interval < WITHIN / 1e6
