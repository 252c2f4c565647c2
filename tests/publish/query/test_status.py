"""The status: jobs, coverage, the age of issues, in both databases."""

from __future__ import annotations

from hotpapers.base.model import DAY, HOUR, NetworkReading
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.publish.query import QuerySession, status_schemas
from hotpapers.publish.query.status import all_job_health, status_at
from tests.issues.made import read, write
from tests.publish.query.query_stores import TODAY

NOW = TODAY + 10 * DAY


def test_jobs_and_since_when_they_fail(any_session: QuerySession) -> None:
    record = any_session.record
    jobs_queries.save_state(
        record, JobState(source="arxiv", success_at=NOW - HOUR, covered_to=NOW - 2 * HOUR, items=7, next_at=NOW)
    )
    refused_state = JobState(source="lobsters", state="refused", reason="/srv/secret: no", failing_since=NOW - DAY)
    jobs_queries.save_state(record, refused_state)
    with record.database.write():
        record.database.run(
            "INSERT INTO quarantine (source, kind, key, reason, content, body, seen_at, keep_until)"
            " VALUES ('lobsters', 'post', 'k', 'why', ?, ?, 0, 0)", (b"1", b"2"),
        )  # fmt: skip
    arxiv, lobsters = status_at(any_session, NOW).jobs
    assert arxiv == status_schemas.JobStatus(
        job="arxiv", state="idle", reason="", failing_since=None, success_at=NOW - HOUR, lag=7200, next_at=NOW,
        items=7, quarantine=0,
    )  # fmt: skip
    assert (lobsters.state, lobsters.reason, lobsters.failing_since) == ("refused", "/srv/secret: no", NOW - DAY)
    assert (lobsters.lag, lobsters.quarantine) == (None, 1)
    public_status = status_at(QuerySession(record, public=True), NOW)
    assert [job.reason for job in public_status.jobs] == ["", ""]


def test_a_job_whose_process_died_is_stopped_for_whoever_asks(any_session: QuerySession) -> None:
    """A job is at work while a process holds its lease; the command line uses the same function."""
    record = any_session.record
    for source in ("arxiv", "lobsters"):
        jobs_queries.save_state(record, JobState(source=source, state=job_state.WORKING))
    assert jobs_queries.take_lease(record, "arxiv", "somebody", at=NOW)
    assert [job.state for job in status_at(any_session, NOW).jobs] == ["at work", "stopped"]
    assert [job.state for job in all_job_health(record, NOW)] == ["at work", "stopped"]


def test_how_networks_were_read_in_the_last_day(any_session: QuerySession) -> None:
    write(
        any_session.record,
        read("bluesky", NOW - DAY, NOW),
        read("reddit", NOW - DAY, NOW - HOUR, "refused", "HTTP 403"),
        read("lobsters", NOW - 3 * DAY, NOW - 2 * DAY),
        read("arxiv", NOW - 3 * DAY, NOW - 2 * DAY, "partial", "2405.00007 is missing"),
    )
    status = status_at(any_session, NOW)
    assert status.coverage == (
        NetworkReading(network="bluesky", state="complete"),
        NetworkReading(network="lobsters", state="unknown", reason="not read"),
        NetworkReading(network="reddit", state="refused", reason="HTTP 403", since=NOW - DAY),
    )
    assert status.incomplete == (
        status_schemas.MissingPapers(from_at=NOW - 3 * DAY, until_at=NOW - 2 * DAY, reason="2405.00007 is missing"),
    )


def test_the_age_of_the_latest_issue(any_session: QuerySession) -> None:
    [latest] = status_at(any_session, NOW).latest
    assert (latest.publication, latest.day, latest.age) == ("daily", "2024-05-07", 8 * 24 * 3600)


def test_counts_of_the_record(any_session: QuerySession) -> None:
    status = status_at(any_session, NOW)
    assert status.issues == 1
    assert status.position == any_session.position > 0 and status.last_at is not None
