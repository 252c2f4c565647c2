"""Wording shared by pages, feeds and Markdown: titles without TeX, days, and how a first issue was read."""

from __future__ import annotations

import json

import msgspec
import pytest

from hotpapers.base.model import NetworkReading, PrintedCount, PublishedIssue
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.markdown import issue_text
from hotpapers.publish.view.publication_state import state_of
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.wings.mail.issue_text import as_text, message_view
from tests.publish.render.build import NOON, OWN, PlainIssueReader, issue, own_entry, paper
from tests.publish.render.html import Page
from tests.publish.render.sites import site

READINGS = (NetworkReading(network="bluesky", state="complete"),)
TITLE = r"Poincar\'e--Hopf and ``Tea''"
PLAIN = "Poincaré–Hopf and “Tea”"


def _issue() -> PublishedIssue:
    metadata = paper("2101.99901", TITLE, r"We ask for \emph{tea}.")
    return issue(
        OWN, "2021-01-14", [own_entry(1, metadata, [], [], announced_at=announced_at("2021-01-13"))], readings=READINGS
    )


def test_a_title_is_the_same_in_pages_feeds_and_markdown() -> None:
    reader = PlainIssueReader([OWN], [_issue()])
    page = Page(site(reader, "daily")["paper/2101.99901/index.html"])
    assert page.text.startswith(f"{PLAIN} · The Daily Dozen") and f"{PLAIN}" in page.text.partition("·")[2]
    feed = FeedMaker(reader, "daily", NOBODY).feed("feeds/papers.json") or b""
    [item] = json.loads(feed)["items"]
    assert (item["title"], item["summary"]) == (PLAIN, "We ask for tea.") and "\\" not in item["content_html"]
    assert f"## 1. {PLAIN}\n" in issue_text(_issue()) and "We ask for tea." in issue_text(_issue())


def test_lists_have_one_number_for_a_network_and_the_rest_all() -> None:
    count = PrintedCount(network="feeds", voices=1, reposts=0, likes=3, until=NOON, bots=2)
    published_issue = issue(OWN, "2021-01-14", [own_entry(1, paper("2101.99901", "Tea"), [count], [])])
    line = "Blogs: 1 person, 3 likes (not counted: 2 bot posts)"
    maker = FeedMaker(PlainIssueReader([OWN], [published_issue]), "daily", NOBODY)
    issue_item, paper_item = (
        json.loads(maker.feed(f"feeds/{kind}.json") or b"")["items"][0]["content_html"] for kind in ("issues", "papers")
    )
    assert line in paper_item and line in issue_text(published_issue)
    assert "People: Blogs\u00a01<" in issue_item
    assert "People: Blogs\u00a01\n" in as_text(message_view(published_issue, NOBODY, 1))


def test_when_a_paper_was_announced_is_told_beside_the_issue() -> None:
    page = Page(site(PlainIssueReader([OWN], [_issue()]), "daily")["paper/2101.99901/index.html"])
    head, _, appearance = page.text.partition("In 1 issue")
    assert "announced" not in head and "· announced the day before" in appearance


def test_the_authors_of_a_large_collaboration_unfold() -> None:
    names = tuple(f"Author {n}" for n in range(1, 3001))
    published_issue = issue(OWN, "2021-01-14", [own_entry(1, paper("2101.99901", "Everything", authors=names), [], [])])
    page = Page(site(PlainIssueReader([OWN], [published_issue]), "daily")["paper/2101.99901/index.html"])
    head, _, rest = page.text.partition("2,980 more authors")
    assert "Author 20" in head and "Author 21" not in head and rest.lstrip().startswith("Author 21, Author 22")


@pytest.mark.parametrize(
    ("window", "due"),
    [
        ("daily", "on a weekday, after 08:00 UTC."), ("weekly", "when its week is over."),
        ("monthly", "when its month is over."),
    ],
)  # fmt: skip
def test_a_front_page_without_an_issue_says_when_there_will_be_one(window: str, due: str) -> None:
    publication = msgspec.structs.replace(OWN, window=window)
    page = Page(site(PlainIssueReader([publication], []), "daily")["index.html"])
    assert f"No issue yet The first one is due {due}" in page.text


def test_a_first_issue_is_not_the_last_1_issues() -> None:
    [network] = state_of(OWN, [_issue()]).networks
    assert network.text == "read in full for the latest issue"
    [network] = state_of(OWN, [_issue(), _issue()]).networks
    assert network.text == "read in full for all of the last 2 issues"


def test_a_network_that_is_no_longer_read_was_not_read_for_the_latest_issue() -> None:
    later_issue = issue(OWN, "2021-01-15", [], readings=(NetworkReading(network="x", state="complete"),))
    x, bluesky = sorted(state_of(OWN, [_issue(), later_issue]).networks, reverse=True)
    assert x.text == "read in full for the latest issue"
    assert bluesky.text == "read in full until the issue of 14 January 2021"
