"""Announcement days inferred from submission times, for issues made retrospectively."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import HOUR, Announcement, Item, Paper
from hotpapers.base.papers.arxiv.calendar import deadline_day
from hotpapers.base.text.timestamps import as_utc
from hotpapers.issues.announcement_counts import announcement_facts
from hotpapers.issues.explain import explain_entry
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view import phrases
from hotpapers.record.record import Record
from hotpapers.wings.history.inferred_days import announcements_of, infer_days
from hotpapers.wings.history.queries import SubmittedPaper
from hotpapers.wings.proof.observations import handed_out
from tests.issues.made import key, moment, paper, write
from tests.issues.past import DAILY, FIRST, archive, fill, lessons
from tests.wings.archives.archive_helpers import file, import_files
from tests.wings.history.test_past_days import flaws, frozen_period

LAST = date(2024, 5, 21)
"""There is no deadline on the next day."""


def line(item: Paper, submitted_at: int) -> bytes:
    """A paper as a line of arXiv's snapshot."""
    row = {
        "id": item.paper.removeprefix("arxiv:"), "title": item.title, "abstract": item.abstract,
        "categories": " ".join(item.categories), "update_date": as_utc(item.observed_at).date().isoformat(),
        "versions": [{"version": "v1", "created": format_datetime(as_utc(submitted_at), usegmt=True)}],
    }  # fmt: skip
    return json.dumps(row).encode() + b"\n"


def snapshot(items: Iterable[Item]) -> bytes:
    """The items' papers, each submitted at noon in New York before the deadline for its day."""
    days = {item.paper: item.day for item in items if isinstance(item, Announcement)}
    return b"".join(
        line(item, moment(deadline_day(days[item.paper]).isoformat()) + 16 * HOUR)
        for item in items if isinstance(item, Paper) and item.paper in days
    )  # fmt: skip


def fill_without_announcements(record: Record) -> Record:
    """The made-up archive, with arXiv's snapshot instead of announcements."""
    items = list(archive())
    record.append([DAILY], source="settings", at=1)
    import_files(record, "arxiv", file(snapshot(items)))
    write(record, (item for item in items if not isinstance(item, Paper | Announcement)), lessons())
    return record


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        ("2024-05-06T17:59", "2024-05-07"),  # 13:59 in New York
        ("2024-05-06T18:00", "2024-05-08"),
        ("2024-05-10T18:00", "2024-05-14"),  # a Friday afternoon
        ("2024-05-21T20:00", "2024-05-24"),  # no deadline on the 22nd
        ("2024-01-08T18:59", "2024-01-09"),  # in winter
        ("2024-12-24T20:00", "2024-12-30"),  # Christmas
        ("2016-05-03T19:59", "2016-05-04"),  # the deadline was 16:00
    ],
)
def test_by_the_schedule(submitted: str, day: str) -> None:
    items = announcements_of(SubmittedPaper(key(1), moment(submitted), ("cs.LG", "stat.ML", "cs.LG")))
    assert [(item.day, item.category, item.type) for item in items] == [
        (day, "cs.LG", "inferred"), (day, "stat.ML", "inferred"),
    ]  # fmt: skip
    assert {item.announced_at for item in items} == {item.observed_at for item in items}


def announcements_in(record: Record) -> Iterator[object]:
    """The contents of issues, without what identifies rows."""
    for content in frozen_period(record, FIRST, LAST):
        entries = [
            msgspec.structs.replace(entry, posts=(), metadata="") for entry in (*content.entries, *content.ongoing)
        ]
        assert content.retrospective
        yield content.day, content.announced, content.considered, content.peers, entries, content.retrospective.posts


@pytest.mark.long
def test_it_is_as_if_they_had_been_observed(store_url: str, tmp_path: Path) -> None:
    """If arXiv held nothing back, the issues are the same, number for number, but say that days were inferred."""
    with Record(store_url) as record, Record(str(tmp_path / "other.db")) as other:
        fill(other)
        assert infer_days(other, FIRST, LAST) == 0 and other.count(Announcement) == 6 * 40
        fill_without_announcements(record)
        assert infer_days(record, FIRST, LAST) == 6 * 37
        assert list(announcements_in(record)) == list(announcements_in(other))
        assert flaws(record) == []
        position = record.head.position
        assert infer_days(record, FIRST, LAST) == 0 and record.head.position == position


def test_an_issue_says_so(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill_without_announcements(record)
        infer_days(record, FIRST, LAST)
        [content] = frozen_period(record, LAST, LAST)
        assert content.retrospective and content.retrospective.inferred == 222
        sentence = "For 222 papers, the announcement day is inferred from the submission time, not observed."
        assert sentence in phrases.made_afterwards(content.retrospective)
        assert list(announcement_facts(content))[-1] == "announcement days inferred"
        issue = RecordIssueReader(record).issue(content.publication.publication, content.day)
        assert sentence in explain_entry(issue, content.entries[0].paper).notes


def test_what_was_observed_goes_before(sqlite_url: str) -> None:
    """For a paper and for a day, even when added later. Frozen issues stay the same."""
    with Record(sqlite_url) as record:
        fill_without_announcements(record)
        write(record, paper(222, "2024-05-22")[1:], paper(900, "2024-05-20"))  # one was held back
        infer_days(record, FIRST, LAST)
        assert days_of(record, 222) == [("2024-05-22", "new")]
        assert days_of(record, 215) == [] and days_of(record, 221) == [("2024-05-21", "inferred")]
        frozen_period(record, LAST, LAST)
        write(record, paper(221, "2024-05-23")[1:], paper(901, "2024-05-17"))
        assert infer_days(record, FIRST, LAST) == 0
        assert days_of(record, 221) == [("2024-05-23", "new")] and days_of(record, 208) == []
        assert days_of(record, 220) == [("2024-05-21", "inferred")]
        assert flaws(record) == []


def test_another_server_s_paper_is_no_observation_of_a_day(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill_without_announcements(record)
        moment_posted = moment("2024-05-20")
        posted = Announcement(
            paper="doi:10.1101/2024.05.20.123456",
            day="2024-05-20",
            announced_at=moment_posted,
            category="biorxiv.ecology",
            type="new",
            observed_at=moment_posted,
        )
        write(record, [posted])
        infer_days(record, FIRST, LAST)
        assert record.count(Announcement) == 1 + 6 * 37


def test_only_new_papers_are_counted(sqlite_url: str) -> None:
    """A later snapshot has the earlier one's papers too, and one in a further category."""
    with Record(sqlite_url) as record:
        import_files(record, "arxiv", file(snapshot([*paper(1, "2024-05-20"), *paper(2, "2024-05-20")])))
        assert infer_days(record, FIRST, LAST) == 2
        listed_again = paper(2, "2024-05-20", "math.PR")
        import_files(record, "arxiv", file(snapshot([*paper(1, "2024-05-20"), *listed_again, *paper(3, "2024-05-21")])))
        assert infer_days(record, FIRST, LAST) == 1


def days_of(record: Record, number: int) -> list[tuple[str, str]]:
    rows = record.view().latest(Announcement)
    return [(row.item.day, row.item.type) for row in rows
            if row.item.paper == key(number)]  # fmt: skip


def test_papers_of_no_snapshot_are_not_inferred(sqlite_url: str) -> None:
    """A site knows only some of the papers announced before it began collecting."""
    with Record(sqlite_url) as record:
        write(record, Paper(paper=key(1), title="A", categories=("cs.LG",), published_at=moment("2024-05-06"),
                            observed_at=moment("2024-06-01")))  # fmt: skip
        assert infer_days(record, FIRST, LAST) == 0 and record.count(Announcement) == 0


def test_they_are_not_handed_out_as_observed() -> None:
    [item] = announcements_of(SubmittedPaper(key(1), moment("2024-05-06"), ("cs.LG",)))
    assert handed_out(item, str) is None and handed_out(msgspec.structs.replace(item, type="new"), str) is not None
