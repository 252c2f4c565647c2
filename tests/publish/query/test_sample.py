"""Whole answers about the sample's papers and issues, as files."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from hotpapers.base.errors import NotAnArxivId, NotFound, UsageError
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.status import status_at
from tests.publish.query.query_stores import FROZEN_AT, ask, assert_same_answer

DAY = "2021-01-14"


def test_publications(sample_session: QuerySession) -> None:
    assert_same_answer("publications", ask(sample_session, "publications"))


def test_issues_come_the_latest_first_page_by_page(sample_session: QuerySession) -> None:
    first_page = ask(sample_session, "issues", publication="hot-papers", limit=3)
    assert_same_answer("issues", first_page)
    second_page = ask(sample_session, "issues", limit=3, cursor=first_page.next)
    assert [line.day for line in (*first_page.issues, *second_page.issues)] == [
        "2021-05-11", "2021-04-30", "2021-02-18", "2021-01-14", "2020-12-22",
    ]  # fmt: skip
    assert second_page.next is None
    assert ask(sample_session, "issues", limit=5).next is None


def test_an_issue(sample_session: QuerySession) -> None:
    assert_same_answer("issue", ask(sample_session, "issue", day=DAY))


def test_a_top_is_that_of_its_page(sample_session: QuerySession) -> None:
    top = ask(sample_session, "top", period="year")
    assert (top.period, top.name, top.unit, top.previous, top.next) == ("2021", "2021", "likes", "2020", None)
    ranks = [paper.rank for paper in top.papers]
    assert ranks[:50] == list(range(1, 51)) and ranks == sorted(ranks) and ranks[-1] <= top.total
    assert top.papers[0].voices >= top.papers[1].voices and top.papers[0].day.startswith("2021-")
    assert ask(sample_session, "top", period="2021") == top
    assert ask(sample_session, "top", period="all").total > top.total
    with pytest.raises(NotFound, match=r"no top of 1999; its kinds are week, month, year, all$"):
        ask(sample_session, "top", period="1999")


def test_the_latest_issue_is_that_of_the_last_day(sample_session: QuerySession) -> None:
    assert ask(sample_session, "issue") == ask(
        sample_session, "issue", publication="hot-papers", day="2021-05-11", edition=1
    )


def test_the_content_has_the_digest(sample_session: QuerySession) -> None:
    content = bytes(ask(sample_session, "content", day=DAY))
    assert hashlib.sha256(content).hexdigest() == ask(sample_session, "issue", day=DAY).digest


def test_a_verification(sample_session: QuerySession) -> None:
    assert_same_answer("verification", ask(sample_session, "verification", day=DAY))


def test_an_explanation(sample_session: QuerySession) -> None:
    assert_same_answer("explanation", ask(sample_session, "explanation", paper="2101.04869", day=DAY))
    assert ask(sample_session, "explanation", paper="https://arxiv.org/abs/2101.04869v1").day == DAY


def test_a_paper(sample_session: QuerySession) -> None:
    assert_same_answer("paper", ask(sample_session, "paper", paper="2101.04869"))


def test_posts_of_a_paper_that_may_only_be_linked(sample_session: QuerySession) -> None:
    assert_same_answer("posts", ask(sample_session, "posts", paper="arxiv:2101.04869"))


def test_a_search(sample_session: QuerySession) -> None:
    assert_same_answer("search", ask(sample_session, "search", q="robot category:cs.RO", limit=2))


def test_pages_of_a_search_follow_each_other(sample_session: QuerySession) -> None:
    full = ask(sample_session, "search", q="the", limit=100)
    papers: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(sample_session, "search", q="the", limit=10, cursor=cursor)
        papers += page.papers
        cursor = page.next
    assert tuple(papers) == full.papers and len(papers) == full.total > 30


def test_the_status(sample_session: QuerySession) -> None:
    status = status_at(sample_session, FROZEN_AT + 3_600_000_000)
    assert_same_answer("status", msgspec.structs.replace(status, last_at=0, version=""))


# ---- not found ---------------------------------------------------------------------------------------------


def test_what_there_is_no_issue_of(sample_session: QuerySession) -> None:
    cases: list[tuple[dict[str, str | int], str]] = [
        ({"day": "2021-01-15"}, "hot-papers: no issue on 15 January; the latest is 11 May"),
        ({"day": DAY, "edition": 2}, "hot-papers: no issue of 2021-01-14, edition 2"),
        ({"publication": "weekly"}, "publication: 'weekly' does not exist; there are: hot-papers"),
    ]
    for params, message in cases:
        for name in ("issue", "content", "verification"):
            with pytest.raises(NotFound) as error:
                ask(sample_session, name, **params)
            assert str(error.value) == message


def test_papers_that_nobody_knows(sample_session: QuerySession) -> None:
    for name in ("paper", "posts", "snapshots"):
        with pytest.raises(NotFound, match=r"^2101\.99999: the record has nothing about this paper$"):
            ask(sample_session, name, paper="2101.99999")
    with pytest.raises(NotFound, match=r"^2101\.99999 is not in any frozen issue of hot-papers$"):
        ask(sample_session, "explanation", paper="2101.99999")
    with pytest.raises(NotFound, match=r"^2101\.04869 is not in the issue of 2021-05-11$"):
        ask(sample_session, "explanation", paper="2101.04869", day="2021-05-11")
    with pytest.raises(NotAnArxivId):
        ask(sample_session, "paper", paper="the one on robots")


def test_cursors_of_other_questions(sample_session: QuerySession) -> None:
    cursor = ask(sample_session, "issues", limit=1).next
    for name, params in (("search", {"q": "the"}), ("posts", {"paper": "2101.04869"})):
        with pytest.raises(UsageError, match=r"^cursor: invalid; use `next`"):
            ask(sample_session, name, cursor=cursor, **params)
