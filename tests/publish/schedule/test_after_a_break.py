"""Days on which nothing was read, as on a laptop that is closed: no issue of them, and the next has their papers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.errors import IssueError
from hotpapers.base.model import BEGAN, HOUR, CoverageState, Issue
from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.issues.freeze import check_issue, check_read, list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs import queries as jobs_queries
from hotpapers.publish.render.markdown import issue_text
from hotpapers.publish.schedule.due import DayWithoutIssue, ExpectedIssue, days_without_issue, next_issues
from hotpapers.publish.schedule.health import assess_health
from hotpapers.publish.schedule.sending import fresh_days
from hotpapers.publish.view.publication_state import state_of
from hotpapers.record import Record
from tests.issues.made import DAILY, background, counts, moment, numbers, paper, post, posts_about, read, write
from tests.publish.schedule.test_publishing import PublishingSite, publishing

MINUTE = HOUR // 60
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, MONDAY = "2024-05-07", "2024-05-08", "2024-05-09", "2024-05-10", "2024-05-13"
NETWORKS = ("bluesky", "hackernews")
PUBLICATION = msgspec.structs.replace(DAILY, ranking="rarity/2", least_entries=10)
CLOSED = moment(f"{TUESDAY}T20:00")


def hour_of(day: str) -> int:
    return moment(f"{day}T08:00")


@pytest.fixture
def site(store_url: str, tmp_path: Path) -> Iterator[PublishingSite]:
    """A site that has frozen Tuesday's issue; its machine is closed that evening."""
    with publishing(store_url, tmp_path / "public", read_jobs=NETWORKS) as opened_site:
        record = opened_site.record
        write(record, [PUBLICATION], background(), paper(1, TUESDAY), posts_about(1, 40, moment(f"{TUESDAY}T03:00")))
        with record.database.write():  # as if written at that time
            record.database.run("UPDATE batch SET at = ?", (hour_of(TUESDAY) - 2 * HOUR,))
        began = moment("2024-05-01")
        write(record, *(read(network, began, began, reason=BEGAN, at=began) for network in NETWORKS))
        read_networks(record, began, hour_of(TUESDAY) - MINUTE)
        read_arxiv(record, TUESDAY, moment(f"{TUESDAY}T01:00"))
        assert opened_site.round(hour_of(TUESDAY) + 1) == "idle"
        read_networks(record, hour_of(TUESDAY) - MINUTE, CLOSED)
        # papers that were talked about before the break, and would fill issues of missed days
        write(record, paper(2, TUESDAY), posts_about(2, 30, moment(f"{TUESDAY}T12:00")))
        assert frozen_days(record, "daily") == [TUESDAY]
        yield opened_site


def read_networks(record: Record, start: int, end: int, state: CoverageState = "complete") -> None:
    """Networks are read, by the end of each day and at the end."""
    for day in range(start, end, DAY_LONG):
        write(record, *(read(network, day, min(day + DAY_LONG, end), state) for network in NETWORKS))


def read_arxiv(record: Record, day: str, at: int) -> None:
    write(record, read("arxiv", announced_at(day), announced_at(day) + HOUR, at=at))


def open_again(record: Record, at: int, days: tuple[str, ...], known_at: int = 0) -> None:
    """When the machine is opened, the program reads posts about papers of these days; if arXiv still has a feed, also
    the announcements, otherwise at another moment."""
    write(record, *(read(network, CLOSED, at) for network in NETWORKS))
    for number, day in enumerate(days, 10):
        write(record, paper(number, day, observed_at=known_at or at))
        read_arxiv(record, day, known_at or at)
        name = f"bluesky:missed-{number}"
        late = (msgspec.structs.replace(item, observed_at=at) for item in post(number, name, moment(f"{day}T10:00")))
        write(record, late, counts(name, 50, at))


def verified(record: Record) -> bool:
    issues = [row.item for row in record.view().latest(Issue)]
    return bool(issues) and not [finding for item in issues for finding in check_issue(record, item)]


def test_after_four_days_there_is_one_issue_and_no_paper_is_lost(site: PublishingSite) -> None:
    record, opened_at = site.record, moment(f"{FRIDAY}T14:00")
    site.round(opened_at)
    assert frozen_days(record, "daily") == [TUESDAY]
    assert list(next_issues(record, ["daily"], opened_at)) == [
        ExpectedIssue("daily", FRIDAY, hour_of(FRIDAY), "a network that can be read")
    ]
    open_again(record, opened_at + 5 * MINUTE, (WEDNESDAY, THURSDAY, FRIDAY))
    at = opened_at + 6 * MINUTE
    assert site.round(at) == "idle" and frozen_days(record, "daily") == [TUESDAY, FRIDAY]
    [issue] = list_editions(record, "daily", FRIDAY)
    assert issue.content.as_of == opened_at + 5 * MINUTE
    assert 12 in numbers(issue.content.entries) and issue.content.announced == 1
    assert {reading.state for reading in issue.content.readings} == {"complete"}
    assert list(fresh_days(record, "daily", at)) == [FRIDAY] and verified(record)
    assert list(next_issues(record, ["daily"], at)) == [ExpectedIssue("daily", MONDAY, hour_of(MONDAY))]
    write(record, *(read(network, opened_at, hour_of(MONDAY)) for network in NETWORKS))
    read_arxiv(record, MONDAY, moment(f"{MONDAY}T05:00"))
    site.round(hour_of(MONDAY) + 1)
    [issue] = list_editions(record, "daily", MONDAY)
    assert {10, 11} <= set(numbers(issue.content.entries)), "papers of the missed days, at their next age"


def test_readers_and_the_operator_learn_which_days_have_no_issue(site: PublishingSite) -> None:
    record, at = site.record, moment(f"{FRIDAY}T14:06")
    open_again(record, at - MINUTE, (WEDNESDAY, THURSDAY, FRIDAY))
    site.round(at)
    sentence = "No issue for 8 May 2024 and 9 May 2024: networks, or new papers, were not read in time."
    reader = RecordIssueReader(record)
    issues = [reader.issue("daily", day) for day in (TUESDAY, FRIDAY)]
    assert [issue.days_without_issue for issue in issues] == [(), (WEDNESDAY, THURSDAY)]
    assert sentence in issue_text(issues[1]) and sentence in site.page(FRIDAY)
    assert sentence not in site.page(TUESDAY)
    assert "No issue: networks, or new papers, were not read in time." in site.page(WEDNESDAY)
    assert f'<a href="../{FRIDAY}/index.html">The issue of 10 May 2024</a> considers' in site.page(THURSDAY)
    assert not (site.folder / "2024-05-06").exists() and not (site.folder / "2024-05-11").exists()
    assert [(day.day, day.text) for day in state_of(PUBLICATION, issues).days[1:3]] == [
        ("9 May 2024", "no issue: networks, or new papers, were not read in time"),
        ("8 May 2024", "no issue: networks, or new papers, were not read in time"),
    ]  # fmt: skip
    assert list(days_without_issue(record, "daily", at)) == [
        DayWithoutIssue("daily", WEDNESDAY, "the program did not run"),
        DayWithoutIssue("daily", THURSDAY, "the program did not run"),
    ]
    site_health = assess_health(record, ["daily"], at, jobs={"issues"})
    assert site_health.ok and site_health.without_issue == (
        "daily: no issue for 2024-05-08: the program did not run",
        "daily: no issue for 2024-05-09: the program did not run",
    )
    with pytest.raises(IssueError, match=r"2024-05-08: networks were not read up to .*, so this day has no issue"):
        check_read(record, PUBLICATION, WEDNESDAY, at)


def test_a_break_while_an_issue_waits_for_its_announcement_is_said_by_the_hour_of_the_wait(
    site: PublishingSite,
) -> None:
    record, at = site.record, moment(f"{FRIDAY}T14:06")
    read_networks(record, CLOSED, hour_of(WEDNESDAY) + HOUR)
    read_networks(record, hour_of(THURSDAY), at, state="refused")
    with pytest.raises(IssueError, match=r"2024-05-08: networks were not read up to 2024-05-08 16:00 UTC, so"):
        check_read(record, PUBLICATION, WEDNESDAY, at)
    reasons = {day.day: day.reason for day in days_without_issue(record, "daily", at)}
    assert reasons[WEDNESDAY] == "the program did not run"


def test_on_a_weekend_the_next_issue_has_the_papers(site: PublishingSite) -> None:
    """arXiv's feeds of Friday are gone, so which papers were new is not known before Monday."""
    record, saturday = site.record, moment("2024-05-11T10:00")
    open_again(record, saturday, (WEDNESDAY, THURSDAY, FRIDAY), moment(f"{MONDAY}T05:00"))
    for at in range(saturday, hour_of(MONDAY), HOUR):
        read_networks(record, at, at + HOUR)
        site.round(at + HOUR - 1)
    assert frozen_days(record, "daily") == [TUESDAY]
    read_arxiv(record, MONDAY, moment(f"{MONDAY}T05:00"))
    assert site.round(hour_of(MONDAY) + 1) == "idle" and frozen_days(record, "daily") == [TUESDAY, MONDAY]
    [issue] = list_editions(record, "daily", MONDAY)
    assert {11, 12} <= set(numbers(issue.content.entries)) and issue.content.as_of == hour_of(MONDAY)
    assert list(fresh_days(record, "daily", hour_of(MONDAY) + 1)) == [MONDAY] and verified(record)


def test_shortly_before_the_next_issue_none_is_made_of_the_day_before(site: PublishingSite) -> None:
    record, opened_at = site.record, moment(f"{FRIDAY}T07:00")
    open_again(record, opened_at, (WEDNESDAY, THURSDAY, FRIDAY))
    site.round(opened_at + MINUTE)
    assert frozen_days(record, "daily") == [TUESDAY]
    read_networks(record, opened_at, hour_of(FRIDAY))
    site.round(hour_of(FRIDAY) + 1)
    assert frozen_days(record, "daily") == [TUESDAY, FRIDAY]


def test_while_nothing_can_be_read_no_issue_appears_though_the_program_runs(site: PublishingSite) -> None:
    record = site.record
    read_networks(record, CLOSED, hour_of(WEDNESDAY) - MINUTE, state="refused")
    site.round(hour_of(WEDNESDAY) + 11 * HOUR)
    assert frozen_days(record, "daily") == [TUESDAY]
    site_health = assess_health(record, ["daily"], hour_of(WEDNESDAY) + 11 * HOUR, jobs={"issues"})
    assert site_health.problems == (
        "daily: the issue of 2024-05-08 is overdue: it waits for a network that can be read",
    )
    at = hour_of(THURSDAY) + 2 * HOUR
    open_again(record, at, (WEDNESDAY, THURSDAY))
    site.round(at + MINUTE)
    assert frozen_days(record, "daily") == [TUESDAY, THURSDAY]
    assert [day.reason for day in days_without_issue(record, "daily", at)] == ["no network could be read"]


def test_a_day_that_was_read_up_to_its_hour_has_an_issue_however_late_but_only_the_newest_is_sent(
    site: PublishingSite,
) -> None:
    """As when this machine's clock was wrong for days, and nothing was frozen."""
    record = site.record
    for day in (WEDNESDAY, THURSDAY, FRIDAY):
        write(record, paper(int(day[-1]) + 10, day, at=announced_at(day)))
        read_arxiv(record, day, announced_at(day) + HOUR)
    read_networks(record, CLOSED, hour_of(WEDNESDAY))
    read_networks(record, hour_of(WEDNESDAY), hour_of(THURSDAY))
    read_networks(record, hour_of(THURSDAY), hour_of(FRIDAY) + HOUR)
    read_networks(record, hour_of(THURSDAY), hour_of(FRIDAY))
    at = hour_of(FRIDAY) + 2 * HOUR
    site.round(at)
    assert frozen_days(record, "daily") == [TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]
    assert list(fresh_days(record, "daily", at + 1)) == [FRIDAY] and verified(record)
    assert all(
        list_editions(record, "daily", day)[0].content.as_of == hour_of(day) for day in (WEDNESDAY, THURSDAY, FRIDAY)
    )


def test_a_week_that_was_read_in_part_has_an_issue_and_one_that_was_not_has_none(sqlite_url: str) -> None:
    weekly = msgspec.structs.replace(
        PUBLICATION, publication="weekly", window="weekly", observed_at=moment("2024-04-02")
    )
    with Record(sqlite_url) as record:
        write(record, [weekly])
        read_networks(record, moment("2024-04-02"), CLOSED)
        at = moment("2024-05-29T10:00")
        days = ["2024-05-13", "2024-05-20", "2024-05-27"]
        check_read(record, weekly, days[0], at)
        with pytest.raises(IssueError, match=r"2024-05-20: networks were not read up to .*, so this week has no issue"):
            check_read(record, weekly, days[1], at)
        with pytest.raises(IssueError, match=r"2024-05-27: networks were not read .* when networks have been read"):
            check_read(record, weekly, days[2], at)


def test_a_site_that_only_follows_others_reads_when_it_follows(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        write(record, [PUBLICATION])
        for at in (CLOSED - DAY_LONG, hour_of(WEDNESDAY) - HOUR, moment(f"{FRIDAY}T14:00")):
            record.append([], source="follow/neighbor", at=at, cursor=str(at))
        check_read(record, PUBLICATION, WEDNESDAY, at)
        with pytest.raises(IssueError, match="2024-05-09: networks were not read"):
            check_read(record, PUBLICATION, THURSDAY, at)
        check_read(record, PUBLICATION, FRIDAY, at)


def test_what_an_issue_waits_for_is_said_by_its_job(site: PublishingSite) -> None:
    site.round(hour_of(FRIDAY) + HOUR)
    assert jobs_queries.load_state(site.record, "issues").reason == (
        "daily: 2024-05-10: networks were not read up to 2024-05-10 08:00 UTC; its issue appears when networks have "
        "been read, if that is before 2024-05-13 06:30 UTC"
    )


def test_an_issue_does_not_appear_without_an_announcement_that_could_not_be_read(site: PublishingSite) -> None:
    """The machine is closed after its hour, before arXiv's feeds are out: it would be frozen days later."""
    record, closed = site.record, hour_of(WEDNESDAY) + HOUR
    read_networks(record, CLOSED, closed)
    site.round(closed)
    assert jobs_queries.load_state(record, "issues").reason == (
        "daily: arXiv's announcement of 2024-05-08 is not in the record yet; collect it, or wait until 2024-05-08 "
        "16:00 UTC, when the issue appears without it"
    )
    at = moment(f"{FRIDAY}T14:00")
    open_again(record, at, (WEDNESDAY, THURSDAY, FRIDAY))
    site.round(at + MINUTE)
    assert frozen_days(record, "daily") == [TUESDAY, FRIDAY]


def test_while_the_program_runs_an_issue_still_appears_without_the_announcement(site: PublishingSite) -> None:
    record = site.record
    read_networks(record, CLOSED, hour_of(WEDNESDAY))
    read_networks(record, hour_of(WEDNESDAY), hour_of(WEDNESDAY) + 8 * HOUR)
    site.round(hour_of(WEDNESDAY) + 8 * HOUR + 1)
    assert frozen_days(record, "daily") == [TUESDAY, WEDNESDAY]
    [issue] = list_editions(record, "daily", WEDNESDAY)
    assert issue.content.as_of == hour_of(WEDNESDAY) and issue.content.announced is None
