"""The days on which arXiv announces papers: a pure calendar, without a clock.

A day is a label, `YYYY-MM-DD`, Monday to Friday: the morning after the evening of the announcement, which is at 20:00
in New York. It announces the papers submitted by 14:00 on the weekday before (the *deadline*; Friday's for Monday). A
holiday has no deadline, so nothing is announced that evening, or on Sunday evening for a Friday, and the next weekday's
label stays empty. Moments are microseconds UTC.

Sources: https://info.arxiv.org/help/availability.html (the schedule, and the current year's holidays). The dates from
2020 to 2026 are from arXiv's own table of days without a deadline; the reasons are in our words.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
EVENING = time(20)
"""When arXiv announces, in New York."""

NOTHING = "nothing was announced"
"""The start of the coverage text of a day whose feeds were empty."""

_KNOWN = {
    2020: "01-01 New Year, 01-20 Martin Luther King, 06-09 strike, 11-26 Thanksgiving, 12-25 winter break, "
    "12-29 winter break, 12-30 winter break",
    2021: "01-01 New Year, 10-20 staff meeting, 11-25 Thanksgiving, 12-24 winter break, 12-28 winter break, "
    "12-30 winter break",
    2022: "01-17 Martin Luther King, 06-20 Juneteenth, 09-05 Labor Day, 11-24 Thanksgiving, 12-27 winter break, "
    "12-29 winter break",
    2023: "01-16 Martin Luther King, 06-14 staff meeting, 06-19 Juneteenth, 07-04 Independence Day, "
    "08-17 staff meeting, 09-04 Labor Day, 11-23 Thanksgiving, 12-25 winter break, 12-27 winter break",
    2024: "01-15 Martin Luther King, 05-22 staff meeting, 06-19 Juneteenth, 07-04 Independence Day, "
    "09-02 Labor Day, 10-08 staff meeting, 11-28 Thanksgiving, 12-25 winter break, 12-26 winter break, "
    "12-31 winter break",
    2025: "01-01 New Year, 01-20 Martin Luther King, 06-19 Juneteenth, 07-04 Independence Day, 09-01 Labor Day, "
    "11-27 Thanksgiving, 12-25 winter break, 12-30 winter break",
    2026: "01-01 New Year, 01-19 Martin Luther King, 06-19 Juneteenth, 07-03 Independence Day, 09-07 Labor Day, "
    "11-26 Thanksgiving, 12-25 winter break, 12-29 winter break, 12-31 winter break",
}
"""Weekdays without a deadline, as arXiv dates them, with the reason. Later years follow a rule (`holidays_of`)."""


# ---- holidays ------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def holidays_of(year: int) -> dict[str, str]:
    """A year's holidays as arXiv dates them: from the table, or for later years by rule.

    The rule covers the seven that recur every year. It cannot know arXiv's staff meetings, or the two or three days
    between Christmas and New Year that arXiv chooses each December: settings name those. Years before 2020 have none.
    """
    if year in _KNOWN:
        return {f"{year}-{entry[:5]}": entry[6:] for entry in _KNOWN[year].split(", ")}
    if year < min(_KNOWN):
        return {}
    fixed = {(1, 1): "New Year", (6, 19): "Juneteenth", (7, 4): "Independence Day", (12, 25): "winter break"}
    holidays = {}
    for month_day, reason in fixed.items():  # observed on Friday if it falls on a Saturday, on Monday if on a Sunday
        day = date(year, *month_day)
        holidays[day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))] = reason
    holidays[_nth(year, 1, 0, 3)] = "Martin Luther King"
    holidays[_nth(year, 9, 0, 1)] = "Labor Day"
    holidays[_nth(year, 11, 3, 4)] = "Thanksgiving"
    return {day.isoformat(): reason for day, reason in sorted(holidays.items()) if day.year == year}


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def holiday_reason(day: str, extra_holidays: Container[str] = ()) -> str:
    """Why nothing is announced for a weekday's label; empty if something is. `extra_holidays`: further ones, as arXiv
    dates them."""
    deadline = deadline_day(day)
    return holidays_of(deadline.year).get(deadline.isoformat()) or (
        "holiday" if deadline.isoformat() in extra_holidays else ""
    )


# ---- labels ----------------------------------------------------------------------------------------------


def label_of(day: date) -> str:
    """The label for a date: the date itself, or the Monday after a weekend."""
    return (day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))).isoformat()


def deadline_day(day: str) -> date:
    """The weekday of a label's deadline: Friday for Monday's label."""
    at = date.fromisoformat(day)
    return at - timedelta(days={0: 3, 6: 2}.get(at.weekday(), 1))


def has_announcement(day: str, extra_holidays: Container[str] = ()) -> bool:
    """Whether arXiv's schedule has an announcement with this label."""
    return date.fromisoformat(day).weekday() < 5 and not holiday_reason(day, extra_holidays)


def next_label(day: str) -> str:
    """The next weekday's label, whether or not an announcement is expected."""
    return label_of(date.fromisoformat(day) + timedelta(days=1))


def next_day(day: str, extra_holidays: Container[str] = ()) -> str:
    """The next label with an announcement."""
    day = next_label(day)
    return day if has_announcement(day, extra_holidays) else next_day(day, extra_holidays)


def previous_day(day: str, extra_holidays: Container[str]) -> str:
    """The previous label with an announcement."""
    day = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    return day if has_announcement(day, extra_holidays) else previous_day(day, extra_holidays)


def labels_between(start: str, end: str, extra_holidays: Container[str]) -> Iterator[str]:
    """The labels with an announcement after a start and before an end."""
    day = next_day(start, extra_holidays)
    while day < end:
        yield day
        day = next_day(day, extra_holidays)


# ---- moments ---------------------------------------------------------------------------------------------


def announced_at(day: str) -> int:
    """When arXiv announces a label's papers: 20:00 in New York on the evening before, Sunday's for Monday.

    That is 00:00 UTC of the label's own date in summer and 01:00 UTC in winter.
    """
    return _moment(date.fromisoformat(day) - timedelta(days=1), EVENING)


def closes_at(day: str) -> int:
    """The earliest moment at which a day can be closed: midnight in New York, when arXiv's feeds switch to its date."""
    return _moment(date.fromisoformat(day), time())


def date_at(moment: int) -> date:
    """The date in New York at a moment."""
    return _eastern(moment).date()


def latest_label(moment: int) -> str:
    """The label of the latest weekday whose feed is out at a moment, whether or not an announcement is expected."""
    at = date_at(moment)
    return (at - timedelta(days=max(0, at.weekday() - 4))).isoformat()


def label_at(announced_at: int) -> str:
    """The label of an announcement at a moment, which may be up to two hours early: not every record is exact."""
    at = _eastern(announced_at) + timedelta(hours=2)
    return label_of(at.date() + timedelta(days=at.time() >= EVENING))


def announced_for(submitted: int, extra_holidays: Container[str] = ()) -> str:
    """The earliest label under which a submission made at a moment can be announced; it may be held back."""
    at = _eastern(submitted)
    has_old_deadline = at.date() < date(2017, 1, 2)  # until then the deadline was at 16:00
    day = at.date() + timedelta(days=at.hour >= (16 if has_old_deadline else 14))
    while day.weekday() > 4 or day.isoformat() in holidays_of(day.year) or day.isoformat() in extra_holidays:
        day += timedelta(days=1)
    return label_of(day + timedelta(days=1))


def _moment(day: date, at: time) -> int:
    return round(datetime.combine(day, at, EASTERN).timestamp()) * 1_000_000


def _eastern(moment: int) -> datetime:
    return datetime.fromtimestamp(moment // 1_000_000, UTC).astimezone(EASTERN)
