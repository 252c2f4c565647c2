"""Whole answers about the sample's papers and issues, as files."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from hotpapers.errors import NotAnArxivId, NotFound, UsageError
from hotpapers.query import QuerySession
from hotpapers.query.status import status_at
from tests.query.made import FROZEN_AT, ask, same

DAY = "2021-01-14"


def test_publications(sampled: QuerySession) -> None:
    same("publications", ask(sampled, "publications"))


def test_issues_come_the_latest_first_page_by_page(sampled: QuerySession) -> None:
    first = ask(sampled, "issues", publication="hot-papers", limit=3)
    same("issues", first)
    second = ask(sampled, "issues", limit=3, cursor=first.next)
    assert [line.day for line in (*first.issues, *second.issues)] == [
        "2021-05-11", "2021-04-30", "2021-02-18", "2021-01-14", "2020-12-22",
    ]  # fmt: skip
    assert second.next is None
    assert ask(sampled, "issues", limit=5).next is None


def test_an_issue(sampled: QuerySession) -> None:
    same("issue", ask(sampled, "issue", day=DAY))


def test_the_latest_issue_is_that_of_the_last_day(sampled: QuerySession) -> None:
    assert ask(sampled, "issue") == ask(sampled, "issue", publication="hot-papers", day="2021-05-11", edition=1)


def test_the_content_has_the_digest(sampled: QuerySession) -> None:
    content = bytes(ask(sampled, "content", day=DAY))
    assert hashlib.sha256(content).hexdigest() == ask(sampled, "issue", day=DAY).digest


def test_a_verification(sampled: QuerySession) -> None:
    same("verification", ask(sampled, "verification", day=DAY))


def test_an_explanation(sampled: QuerySession) -> None:
    same("explanation", ask(sampled, "explanation", paper="2101.04869", day=DAY))
    assert ask(sampled, "explanation", paper="https://arxiv.org/abs/2101.04869v1").day == DAY


def test_a_paper(sampled: QuerySession) -> None:
    same("paper", ask(sampled, "paper", paper="2101.04869"))


def test_posts_of_a_paper_that_may_only_be_linked(sampled: QuerySession) -> None:
    same("posts", ask(sampled, "posts", paper="arxiv:2101.04869"))


def test_a_search(sampled: QuerySession) -> None:
    same("search", ask(sampled, "search", q="robot category:cs.RO", limit=2))


def test_pages_of_a_search_follow_each_other(sampled: QuerySession) -> None:
    whole = ask(sampled, "search", q="the", limit=100)
    found: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(sampled, "search", q="the", limit=10, cursor=cursor)
        found += page.papers
        cursor = page.next
    assert tuple(found) == whole.papers and len(found) == whole.total > 30


def test_the_status(sampled: QuerySession) -> None:
    found = status_at(sampled, FROZEN_AT + 3_600_000_000)
    same("status", msgspec.structs.replace(found, last_at=0, version=""))


# ---- not found ---------------------------------------------------------------------------------------------


def test_what_there_is_no_issue_of(sampled: QuerySession) -> None:
    cases: list[tuple[dict[str, str | int], str]] = [
        ({"day": "2021-01-15"}, "hot-papers: no frozen issue for 2021-01-15"),
        ({"day": DAY, "edition": 2}, "hot-papers: no frozen issue for 2021-01-14, edition 2"),
        ({"publication": "weekly"}, "publication: 'weekly' does not exist; there are: hot-papers"),
    ]
    for asked, said in cases:
        for name in ("issue", "content", "verification"):
            with pytest.raises(NotFound) as refused:
                ask(sampled, name, **asked)
            assert str(refused.value) == said


def test_papers_that_nobody_knows(sampled: QuerySession) -> None:
    for name in ("paper", "posts", "snapshots"):
        with pytest.raises(NotFound, match=r"^2101\.99999: the record has nothing about this paper$"):
            ask(sampled, name, paper="2101.99999")
    with pytest.raises(NotFound, match=r"^2101\.99999 is not in any frozen issue of hot-papers$"):
        ask(sampled, "explanation", paper="2101.99999")
    with pytest.raises(NotFound, match=r"^2101\.04869 is not in the issue of 2021-05-11$"):
        ask(sampled, "explanation", paper="2101.04869", day="2021-05-11")
    with pytest.raises(NotAnArxivId):
        ask(sampled, "paper", paper="the one on robots")


def test_cursors_of_other_questions(sampled: QuerySession) -> None:
    cursor = ask(sampled, "issues", limit=1).next
    for name, more in (("search", {"q": "the"}), ("posts", {"paper": "2101.04869"})):
        with pytest.raises(UsageError, match=r"^cursor: invalid; use `next`"):
            ask(sampled, name, cursor=cursor, **more)
