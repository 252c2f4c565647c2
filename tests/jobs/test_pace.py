"""Moments reserved for requests to a host."""

from __future__ import annotations

from hotpapers.base.model import HOUR
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import MAX_WAIT_AHEAD
from hotpapers.jobs.queries import reserve_moment
from hotpapers.record import Record
from tests.collect.sources.net import START


def test_a_host_is_asked_at_its_pace_by_all(store_url: str) -> None:
    with Record(store_url) as record:
        assert [reserve_moment(record, "arxiv.org", 3, at=START) for _ in range(3)] == [0, 3, 6]
        assert reserve_moment(record, "arxiv.org", 3, at=START + 60_000_000) == 0
        assert reserve_moment(record, "example.org", 3) == 0
        assert jobs_queries.all_states(record) == []


def test_a_reserved_moment_that_is_too_far_off_was_reserved_by_a_wrong_clock(store_url: str) -> None:
    with Record(store_url) as record:
        reserve_moment(record, "arxiv.org", MAX_WAIT_AHEAD / 1e6, at=START)
        assert reserve_moment(record, "arxiv.org", 3, at=START) == MAX_WAIT_AHEAD / 1e6
        assert reserve_moment(record, "arxiv.org", 3, at=START) == 0, "that is more than 10 minutes ahead"
        assert reserve_moment(record, "arxiv.org", 3, at=START + 1_000_000) == 2


def test_nobody_waits_for_a_moment_reserved_by_a_clock_that_was_ahead(store_url: str) -> None:
    with Record(store_url) as record:
        now = record.database.clock()
        assert reserve_moment(record, "arxiv.example", 3.0, at=now + HOUR) == 0
        assert reserve_moment(record, "arxiv.example", 3.0, at=now) == 0
        assert reserve_moment(record, "arxiv.example", 3.0, at=now) == 3
