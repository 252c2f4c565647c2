"""Which issues are due: plain functions of the clock."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import DAY, HOUR, Publication
from hotpapers.issues.windows import is_label, scheduled_closing
from hotpapers.publish.schedule import due
from tests.issues.made import moment

DAILY = Publication(publication="daily", title="D", hour=8, zone="UTC", observed_at=0)
WEEKLY = Publication(publication="weekly", title="W", window="weekly", hour=8, zone="America/New_York", observed_at=0)
MONTHLY = Publication(publication="monthly", title="M", window="monthly", hour=8, zone="Asia/Tokyo", observed_at=0)
LISTING = Publication(publication="listing", title="L", window="listing", observed_at=0)
NOW = moment("2024-05-08T09:00")


def test_a_daily_issue_is_due_on_weekdays_at_its_hour() -> None:
    start = moment("2024-05-01T09:00")
    days = ["2024-05-02", "2024-05-03", "2024-05-06", "2024-05-07", "2024-05-08"]
    assert due.due_days(DAILY, (), start, NOW) == days
    assert due.due_days(DAILY, days[:3], start, NOW) == days[3:]
    assert due.due_days(DAILY, (), start, moment("2024-05-08T07:59")) == days[:-1]
    assert due.due_days(DAILY, (), moment("2024-05-08T08:00"), NOW) == []


def test_a_weekly_issue_is_due_on_monday_a_monthly_one_on_the_first() -> None:
    assert due.due_days(WEEKLY, (), 1, NOW) == ["2024-04-29", "2024-05-06"]
    assert due.due_days(MONTHLY, (), 1, NOW) == ["2024-05-01"]
    assert due.due_days(LISTING, (), 1, NOW) == [] and due.upcoming_day(LISTING, NOW) == ""


def test_days_missed_long_ago_are_not_due() -> None:
    days = due.due_days(DAILY, (), 1, NOW)
    assert len(days) == 11 and days[0] == "2024-04-24"


def test_the_next_one_and_whether_it_is_near() -> None:
    assert due.upcoming_day(DAILY, NOW) == "2024-05-09"
    assert due.upcoming_day(DAILY, moment("2024-05-10T09:00")) == "2024-05-13"
    assert due.upcoming_day(WEEKLY, NOW) == "2024-05-13"
    assert due.upcoming_day(MONTHLY, NOW) == "2024-06-01"
    assert due.is_near(DAILY, "2024-05-09", moment("2024-05-09T07:40"))
    assert not due.is_near(DAILY, "2024-05-09", moment("2024-05-09T07:00"))
    assert not due.is_near(DAILY, "2024-05-09", moment("2024-05-09T08:00"))


def test_a_publication_that_ends_has_no_issue_after_its_last_day() -> None:
    ended = msgspec.structs.replace(DAILY, last_day="2024-05-07")
    assert due.due_days(ended, (), moment("2024-05-03"), NOW) == ["2024-05-03", "2024-05-06", "2024-05-07"]
    assert due.upcoming_day(ended, moment("2024-05-06T09:00")) == "2024-05-07"
    assert due.upcoming_day(ended, NOW) == "" and not due.is_near(ended, "", NOW)
    long_ago = msgspec.structs.replace(DAILY, last_day="2020-12-31")
    assert due.first_due(long_ago, NOW, NOW) == NOW and due.due_days(long_ago, (), NOW, NOW) == []


@given(
    st.integers(moment("2023-01-01"), moment("2026-01-01")),
    st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Zurich", "America/New_York"]),
    st.integers(0, 23),
    st.sampled_from([DAILY, WEEKLY, MONTHLY]),
)
def test_every_issue_becomes_due_at_its_own_moment_everywhere(
    now: int, zone: str, hour: int, publication: Publication
) -> None:
    publication = msgspec.structs.replace(publication, zone=zone, hour=hour)
    upcoming_day = due.upcoming_day(publication, now)
    cut = scheduled_closing(publication, upcoming_day)
    assert cut > now and is_label(publication, datetime.date.fromisoformat(upcoming_day))
    assert upcoming_day in due.due_days(publication, (), now, cut)
    assert upcoming_day not in due.due_days(publication, (), now, cut - 1)
    assert due.due_days(publication, (), now, now) == []
    assert cut - now <= 33 * DAY + HOUR


def clock_changes(zone: str) -> list[int]:
    """The hours of 2026 in which the clocks of a zone change."""
    hours = range(moment("2026-01-01"), moment("2027-01-01"), HOUR)
    offsets = [datetime.datetime.fromtimestamp(at / 1e6, ZoneInfo(zone)).utcoffset() for at in hours]
    return [at for at, before, after in zip(hours[1:], offsets, offsets[1:], strict=False) if before != after]


@pytest.mark.parametrize("publication", [DAILY, WEEKLY, MONTHLY], ids=lambda publication: publication.window)
@pytest.mark.parametrize(
    "zone", ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago"]
)
def test_each_issue_comes_once_where_an_hour_is_missing_or_comes_twice(zone: str, publication: Publication) -> None:
    """In Cairo clocks change on Fridays, in New York on the first of a month."""
    changes = clock_changes(zone)
    assert len(changes) == 2
    for change in changes:
        for hour in (0, 1, 2, 3, 23):
            closing = msgspec.structs.replace(publication, zone=zone, hour=hour)
            since, until, frozen = change - 4 * DAY, change + 4 * DAY, list[str]()
            for at in range(since, until + 1, HOUR // 2):
                newly_due = due.due_days(closing, frozen, since, at)
                assert all(at - HOUR // 2 < scheduled_closing(closing, day) <= at for day in newly_due)
                frozen += newly_due
            days = (datetime.date.fromordinal(n) for n in range(719_163 + since // DAY - 1, 719_165 + until // DAY))
            labels = [str(day) for day in days if is_label(closing, day)]
            assert frozen == [day for day in labels if since < scheduled_closing(closing, day) <= until]
