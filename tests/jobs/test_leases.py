"""Edge cases of leases, with a clock under the test's control."""

from __future__ import annotations

from functools import partial

import pytest

from hotpapers.base.errors import TakenOver
from hotpapers.jobs import leases
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import LEASE
from hotpapers.jobs.leases import Leases
from hotpapers.record import Record
from tests.collect.sources.net import START


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock by which a process notices that it has held a lease for too long: a list with one number."""
    now = [100.0]
    monkeypatch.setattr(leases, "monotonic_seconds", lambda: now[0])
    return now


def lease_rows(record: Record) -> list[tuple[str, str, int]]:
    return [(row[0], row[1], row[2]) for row in record.database.rows("SELECT * FROM lease ORDER BY source")]


def test_a_lease_is_free_from_the_moment_on_at_which_it_ends(store_url: str) -> None:
    with Record(store_url) as record:
        assert jobs_queries.take_lease(record, "job", "one", at=START)
        assert not jobs_queries.take_lease(record, "job", "two", at=START)
        assert not jobs_queries.take_lease(record, "job", "two", at=START + LEASE - 1)
        assert lease_rows(record) == [("job", "one", START + LEASE)]
        assert jobs_queries.take_lease(record, "job", "two", at=START + LEASE)
        assert lease_rows(record) == [("job", "two", START + 2 * LEASE)]


def test_its_holder_renews_it_and_it_is_longer_then(store_url: str) -> None:
    with Record(store_url) as record:
        assert jobs_queries.take_lease(record, "job", "one", at=START, hold=50)
        assert jobs_queries.take_lease(record, "job", "one", at=START + 20, hold=50)
        assert not jobs_queries.take_lease(record, "job", "two", at=START + 69, hold=50)


def test_a_lease_from_a_clock_that_was_ahead_holds_nobody_up(store_url: str) -> None:
    with Record(store_url) as record:
        assert jobs_queries.take_lease(record, "job", "one", at=START + 1)
        assert jobs_queries.take_lease(record, "job", "two", at=START), "it ends later than a lease taken now could"


def test_leases_that_ended_long_ago_are_swept_out_and_no_others(store_url: str) -> None:
    with Record(store_url) as record:
        jobs_queries.take_lease(record, "dead", "one", at=START)
        jobs_queries.take_lease(record, "late", "one", at=START + 1)
        jobs_queries.take_lease(record, "job", "two", at=START + 2 * LEASE + 1)
        assert [row[:2] for row in lease_rows(record)] == [("job", "two"), ("late", "one")]


def test_one_s_own_leases_are_not_swept_out_however_long_one_stood_still(store_url: str) -> None:
    with Record(store_url) as record:
        jobs_queries.take_lease(record, "job", "one", at=START)
        jobs_queries.take_lease(record, "other", "one", at=START + 9 * LEASE)
        assert [row[:2] for row in lease_rows(record)] == [("job", "one"), ("other", "one")]
        assert jobs_queries.renew_leases(record, ["job"], "one", hold=LEASE) == {"job"}


def test_a_lease_is_given_back_by_its_holder_alone(store_url: str) -> None:
    with Record(store_url) as record:
        jobs_queries.take_lease(record, "job", "one", at=START)
        jobs_queries.end_leases(record.database, "two")
        assert jobs_queries.holder_of(record, "job") == "one"
        jobs_queries.end_leases(record.database, "one")
        assert jobs_queries.holder_of(record, "job") == ""


def test_a_process_that_stood_still_for_too_long_holds_nothing(store_url: str, seconds: list[float]) -> None:
    holder = Leases(partial(Record, store_url), "one", hold=LEASE)
    with Record(store_url) as record:
        assert holder.take(record, "job") and holder.holds("job") and not holder.holds("other")
        seconds[0] += LEASE / 1e6 - 0.001
        assert holder.holds("job")
        seconds[0] += 0.001
        assert not holder.holds("job")
        assert holder.take(record, "job") and holder.holds("job"), "nobody else took it"


def test_what_another_took_meanwhile_is_let_go_of_inside_the_batch(store_url: str) -> None:
    first, second = (Leases(partial(Record, store_url), name, hold=LEASE) for name in ("one", "two"))
    with Record(store_url) as record:
        assert first.take(record, "job") and not second.take(record, "job") and not second.holds("job")
        first.confirm(record, "job")
        jobs_queries.end_leases(record.database, "one")
        assert second.take(record, "job") and first.holds("job"), "it cannot know yet"
        with pytest.raises(TakenOver):
            first.confirm(record, "job")
        assert not first.holds("job")


@pytest.mark.parametrize("is_given_back", [True, False], ids=["given back", "over"])
def test_what_another_had_meanwhile_is_not_renewed(store_url: str, is_given_back: bool) -> None:
    """The job's own state is older than the one that the other process left, and would overwrite it."""
    first, second = (Leases(partial(Record, store_url), name, hold=LEASE) for name in ("one", "two"))
    with Record(store_url) as record:
        assert first.take(record, "job") and first.take(record, "other")
        jobs_queries.end_leases(record.database, "one")
        assert first.take(record, "other") and second.take(record, "job")
        if is_given_back:
            jobs_queries.end_leases(record.database, "two")
        else:
            record.database.run("UPDATE lease SET until_at = 1 WHERE holder = 'two'")
        first.renew_held(record)
        assert not first.holds("job") and first.holds("other")
        with pytest.raises(TakenOver):
            first.confirm(record, "job")
        assert first.take(record, "job"), "for its next round"


def test_a_lease_that_is_renewed_ends_later(store_url: str, seconds: list[float]) -> None:
    holder = Leases(partial(Record, store_url), "one", hold=LEASE)
    with Record(store_url) as record:
        assert holder.take(record, "job")
        record.database.run("UPDATE lease SET until_at = until_at - 1000000")
        [(old_end,)] = record.database.rows("SELECT until_at FROM lease")
        seconds[0] += LEASE / 1e6 - 0.001
        holder.renew_held(record)
        seconds[0] += 1
        assert holder.holds("job") and record.database.rows("SELECT until_at FROM lease")[0][0] > old_end
