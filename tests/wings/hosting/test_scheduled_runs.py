"""When a host runs, what a run leaves behind, and the site published by a host without its own folder."""

from __future__ import annotations

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.settings import PublicationSettings
from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from hotpapers.wings.hosting import schedule
from hotpapers.wings.hosting.schedule import GRACE, cron_lines, next_planned, planned_time, run_times
from hotpapers.wings.hosting.scheduled_runs import check_empty

TODAY = datetime.date(2026, 11, 20)
MORNING = int(datetime.datetime(2026, 11, 20, 7, 31, tzinfo=datetime.UTC).timestamp())
SECOND = 1_000_000
MOMENTS = (datetime.time(1, 23), datetime.time(7, 7), datetime.time(13, 23))


def publication_at(hour: int, zone: str, window: str = "daily") -> PublicationSettings:
    return PublicationSettings(name="daily", hour=hour, zone=zone, window=window)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hour", "zone", "cron"),
    [
        (8, "UTC", "7 8 * * *"),
        (8, "Europe/Zurich", "7 6,7 * * *"),
        (8, "America/St_Johns", "37 10,11 * * *"),
        (8, "Asia/Kolkata", "37 2 * * *"),
        (0, "Pacific/Auckland", "7 11,12 * * *"),
        (23, "America/Los_Angeles", "7 6,7 * * *"),
        (0, "Pacific/Chatham", "22 10,11 * * *"),
    ],
)
def test_an_hour_of_a_zone_as_cron_writes_it(hour: int, zone: str, cron: str) -> None:
    assert cron in cron_lines(run_times([publication_at(hour, zone)], TODAY))


def test_networks_are_read_in_between_and_a_listing_has_no_hour() -> None:
    assert cron_lines(run_times([publication_at(8, "UTC", "listing")], TODAY)) == ["23 1,5,9,13,17,21 * * *"]
    moments = run_times(
        [publication_at(8, "UTC"), publication_at(8, "Europe/London"), publication_at(9, "UTC", "weekly")], TODAY
    )
    assert "7 7,8,9 * * *" in cron_lines(moments)


@given(
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
    days=st.integers(0, 365),
)
def test_on_every_day_of_the_year_a_run_follows_the_hour_within_ten_minutes(hour: int, zone: str, days: int) -> None:
    closing = datetime.datetime.combine(
        TODAY + datetime.timedelta(days), datetime.time(hour), ZoneInfo(zone)
    ).astimezone(datetime.UTC)
    at = int(closing.timestamp())
    assert 0 < next_planned(run_times([publication_at(hour, zone)], TODAY), at) - at <= 600


@given(st.sets(st.tuples(st.integers(0, 23), st.integers(0, 59)), min_size=1), st.integers(0, 2**33))
def test_the_planned_moment_is_before_and_the_following_after(pairs: set[tuple[int, int]], at: int) -> None:
    moments = [datetime.time(*pair) for pair in pairs]
    planned_at, following_at = planned_time(moments, at), next_planned(moments, at)
    assert planned_at <= at < following_at
    assert following_at - planned_at <= 24 * 3600


# ---- what a run leaves behind ----------------------------------------------------------------------------


def test_a_run_that_goes_well(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        assert schedule.schedule_sentence(record) == ""
        message = schedule.begin_run(record, MOMENTS, MORNING * SECOND, "schedule")
        assert message == "began 2026-11-20 07:31 UTC, 24 min after its planned time"
        running = jobs_queries.load_state(record, "schedule")
        assert running.state == "running" and running.next_at == (MORNING - 8 * 60 + 6 * 3600 + GRACE) * SECOND
        report = schedule.end_run(record, MOMENTS, (MORNING + 300) * SECOND, "success", (), "https://log.example/7")
        assert report == schedule.ScheduleReport(
            "success", "2026-11-20T07:31:00Z", "2026-11-20T07:36:00Z", "2026-11-20T16:23:00Z", (),
            "https://log.example/7",
        )  # fmt: skip
        assert schedule.schedule_sentence(record) == (
            "This page is updated on a schedule. The last run began 2026-11-20 07:31 UTC and succeeded. The next is "
            "due by 2026-11-20 16:23 UTC; if that time has passed, the schedule has stopped."
        )


def test_failing_runs_publish_since_when_but_not_why(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        for number, (outcome, problems) in enumerate([("failure", ()), ("success", ("a job is silent",))]):
            at = (MORNING + number * 3600) * SECOND
            schedule.begin_run(record, MOMENTS, at, "schedule")
            report = schedule.end_run(record, MOMENTS, at, outcome, problems, "")
            assert report.outcome == "failure"
        status = jobs_queries.load_state(record, "schedule")
        assert status.failing_since == MORNING * SECOND and status.success_at is None
        assert status.reason.startswith("a job is silent (began 2026-11-20 08:31 UTC, 84 min after its planned time")
        sentence = schedule.schedule_sentence(record)
        assert "and failed; runs have failed since 2026-11-20 07:31 UTC." in sentence and "silent" not in sentence
        schedule.begin_run(record, MOMENTS, (MORNING + 7200) * SECOND, "workflow_dispatch")
        schedule.end_run(record, MOMENTS, (MORNING + 7300) * SECOND, "success", (), "")
        assert jobs_queries.load_state(record, "schedule").failing_since is None
        assert jobs_queries.load_state(record, "schedule").reason == "began 2026-11-20 09:31 UTC, by hand"


def test_a_run_that_was_cut_off_is_reported_by_the_next(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        schedule.begin_run(record, MOMENTS, MORNING * SECOND, "schedule")
        message = schedule.begin_run(record, MOMENTS, (MORNING + 6 * 3600) * SECOND, "schedule")
        assert message.endswith("8 min after its planned time; the run that began 2026-11-20 07:31 UTC did not finish")


def test_an_end_without_a_beginning(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        report = schedule.end_run(record, MOMENTS, MORNING * SECOND, "cancelled", (), "")
        assert report.problems == ("the run ended with cancelled",) and report.began == report.ended


# ---- where publications go ----------------------------------------------------------------------------------


def test_an_empty_folder_is_one_that_is_not_there(tmp_path: Path) -> None:
    check_empty(tmp_path / "none")
