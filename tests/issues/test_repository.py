"""The shelf: what channels may show of frozen issues now, whatever was shown before."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import Alias, Item
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.record import Record
from tests.issues.listed import LISTED, listed
from tests.issues.made import (
    DAILY,
    DAY,
    background,
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
LATER = TODAY + 10**12


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    """An issue that shows two posts about its only paper."""
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        write(
            opened,
            DAILY,
            background(),
            paper(1, title="The only one"),
            posts_about(1, 50, TODAY),
            post(1, "bluesky:x", TODAY),
        )
        frozen(opened)
        yield opened


def shown(record: Record) -> list[str]:
    return [quotation.post.post for quotation in RecordIssueReader(record).issue("daily", DAY).posts[key(1)]]


def judgement(subject: str, word: str, at: int = LATER) -> Item:
    return msgspec.structs.replace(judged(subject, "hidden", rule="hide", at=at), judgement=word)


@pytest.mark.parametrize(
    "why",
    [
        post(1, "bluesky:x", LATER, gone="deleted")[:1],
        post(1, "bluesky:x", LATER, limits=("no-quote",))[:1],
        [judgement("bluesky:x", "hidden")],
        [judgement("bluesky:by-x", "hidden")],
        [judgement("bluesky:@x", "hidden"), Alias(account="bluesky:@x", stable="bluesky:by-x", observed_at=LATER)],
        [judgement("bluesky:1.1", "hidden"), Alias(account="bluesky:by-x", stable="bluesky:1.1", observed_at=LATER)],
    ],
    ids=["gone", "no quoting", "hidden", "hidden account", "hidden by its handle", "hidden by its stable account"],
)
def test_what_was_shown_once_may_be_withheld_now(record: Record, why: list[Item]) -> None:
    assert shown(record) == ["bluesky:1", "bluesky:x"]
    write(record, why)
    assert shown(record) == ["bluesky:1"]


def test_what_was_hidden_may_be_shown_again(record: Record) -> None:
    write(record, judgement("bluesky:x", "hidden"), judgement("bluesky:x", "shown", LATER + 1))
    assert shown(record) == ["bluesky:1", "bluesky:x"]


def test_papers_are_shown_as_they_were_then_and_posts_with_their_current_words(record: Record) -> None:
    write(record, post(1, "bluesky:x", LATER, text="Edited")[:1], paper(1, title="Retitled", at=LATER)[:1])
    shown_issue = RecordIssueReader(record).issue("daily", DAY)
    assert [quotation.post.text for quotation in shown_issue.posts[key(1)]] == [remark("1"), "Edited"]
    assert shown_issue.papers[key(1)].title == "The only one"
    assert [quotation.hash for quotation in shown_issue.posts[key(1)]] == list(shown_issue.content.entries[0].posts)


def test_the_posts_of_those_still_talked_about_are_shown(record: Record) -> None:
    write(record, more_talk(1, 70, TODAY + 10**10), paper(2, "2024-05-08"))
    frozen(record, day="2024-05-08")
    shown_issue = RecordIssueReader(record).issue("daily", "2024-05-08")
    assert [entry.paper for entry in shown_issue.content.ongoing] == [key(1)]
    assert [quotation.post.post for quotation in shown_issue.posts[key(1)]] == ["bluesky:1", "bluesky:x"]


def test_the_front_of_an_issue_is_all_but_its_papers_and_posts(record: Record) -> None:
    listed(record, {1: (10, 40), 2: (10, 60)})
    frozen(record, LISTED)
    issue_reader = RecordIssueReader(record)
    for name in ("daily", "listed"):
        whole = issue_reader.issue(name, DAY)
        assert whole.papers
        bare = msgspec.structs.replace(whole, papers={}, posts={}, places={}, printed={})
        assert issue_reader.issue_header(name, DAY) == issue_reader.issue_header(name, DAY, 1) == bare
    with pytest.raises(NotFound, match="daily 2024-05-08: no frozen issue"):
        issue_reader.issue_header("daily", "2024-05-08")


def test_where_a_paper_is(record: Record) -> None:
    listed(record, {1: (10, 40), 2: (10, 60)})
    frozen(record, LISTED)
    issue_reader = RecordIssueReader(record)
    assert [publication.publication for publication in issue_reader.publications()] == ["daily", "listed"]
    assert (issue_reader.days("daily"), issue_reader.days("listed"), issue_reader.days("other")) == ([DAY], [DAY], [])
    assert list(issue_reader.appearances(key(1))) == [("daily", DAY), ("listed", DAY)]
    assert list(issue_reader.appearances(key(9))) == []
    with pytest.raises(NotFound, match="daily 2024-05-08: no frozen issue"):
        issue_reader.issue("daily", "2024-05-08")
    with pytest.raises(NotFound, match="of edition 2"):
        issue_reader.issue("daily", DAY, 2)
