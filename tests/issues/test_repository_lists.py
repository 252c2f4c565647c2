"""The shelf's lists: issues in brief, a day's announcements, attention by the hour, every post."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR, Announcement, Paper, Window
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.record import Record
from tests.issues.listed import LISTED, listed
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    counts,
    frozen,
    judged,
    key,
    moment,
    more_talk,
    paper,
    post,
    posts_about,
    remark,
    write,
)

TODAY = moment(DAY)


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    """An issue of two papers; talk about the first keeps growing, on two networks."""
    with Record(store_url) as opened:
        write(
            opened, DAILY, background(networks=("bluesky", "mastodon")), paper(1), paper(2), paper(3, category="hep-th")
        )
        write(opened, posts_about(1, 5, TODAY + HOUR), posts_about(2, 50, TODAY + 2 * HOUR))
        write(opened, more_talk(1, 40, TODAY + 5 * HOUR), more_talk(1, 90, TODAY + 30 * HOUR))
        write(
            opened,
            post(1, "mastodon:m", TODAY + 3 * HOUR, text="a made-up opinion"),
            counts("mastodon:m", 11, TODAY + 4 * HOUR),
        )
        frozen(opened)
        yield opened


def test_what_issues_hold(record: Record) -> None:
    write(record, more_talk(1, 200, TODAY + 31 * HOUR), paper(4, "2024-05-08"), posts_about(4, 60, TODAY + 26 * HOUR))
    frozen(record, day="2024-05-08")
    listed(record, {7: (10, 60), 8: (10, 50)})
    frozen(record, LISTED)
    write(record, [Paper(paper=key(4), title="Known better", authors=("Li Na",), observed_at=TODAY + 99 * HOUR)])
    issue_reader = RecordIssueReader(record)
    for name in ("daily", "hot-papers"):
        contents = {day: issue_reader.issue(name, day).content for day in issue_reader.days(name)}
        assert {day: issue.voices for day, issue in issue_reader.held(name).items()} == {
            day: {entry.paper: entry.voices for entry in (*content.entries, *content.ongoing)}
            for day, content in contents.items()
        }
    assert [(summary.day, summary.place, summary.paper) for summary in issue_reader.entry_summaries("daily")] == [
        (DAY, 1, key(1)), (DAY, 2, key(2)), ("2024-05-08", 1, key(4)),
    ]  # fmt: skip
    assert issue_reader.entry_summaries("daily")[2][3:6] == ("Known better", ("Li Na",), ())
    assert issue_reader.entry_summaries("daily")[0].categories == ("cs.LG",)
    assert [(summary.paper, summary.authors) for summary in issue_reader.entry_summaries("listed")] == [
        (key(7), ("Tansy Overquill",)), (key(8), ("Tansy Overquill",)),
    ]  # fmt: skip
    assert issue_reader.entry_summaries("nobody's") == ()


def test_what_a_day_announced(record: Record) -> None:
    late = paper(9, observed_at=TODAY + 40 * HOUR)
    write(record, late, paper(5, type="cross"), paper(6, type="replacement"))
    write(
        record,
        [Announcement(paper=key(3), day=DAY, category="gr-qc", type="cross", announced_at=TODAY, observed_at=TODAY)],
    )
    issue_reader = RecordIssueReader(record)
    rows = issue_reader.announced("daily", DAY)
    assert [(row.paper.paper, row.type, row.category) for row in rows] == [
        (key(1), "new", "cs.LG"), (key(2), "new", "cs.LG"), (key(3), "new", "hep-th"),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        issue_reader.announced("daily", "2024-05-08")


def test_when_versions_were_announced(record: Record) -> None:
    write(record, paper(1, "2024-06-03", type="replacement"))
    rows = RecordIssueReader(record).announcements(key(1))
    assert [(row.day, row.type) for row in rows] == [(DAY, "new"), ("2024-06-03", "replacement")]
    assert RecordIssueReader(record).announcements(key(99)) == ()


def test_attention_hour_by_hour(record: Record) -> None:
    issue_reader = RecordIssueReader(record)
    [rows] = issue_reader.history("daily", DAY, [key(1)]).values()
    assert [(row.age, row.network, row.voices) for row in rows if row.age in (1, 4, 6)] == [
        (1, "bluesky", 5), (4, "bluesky", 5), (4, "mastodon", 12), (6, "bluesky", 40), (6, "mastodon", 12),
    ]  # fmt: skip
    assert max(row.age for row in rows) == 6, "not beyond the cut of the issue"
    assert issue_reader.history("daily", DAY, []) == {} and issue_reader.history("daily", DAY, [key(99)]) == {}


def test_every_post_that_may_be_shown(record: Record) -> None:
    at = TODAY + 2 * HOUR
    write(record, *(post(2, f"bluesky:{n}", at) for n in ("a", "b", "robot", "wrong")))
    write(record, judged("bluesky:by-robot", "bot", at=at), judged("bluesky:wrong", "doubtful", about=key(2), at=at))
    frozen(record, day="2024-05-08")
    issue_reader = RecordIssueReader(record)
    quotations = issue_reader.posts("daily", "2024-05-08", [key(2), key(1)])
    first, *rest = [quotation.post.post for quotation in quotations[key(2)]]
    assert first == "bluesky:2" and set(rest) == {"bluesky:a", "bluesky:b"}
    assert {quotation.post.text for quotation in quotations[key(1)]} == {remark("1"), "a made-up opinion"}


def test_a_headline_begins_a_discussion_on_each_network(record: Record) -> None:
    """Also of one person, and also where others have more reactions than any of them."""
    text, at = "A made-up headline of more than a few words about this paper", TODAY + 2 * HOUR
    write(record, *(post(2, f"{where}:{n}", at, text=text) for where in ("lobsters", "hackernews") for n in ("a", "b")))
    frozen(record, day="2024-05-08")
    quotations = RecordIssueReader(record).posts("daily", "2024-05-08", [key(2)])[key(2)]
    networks = [quotation.post.network for quotation in quotations]
    assert sorted(networks[:3]) == ["bluesky", "hackernews", "lobsters"] and len(networks) == len(set(networks))


def test_listings_have_their_own_posts_and_no_history(record: Record) -> None:
    listed(record, {7: (10, 60)}, posts=2)
    frozen(record, LISTED)
    issue_reader = RecordIssueReader(record)
    assert len(issue_reader.posts("listed", DAY, [key(7)])[key(7)]) == 2
    assert issue_reader.history("listed", DAY, [key(7)]) == {}


@pytest.mark.parametrize("window", ["weekly", "monthly"])
def test_what_was_announced_in_the_time_of_a_longer_issue(store_url: str, window: Window) -> None:
    """On the days that it is named after, on every server: not on its own day."""
    recipe = msgspec.structs.replace(DAILY, window=window, categories=("cs", "biorxiv"))
    labels = {
        "weekly": ("2024-06-17", "2024-06-10", "2024-06-16"),
        "monthly": ("2024-06-01", "2024-05-01", "2024-05-31"),
    }
    day, first, last = labels[window]
    before = str(date.fromisoformat(first) - timedelta(days=1))
    with Record(store_url) as record:
        write(record, recipe, background(), paper(1, first), paper(2, last), paper(3, before), paper(4, day))
        write(record, posts_about(1, 5, moment(first) + HOUR))
        posted = [(5, first), (6, last), (7, day)]
        for number, label in posted:
            write(record, [
                Announcement(
                    paper=f"doi:10.1101/2024.01.01.{number}", day=label, category="biorxiv", type="new",
                    announced_at=moment(label), observed_at=moment(label),
                )
            ])  # fmt: skip
        frozen(record, recipe, day=day)
        rows = RecordIssueReader(record).announced("daily", day)
    assert [row.paper.paper for row in rows] == [
        "doi:10.1101/2024.01.01.5", "doi:10.1101/2024.01.01.6", key(1), key(2),
    ]  # fmt: skip
