"""The calendar of announcements: labels, holidays, times across clock changes, and when a day closes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.papers.announcement_days import day_of_issue, is_of_issue
from hotpapers.base.papers.arxiv import calendar as days

HOUR = 3_600_000_000
DATES = st.dates(date(2010, 1, 1), date(2045, 12, 31))
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2045, 12, 31), timezones=st.just(UTC)).map(
    lambda at: round(at.timestamp()) * 1_000_000
)


def utc(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1e6, UTC):%Y-%m-%dT%H:%M}"


def moment(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("day", "announced_at", "closes"),
    [
        ("2026-07-27", "2026-07-27T00:00", "2026-07-27T04:00"),  # summer
        ("2026-11-20", "2026-11-20T01:00", "2026-11-20T05:00"),  # winter
        ("2026-11-23", "2026-11-23T01:00", "2026-11-23T05:00"),  # Monday's comes out on Sunday evening
        ("2026-03-09", "2026-03-09T00:00", "2026-03-09T04:00"),  # clocks changed the night before
        ("2026-11-02", "2026-11-02T01:00", "2026-11-02T05:00"),
        ("2026-10-30", "2026-10-30T00:00", "2026-10-30T04:00"),  # clocks have changed in Europe but not in New York
    ],
)
def test_moments(day: str, announced_at: str, closes: str) -> None:
    assert utc(days.announced_at(day)) == announced_at
    assert utc(days.closes_at(day)) == closes
    assert days.date_at(days.closes_at(day)).isoformat() == day


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-11-27", "Thanksgiving"),  # nothing on Thursday evening
        ("2026-11-26", ""),  # came out on Wednesday evening
        ("2026-12-28", "winter break"),  # nothing on the Sunday after Friday, December 25
        ("2026-12-25", ""),
        ("2025-07-07", "Independence Day"),
        ("2026-01-02", "New Year"),
        ("2020-06-10", "strike"),
        ("2027-06-21", "Juneteenth"),  # by rule: observed on Friday the 18th
        ("2028-01-18", "Martin Luther King"),
        ("2031-09-02", "Labor Day"),
        ("2033-12-27", "winter break"),  # Christmas on a Sunday is observed on Monday
        ("2018-11-23", ""),  # before the known years
    ],
)
def test_holidays(day: str, reason: str) -> None:
    assert days.holiday_reason(day) == reason
    assert days.has_announcement(day) == (not reason)


def test_settings_may_name_more_holidays() -> None:
    assert days.has_announcement("2027-12-31")
    assert not days.has_announcement("2027-12-31", {"2027-12-30"})
    assert days.holiday_reason("2027-12-31", {"2027-12-30"}) == "holiday"
    assert days.next_day("2027-12-30", {"2027-12-30"}) == "2028-01-03"
    assert days.announced_for(moment("2027-12-29T20:00"), {"2027-12-30"}) == "2028-01-03"


def test_known_holidays_are_weekdays_and_rules_find_the_regular_ones() -> None:
    known = [day for year in range(2020, 2027) for day in days.holidays_of(year)]
    assert len(known) == 55
    assert all(date.fromisoformat(day).weekday() < 5 for day in known)
    for year in range(2027, 2046):
        assert len(days.holidays_of(year)) in (6, 7, 8)


@given(DATES)
def test_labels_are_weekdays_and_steps_go_there_and_back(day: date) -> None:
    label = days.label_of(day)
    assert date.fromisoformat(label).weekday() < 5
    assert label >= day.isoformat()
    next_label, previous_label = days.next_day(label), days.previous_day(label, extra_holidays=())
    assert previous_label < label < next_label
    assert days.has_announcement(next_label) and days.has_announcement(previous_label)
    assert list(days.labels_between(previous_label, next_label, extra_holidays=())) == (
        [label] if days.has_announcement(label) else []
    )
    assert days.previous_day(next_label, extra_holidays=()) == (
        label if days.has_announcement(label) else previous_label
    )


@given(DATES)
def test_a_label_and_its_deadline(day: date) -> None:
    label = days.label_of(day)
    deadline = days.deadline_day(label)
    assert deadline.weekday() < 5
    assert days.next_label(deadline.isoformat()) == label
    assert timedelta(1) <= date.fromisoformat(label) - deadline <= timedelta(3)


@given(MOMENTS)
def test_submissions_are_announced_on_the_next_announcement_day(submitted: int) -> None:
    label = days.announced_for(submitted)
    assert days.has_announcement(label)
    assert submitted < days.announced_at(label)
    earlier = days.previous_day(label, extra_holidays=())
    deadline = days.deadline_day(earlier)
    assert days.date_at(submitted) >= deadline


@given(MOMENTS)
def test_the_current_label_is_out(at: int) -> None:
    label = days.latest_label(at)
    assert days.closes_at(label) <= at < days.closes_at(days.next_label(label))


@pytest.mark.parametrize(
    ("submitted", "label"),
    [
        ("2026-11-06T18:59", "2026-11-09"),  # Friday 13:59: out on Sunday evening
        ("2026-11-06T19:00", "2026-11-10"),  # Friday 14:00: out on Monday evening
        ("2026-11-07T12:00", "2026-11-10"),
        ("2026-11-25T19:00", "2026-11-30"),  # Wednesday before Thanksgiving, too late: counts for Friday's deadline
        ("2016-06-01T19:30", "2016-06-02"),  # until 2017, 15:30 was in time
        ("2017-06-01T19:30", "2017-06-05"),
    ],
)
def test_deadlines(submitted: str, label: str) -> None:
    assert days.announced_for(moment(submitted)) == label


@given(DATES, st.sampled_from(["arxiv:2403.00001", "doi:10.1101/2024.01.02.700001"]))
def test_a_paper_is_of_one_weekday_s_issue(announced: date, paper: str) -> None:
    is_arxiv = paper.startswith("arxiv:")
    if is_arxiv and announced.weekday() > 4:
        return
    day = day_of_issue(paper, announced.isoformat())
    week = [announced + timedelta(days=n) for n in range(-3, 8)]
    weekdays = [date.isoformat() for date in week if date.weekday() < 5]
    assert [other for other in weekdays if is_of_issue(paper, announced.isoformat(), other)] == [day]
