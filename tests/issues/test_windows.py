"""When an issue closes: hours and zones, also across clock changes; days announced late or never."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from unittest.mock import Mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import IssueError, UsageError
from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.base.model import HOUR, Announcement, Coverage, Issue, Publication, Window
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.base.settings import BotSettings
from hotpapers.base.text.timestamps import SECOND
from hotpapers.issues import build, freeze, windows
from hotpapers.issues.coverage import TURN
from hotpapers.issues.judged_freezing import judge_and_freeze
from hotpapers.issues.windows import scheduled_closing, window_start
from hotpapers.record.record import Record
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    issue,
    moment,
    numbers,
    paper,
    posts_about,
    read,
    write,
)

TODAY = moment(DAY)
CUT = TODAY + 8 * HOUR


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def publication(window: Window = "daily", hour: int = 8, zone: str = "UTC") -> Publication:
    return Publication(publication="any", title="Any", window=window, hour=hour, zone=zone, observed_at=0)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "closes"),
    [
        ("UTC", 8, "2024-05-07", "2024-05-07T08:00"),
        ("UTC", 0, "2024-02-29", "2024-02-29T00:00"),
        ("Europe/Zurich", 8, "2024-03-30", "2024-03-30T07:00"),
        ("Europe/Zurich", 8, "2024-03-31", "2024-03-31T06:00"),
        ("Europe/Zurich", 2, "2024-03-31", "2024-03-31T01:00"),  # an hour skipped by the clock change
        ("Europe/Zurich", 2, "2024-10-27", "2024-10-27T00:00"),  # an hour that occurs twice: the first
        ("America/New_York", 20, "2024-11-03", "2024-11-04T01:00"),
        ("Asia/Kathmandu", 7, "2024-05-07", "2024-05-07T01:15"),
        ("Pacific/Apia", 8, "2011-12-30", "2011-12-30T18:00"),  # a day that was skipped there
    ],
)
def test_a_day_closes_at_its_hour_in_its_zone(zone: str, hour: int, day: str, closes: str) -> None:
    assert scheduled_closing(publication(hour=hour, zone=zone), day) == moment(closes)


@given(
    st.dates().map(lambda date: date.replace(year=2000 + date.year % 40, day=min(date.day, 28)).isoformat()),
    st.integers(0, 23),
    st.sampled_from(["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_window_begins_where_the_one_before_ended(day: str, hour: int, zone: str) -> None:
    weekly, monthly = publication("weekly", hour, zone), publication("monthly", hour, zone)
    year, month, date = map(int, day.split("-"))
    before = f"{year - (month == 1)}-{(month - 2) % 12 + 1:02}-{date:02}"
    assert window_start(monthly, day) == scheduled_closing(monthly, before)
    assert abs(scheduled_closing(weekly, day) - window_start(weekly, day) - 7 * 24 * HOUR) in (0, HOUR // 2, HOUR)
    assert window_start(weekly, day) == window_start(publication("daily", hour, zone), day)


@pytest.mark.parametrize(
    ("day", "start"),
    [
        ("2024-03-31", "2024-02-29"),
        ("2023-03-30", "2023-02-28"),
        ("2024-01-15", "2023-12-15"),
        ("2024-05-01", "2024-04-01"),
    ],
)
def test_a_month_ago(day: str, start: str) -> None:
    assert window_start(publication("monthly", 0), day) == moment(start)


# ---- a day is closed by its announcement ---------------------------------------------------------------------


def at(hours: int) -> int:
    """That many hours after the day's cut."""
    return CUT + hours * HOUR


def test_a_day_is_not_frozen_before_its_hour(record: Record) -> None:
    write(record, background(), paper(1), posts_about(1, 50, TODAY))
    with pytest.raises(IssueError, match=r"2024-05-07 is not over: its issue closes at 2024-05-07 08:00 UTC"):
        freeze.freeze_issue(record, DAILY, DAY, at=CUT - 1)
    assert numbers(freeze.freeze_issue(record, DAILY, DAY, at=CUT).content.entries) == [1]


def test_a_day_waits_for_its_announcement_until_a_limit(record: Record) -> None:
    """Yesterday's papers are there, today's announcement is missing; at the limit the issue appears and says so."""
    write(record, background(), paper(1, "2024-05-06"), posts_about(1, 50, moment("2024-05-06")))
    with pytest.raises(IssueError, match=r"announcement of 2024-05-07 is not in the record yet.* 2024-05-07 16:00 UTC"):
        freeze.freeze_issue(record, DAILY, DAY, at=at(8) - 1)
    content = freeze.freeze_issue(record, DAILY, DAY, at=at(8)).content
    assert (content.announced, numbers(content.entries), content.as_of) == (None, [1], CUT)


def test_an_hour_after_the_limit_waits_no_longer(record: Record) -> None:
    evening = msgspec.structs.replace(DAILY, hour=20)
    assert freeze.freeze_issue(record, evening, DAY, at=TODAY + 20 * HOUR).content.announced is None


@pytest.mark.parametrize(("window", "day"), [("weekly", "2024-05-06"), ("monthly", "2024-05-01")])
def test_longer_windows_wait_for_nothing(record: Record, window: Window, day: str) -> None:
    longer, cut = msgspec.structs.replace(DAILY, window=window), moment(day) + 8 * HOUR
    with pytest.raises(IssueError, match="is not over"):
        freeze.freeze_issue(record, longer, day, at=cut - 1)
    assert freeze.freeze_issue(record, longer, day, at=cut).content.announced is None


@pytest.mark.parametrize(
    ("window", "day", "reason_given"),
    [
        ("daily", "2024-05-11", r"Monday to Friday; the nearest are 2024-05-10 and 2024-05-13"),
        ("weekly", "2024-05-07", r"on Mondays; the nearest are 2024-05-06 and 2024-05-13"),
        ("monthly", "2024-05-02", r"on the first of the month; the nearest are 2024-05-01 and 2024-06-01"),
    ],
)
def test_a_day_that_no_issue_can_have_is_not_frozen(
    record: Record, window: Window, day: str, reason_given: str
) -> None:
    with pytest.raises(UsageError, match=reason_given):
        freeze.freeze_issue(record, msgspec.structs.replace(DAILY, window=window), day, at=CUT + 90 * 24 * HOUR)
    assert record.head.position == 0, "nothing was written"


def test_a_publication_ends_with_its_last_day(record: Record) -> None:
    ended = msgspec.structs.replace(DAILY, last_day="2024-05-09")
    assert windows.label_after(ended, "2024-05-08") == "2024-05-09" and windows.label_after(ended, "2024-05-09") == ""
    assert windows.latest_label(ended, scheduled_closing(DAILY, "2024-06-03")) == "2024-05-09"
    with pytest.raises(UsageError, match=r"^2024-05-10: daily ended with the issue of 2024-05-09$"):
        freeze.freeze_issue(record, ended, "2024-05-10", at=CUT + 90 * 24 * HOUR)
    with pytest.raises(UsageError, match=r"the nearest is 2024-05-03$"):
        windows.check_label(msgspec.structs.replace(DAILY, last_day="2024-05-05"), "2024-05-04")


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2060, 1, 1)), st.sampled_from(["daily", "weekly", "monthly"]))
def test_one_rule_says_which_days_there_are(date: datetime.date, window: Window) -> None:
    """The label after an issue's is the next possible one, and it becomes the latest when it closes."""
    chosen = publication(window)
    after = windows.label_after(chosen, date.isoformat())
    span = range(1, (datetime.date.fromisoformat(after) - date).days + 1)
    can = [windows.is_label(chosen, date + datetime.timedelta(days=n)) for n in span]
    assert can == [False] * (len(can) - 1) + [True]
    assert windows.latest_label(chosen, scheduled_closing(chosen, after)) == after
    assert windows.latest_label(chosen, scheduled_closing(chosen, after) - 1) < after


def test_a_late_announcement_moves_the_cut_with_it(record: Record) -> None:
    late = CUT + 3 * HOUR
    write(record, background(), posts_about(1, 50, TODAY + HOUR))
    write(record, paper(1, at=TODAY, observed_at=late), paper(2, at=TODAY, observed_at=late + HOUR))
    write(record, paper(3, at=TODAY, observed_at=late + 9 * HOUR))
    with pytest.raises(IssueError, match=r"closes at 2024-05-07 12:00 UTC"):
        freeze.freeze_issue(record, DAILY, DAY, at=late + HOUR - 1)
    content = freeze.freeze_issue(record, DAILY, DAY, at=late + HOUR).content
    assert (content.as_of, content.announced, numbers(content.entries)) == (late + HOUR, 2, [1])


def test_an_announcement_in_a_round_after_a_pause_has_what_the_round_reads(record: Record) -> None:
    """With `run --once` six hours after the last, arXiv is read first; a network that is read all the time waits for
    none, nor does one that is read an hour later."""
    late = CUT + 3 * HOUR
    write(record, background(), paper(1, at=TODAY, observed_at=late), posts_about(1, 50, TODAY + HOUR))
    write(record, read("bluesky", CUT - DAY_LONG, CUT), read("reddit", CUT - DAY_LONG, CUT))
    write(record, read("mastodon", late - HOUR, late - 1))
    assert windows.closing_time(record.view(), DAILY, DAY) == late
    write(record, read("bluesky", CUT, late + 40 * SECOND), read("mastodon", late - 1, late + 90 * SECOND))
    assert windows.closing_time(record.view(), DAILY, DAY) == late + 40 * SECOND
    write(record, read("reddit", CUT, late + HOUR))
    assert windows.closing_time(record.view(), DAILY, DAY) == late + 40 * SECOND


def test_another_server_s_paper_moves_no_cut(record: Record) -> None:
    """arXiv's announcement is missing: what medRxiv posted that day does not stand for it."""
    write(record, background(), posts_about(1, 50, TODAY))
    posted = Announcement(
        paper="doi:10.1101/2024.05.07.123456",
        day=DAY,
        announced_at=TODAY,
        category="medrxiv.oncology",
        type="new",
        observed_at=at(3),
    )
    write(record, [posted])
    assert windows.closing_time(record.view(at(7)), DAILY, DAY) == CUT


def test_a_straggler_goes_to_the_next_issue(record: Record) -> None:
    """It came after the cut, but the day's announcement was there in time: the cut stays."""
    write(record, background(), paper(1), posts_about(1, 50, TODAY), posts_about(2, 40, TODAY))
    write(record, paper(2, at=TODAY, observed_at=CUT + HOUR))
    first = freeze.freeze_issue(record, DAILY, DAY, at=at(2)).content
    assert (first.as_of, first.announced, numbers(first.entries)) == (CUT, 1, [1])
    write(record, paper(3, "2024-05-08"))
    assert numbers(issue(record, day="2024-05-08").entries) == [2]


def test_an_announcement_that_came_at_the_limit_is_in_time(record: Record) -> None:
    write(record, background(), paper(1, at=TODAY, observed_at=at(8)), posts_about(1, 50, TODAY))
    content = freeze.freeze_issue(record, DAILY, DAY, at=at(8)).content
    assert (content.as_of, content.announced, numbers(content.entries)) == (at(8), 1, [1])


def test_an_announcement_that_came_after_the_limit_moves_nothing(record: Record) -> None:
    write(record, background(), paper(1, at=TODAY, observed_at=at(8) + 1), posts_about(1, 50, TODAY))
    content = freeze.freeze_issue(record, DAILY, DAY, at=at(40)).content
    assert (content.as_of, content.announced, content.entries) == (CUT, None, ())


def day_read(day: str, observed_at: int, reason: str = "") -> Coverage:
    """The arXiv source's coverage after it has read a day."""
    start, end = announcement_days.announced_at(day), announcement_days.closes_at(day)
    return read("arxiv", start, end, "complete", reason, at=observed_at)


def test_where_arxiv_is_read_it_says_when_a_day_is_complete(record: Record) -> None:
    """One of its feeds is there and others are not: the issue waits for them, and closes when they have come."""
    write(record, background(), day_read("2024-05-06", TODAY - 9 * HOUR), paper(1), posts_about(1, 50, TODAY))
    with pytest.raises(IssueError, match="not in the record yet"):
        freeze.freeze_issue(record, DAILY, DAY, at=at(2))
    write(record, paper(2, at=TODAY, observed_at=at(3)), posts_about(2, 40, TODAY), day_read(DAY, at(3)))
    write(record, day_read(DAY, at(5)))
    content = freeze.freeze_issue(record, DAILY, DAY, at=at(6)).content
    assert (content.as_of, content.announced, numbers(content.entries)) == (at(3), 2, [1, 2])


@pytest.mark.parametrize("writes", [False, True])
def test_an_issue_s_close_is_decided_once(
    record: Record, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    """An announcement that another process writes while an issue is prepared moves no close: by then, the accounts have
    been judged as of it."""
    write(record, background(), paper(1, "2024-05-06"), posts_about(1, 50, moment("2024-05-06")))
    decide = Mock(wraps=windows.closing_time)
    for module in (freeze, build):
        monkeypatch.setattr(module, "closing_time", decide)
    prepared = list[int]()

    def announce_meanwhile(_: Record, publication: Publication, day: str, cut: int) -> None:
        prepared.append(cut)
        if writes:
            with Record(sqlite_url) as other:
                write(other, paper(2, at=TODAY, observed_at=at(3)), day_read(DAY, at(3)))
            assert windows.closing_time(record.view(), publication, day) == at(3)

    content = judge_and_freeze(record, DAILY, DAY, BotSettings(), at=at(8), further=[announce_meanwhile]).content
    assert (prepared, content.as_of, decide.call_count) == ([CUT], CUT, 1)
    assert [flaw for row in record.view().latest(Issue) for flaw in freeze.check_issue(record, row.item)] == []


@pytest.mark.parametrize(
    ("day", "why"),
    [("2024-11-29", "the day after Thanksgiving"), ("2024-06-20", "after Juneteenth")],
)
def test_a_day_on_which_arxiv_is_known_to_announce_nothing_waits_for_nothing(
    record: Record, day: str, why: str
) -> None:
    assert freeze.freeze_issue(record, DAILY, day, at=moment(day) + 8 * HOUR).content.announced == 0, why


def test_a_day_whose_feeds_were_empty_waits_for_nothing(record: Record) -> None:
    write(record, day_read(DAY, TODAY + 5 * HOUR, announcement_days.NOTHING))
    assert freeze.freeze_issue(record, DAILY, DAY, at=CUT).content.announced == 0


# ---- late issues -----------------------------------------------------------------------------------------


def test_a_late_issue_closes_before_the_next_one_and_the_last_one_within_four_days() -> None:
    following = scheduled_closing(DAILY, "2024-05-08")
    assert windows.latest_closing(DAILY, DAY) == following - TURN
    ended = msgspec.structs.replace(DAILY, last_day=DAY)
    assert windows.latest_closing(ended, DAY) == CUT + windows.LATE == CUT + 4 * 24 * HOUR


def test_an_issue_that_closes_after_its_wait_appears_only_with_its_announcement(record: Record) -> None:
    """Where arXiv is read; elsewhere nobody can tell, so it appears."""
    late = at(9)
    assert windows.is_closed(record.view(late), DAILY, DAY, late)
    write(record, day_read("2024-05-06", TODAY - 9 * HOUR))
    assert not windows.is_closed(record.view(late), DAILY, DAY, late)
    assert windows.is_closed(record.view(CUT), DAILY, DAY, at(8)), "one that closed in time does, once the wait is over"
    assert not windows.is_closed(record.view(CUT), DAILY, DAY, at(8) - 1)
