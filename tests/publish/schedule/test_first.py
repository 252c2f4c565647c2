"""A site's first hours: what its first issue waits for, and when it appears."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.model import BEGAN, HOUR, Coverage, Publication
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.publish.schedule import due
from hotpapers.publish.schedule.due import ExpectedIssue, first_issues, still_reading_back
from hotpapers.record import Record
from tests.issues.made import moment, write

DAILY = Publication(publication="daily", title="D", hour=8, zone="Europe/Zurich", observed_at=0)
WEEKLY = Publication(publication="weekly", title="W", window="weekly", hour=8, zone="UTC", observed_at=0)
AT_TWO = Publication(publication="daily", title="D", hour=2, zone="UTC", observed_at=0)
BEGINS = moment("2024-05-07T05:59")
MINUTE = HOUR // 60
JOBS = ("bluesky", "bluesky/counts")


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened_record:
        opened_record.database.run("PRAGMA synchronous = OFF")
        yield opened_record


def record_beginning(record: Record) -> None:
    marks = [
        Coverage(network="bluesky", from_at=BEGINS, until_at=BEGINS, state="complete", reason=BEGAN, observed_at=BEGINS)
    ]
    write(record, marks)


def save_job(record: Record, job: str, **fields: object) -> None:
    jobs_queries.save_state(record, JobState(source=job, started_at=BEGINS, **fields))  # type: ignore[arg-type]


def unread_jobs(record: Record, minutes: int = 10) -> list[str]:
    return still_reading_back(record, JOBS, BEGINS + minutes * MINUTE)


def test_it_waits_until_all_is_read_and_counted(record: Record) -> None:
    assert unread_jobs(record) == list(JOBS), "nothing has begun"
    record_beginning(record)
    save_job(record, "bluesky", back_to=BEGINS - 7 * 24 * HOUR)
    save_job(record, "bluesky/counts")
    assert unread_jobs(record) == list(JOBS)
    save_job(record, "bluesky", back_to=BEGINS - 7 * 24 * HOUR, back_at=BEGINS + MINUTE)
    assert unread_jobs(record) == ["bluesky/counts"]
    save_job(record, "bluesky/counts", back_at=BEGINS + 2 * MINUTE)
    assert unread_jobs(record) == []


def test_it_waits_for_two_hours_at_most(record: Record) -> None:
    record_beginning(record)
    save_job(record, "bluesky", back_to=1)
    save_job(record, "bluesky/counts")
    assert unread_jobs(record, 119) == list(JOBS) and unread_jobs(record, 120) == []


def test_it_does_not_wait_for_networks_that_refuse_or_fail(record: Record) -> None:
    record_beginning(record)
    save_job(record, "bluesky/counts")
    save_job(record, "bluesky", back_to=1, failing_since=BEGINS, state="refused")
    assert unread_jobs(record, 1) == []
    save_job(record, "bluesky", back_to=1, failing_since=BEGINS, state="down")
    assert unread_jobs(record, 5) == list(JOBS) and unread_jobs(record, 11) == []


def test_it_waits_for_nothing_where_nothing_is_read_back(record: Record) -> None:
    record_beginning(record)
    for job in JOBS:
        save_job(record, job)
    assert unread_jobs(record) == []


def test_a_site_that_was_there_before_waits_for_nothing(record: Record) -> None:
    coverage = Coverage(network="bluesky", from_at=1, until_at=2, state="complete", observed_at=2)
    write(record, [coverage])
    assert unread_jobs(record) == []


@pytest.mark.parametrize(
    ("at", "publication", "day", "closes"),
    [
        ("2024-05-07T00:30", DAILY, "2024-05-07", "2024-05-07T06:00"),
        ("2024-05-07T05:59", DAILY, "2024-05-07", "2024-05-07T06:00"),
        ("2024-05-07T06:01", DAILY, "2024-05-07", "2024-05-07T06:01"),
        ("2024-05-07T15:30", DAILY, "2024-05-07", "2024-05-07T15:30"),
        ("2024-05-07T17:30", DAILY, "2024-05-07", "2024-05-07T17:30"),
        ("2024-05-07T18:30", DAILY, "2024-05-08", "2024-05-08T06:00"),
        ("2024-05-07T02:30", AT_TWO, "2024-05-07", "2024-05-07T04:00"),
        ("2024-07-05T02:30", AT_TWO, "2024-07-05", "2024-07-05T02:30"),
        ("2024-05-11T10:00", DAILY, "2024-05-10", "2024-05-11T10:00"),
        ("2024-05-12T19:00", DAILY, "2024-05-13", "2024-05-13T06:00"),
        ("2024-05-06T10:00", WEEKLY, "2024-05-06", "2024-05-06T10:00"),
        ("2024-05-07T10:00", WEEKLY, "2024-05-13", "2024-05-13T08:00"),
    ],
)
def test_when_the_first_issue_appears(at: str, publication: Publication, day: str, closes: str) -> None:
    issues = list(first_issues([publication], {}, moment(at)))
    assert issues == [ExpectedIssue(publication.publication, day, moment(closes))]
    assert list(first_issues([publication], {publication.publication: [day]}, moment(at))) == []


def test_a_publication_that_has_ended_waits_for_no_first_issue() -> None:
    ended = msgspec.structs.replace(DAILY, last_day="2024-05-03")
    assert list(first_issues([ended], {}, moment("2024-05-07T10:00"))) == []


def test_of_an_imported_listing_there_is_no_known_time() -> None:
    listing = msgspec.structs.replace(DAILY, window="listing")
    assert list(first_issues([listing], {}, moment("2024-05-07T10:00"))) == []


def test_the_day_of_the_start_has_an_issue_and_none_before() -> None:
    start = moment("2024-05-07T10:00")
    since = due.first_due(DAILY, start, start)
    assert due.due_days(DAILY, (), since, start) == ["2024-05-07"]
    earlier_start = moment("2024-05-01T10:00")
    assert due.first_due(DAILY, earlier_start, start) == earlier_start
    later_start = start + 24 * HOUR
    assert due.first_due(DAILY, later_start, start) == later_start, "a publication that was added a day after"
