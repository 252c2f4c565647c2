"""An issue of ten: the best papers in full, the others in a line each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base import settings
from hotpapers.base.model import HOUR, Issue, Publication
from hotpapers.base.settings import PublicationSettings
from hotpapers.issues.freeze import check_issue
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view import phrases
from hotpapers.publish.view.issue_view import issue_view
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import canonical_json
from hotpapers.record.record import Record
from hotpapers.wings.announce.announcement import build_announcement
from tests.issues.made import DAILY, DAY, background, issue, moment, more_talk, numbers, paper, posts_about, write

ALL = msgspec.structs.replace(DAILY, threshold=300)
TEN = msgspec.structs.replace(ALL, most_entries=10)
NEXT = "2024-05-08"


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    """Fourteen papers above the threshold; two pairs of them have the same score, one at the edge."""
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        write(opened, background())
        for number in range(1, 15):  # 2405.00000 is no id
            voices = 41 - number + (number in (11, 14))
            write(opened, paper(number), posts_about(number, voices, moment(DAY) + HOUR))
        yield opened


def test_the_ten_best_are_entries_and_the_others_follow(record: Record) -> None:
    content = issue(record, TEN)
    everything = issue(record, msgspec.structs.replace(ALL, publication="all"))
    assert len(content.entries) == 10 and isinstance(content.further, tuple)
    assert numbers(content.listed) == numbers(everything.entries)
    assert [entry.place for entry in content.listed] == list(range(1, 15))
    assert [entry.score for entry in content.listed] == [entry.score for entry in everything.entries]
    assert all(entry.posts for entry in content.entries) and not any(entry.posts for entry in content.further)


def test_the_digest_of_a_publication_without_a_limit_is_as_before(record: Record) -> None:
    content = issue(record, ALL)
    assert len(content.entries) == 14 and content.further is msgspec.UNSET
    assert b"most_entries" not in canonical_json(content) and b"further" not in canonical_json(content)


def test_a_paper_in_the_list_was_in_an_issue(record: Record) -> None:
    """It is not new the next day, but may be still talked about."""
    content = issue(record, TEN)
    assert isinstance(content.further, tuple)
    last = numbers(content.further)[-1]
    write(
        record, paper(99, NEXT), posts_about(99, 60, moment(NEXT) + HOUR), more_talk(last, 60, moment(DAY) + 12 * HOUR)
    )
    following = issue(record, TEN, NEXT)
    assert numbers(following.entries) == [99] and last in numbers(following.ongoing)


def test_it_verifies_and_is_read_back(record: Record) -> None:
    issue(record, TEN)
    (item,) = record.view().items(Issue)
    assert list(check_issue(record, item)) == []
    shown = RecordIssueReader(record).issue("daily", DAY)
    view = issue_view(shown)
    assert (len(view.entries), len(view.further), view.places) == (10, 4, 14)
    assert view.further_title == phrases.further_title(shown.content) == "4 more above 300"
    assert "4 more above 300" in phrases.facts(shown)
    assert [entry.place for entry in view.further] == [11, 12, 13, 14]


def test_a_paper_in_the_list_is_in_the_feeds_of_its_subjects(record: Record) -> None:
    """Its category's page links to its category's feed. The feed of papers has those that the issue shows in full."""
    write(record, [TEN])
    last = issue(record, TEN).listed[-1].paper
    maker = FeedMaker(RecordIssueReader(record), "daily", PUBLIC)
    assert "feeds/category/cs.LG.atom" in set(maker.paths())
    sizes = {kind: (maker.feed(f"feeds/{kind}.atom") or b"").count(b"<entry>") for kind in ("papers", "category/cs.LG")}
    assert sizes == {"papers": 10, "category/cs.LG": 14}
    of_paper = maker.of_papers("feeds/query.atom", "kettles", lambda paper: paper.entry.paper == last, "atom")
    assert of_paper.count(b"<entry>") == 1 and b"Place 14" in of_paper


def test_a_paper_in_the_list_has_the_card_that_its_page_names(record: Record) -> None:
    pytest.importorskip("PIL", reason="cards need the extra")
    write(record, [TEN])
    issue(record, TEN)
    site = {file.path: file.data for file in SiteChannel(PUBLIC).render(RecordIssueReader(record), "daily", [DAY])}
    named = {
        path.decode()
        for data in site.values()
        for path in re.findall(rb'"og:image" content="[^"]*/daily/([^"]+)', data)
    }
    assert len(named) == 15 and named <= set(site)


def test_a_paper_in_the_list_is_announced_as_a_members(record: Record) -> None:
    last = issue(record, TEN).listed[-1].paper
    shown = build_announcement(RecordIssueReader(record).issue("daily", DAY), PUBLIC, members={last: "Odo"})
    assert [(paper.place, paper.who) for paper in shown.by_members] == [(14, "Odo")]


PUBLIC = SiteConfig(base="https://papers.example/daily/")
NEW = PublicationSettings(name="daily")


@pytest.mark.parametrize(
    ("written", "known", "most"),
    [
        (NEW, None, 10),
        (NEW, DAILY, msgspec.UNSET),
        (NEW, TEN, 10),
        (NEW, msgspec.structs.replace(DAILY, most_entries=25), 10),
        (msgspec.structs.replace(NEW, least_entries=30), None, 30),
        (msgspec.structs.replace(NEW, least_entries=30), TEN, 30),
        (msgspec.structs.replace(NEW, least_entries=30), DAILY, msgspec.UNSET),
        (msgspec.structs.replace(NEW, most_entries=0), None, msgspec.UNSET),
        (msgspec.structs.replace(NEW, most_entries=25), DAILY, 25),
        (msgspec.structs.replace(NEW, window="listing"), None, msgspec.UNSET),
    ],
)
def test_ten_is_the_default_of_publications_with_a_limit(
    written: PublicationSettings, known: Publication | None, most: object
) -> None:
    assert settings.publication_item(written, 0, known).most_entries == most
