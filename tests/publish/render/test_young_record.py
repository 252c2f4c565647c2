"""An issue of a young record, with a paper of the day before: every channel says the same about it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import msgspec
import pytest

from hotpapers.base.model import PublishedIssue, ReferenceSize
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.publish.query.issues import as_issue
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.markdown import issue_text
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.announce.announcement import build_announcement
from hotpapers.wings.announce.bluesky import build_thread
from hotpapers.wings.announce.chat import room_message
from hotpapers.wings.mail.issue_text import as_html, as_text, message_view
from tests.publish.render.build import OWN, PlainIssueReader, issue, own_entry, paper
from tests.publish.render.sites import site
from tests.wings.announce.test_chat import PlainRoom

DAY, DAY_BEFORE = "2021-01-14", "2021-01-13"
PUBLIC = SiteConfig("desk@daily.example", "https://papers.example/")


def young_issue() -> PublishedIssue:
    days = [announcement_days.announced_at(day) for day in (DAY_BEFORE, DAY)]
    entries = [
        own_entry(n, paper(f"2101.0000{n}", f"Kettles, part {n}"), [], [], announced_at=at)
        for n, at in enumerate(days, 1)
    ]
    published_issue = issue(OWN, DAY, entries, announced=69, considered=214)
    reference = ReferenceSize(network="bluesky", age=6, papers=16, days=1, young=True)
    return msgspec.structs.replace(
        published_issue, content=msgspec.structs.replace(published_issue.content, compared=reference)
    )


def plain_text(markup: str) -> str:
    """The text of Markdown, HTML or mail as a reader sees it."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", html.unescape(markup))).replace("\\", "").split())


def feed(published_issue: PublishedIssue, kind: str) -> str:
    return (
        FeedMaker(PlainIssueReader([OWN], [published_issue]), "daily", PUBLIC).feed(f"feeds/{kind}.rss") or b""
    ).decode()


CHANNELS: dict[str, Callable[[PublishedIssue], str]] = {
    "site": lambda published: site(PlainIssueReader([OWN], [published]), "daily")[f"{DAY}/index.html"].decode(),
    "markdown": issue_text,
    "feed": lambda published: feed(published, "papers"),
    "feed of issues": lambda published: feed(published, "issues"),
    "message": lambda published: as_text(message_view(published, PUBLIC, 10)),
    "message in HTML": lambda published: as_html(message_view(published, PUBLIC, 10)),
    "api": lambda published: json.dumps(msgspec.to_builtins(as_issue(published)), ensure_ascii=False),
}
CONTENT = "2 papers: 1 of the 69 announced that day, 1 from before"
PROVISIONAL = "compared with 16 papers of one day, so the order is rough"
REASON = "The order is rough until there are 500 papers of 90 days to compare with; so far, 16 papers of one day."
THRESHOLD_NOTE = "Below the threshold of 1,500"


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name != "feed"])
def test_the_issue_says_what_it_holds_and_that_places_are_provisional(channel: str) -> None:
    text = plain_text(CHANNELS[channel](young_issue()))
    assert CONTENT in text and PROVISIONAL in text


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name != "feed of issues"])
def test_an_entry_of_the_day_before_says_so(channel: str) -> None:
    assert plain_text(CHANNELS[channel](young_issue())).count("announced the day before") == 1


@pytest.mark.parametrize("channel", ["site", "markdown", "feed"])
def test_an_entry_says_why_its_place_is_provisional(channel: str) -> None:
    text = plain_text(CHANNELS[channel](young_issue()))
    assert text.count(REASON) == 2 and text.count(THRESHOLD_NOTE) == 2


def test_the_page_about_the_method_says_what_young_means_and_what_was_compared() -> None:
    page = site(PlainIssueReader([OWN], [young_issue()]), "daily")["method/index.html"].decode()
    assert "(84 are enough: nothing may have been announced in the first week)" in plain_text(page)
    assert f"The latest issue: {PROVISIONAL}." in plain_text(page)


def test_chat_and_threads_say_so_in_few_words() -> None:
    news = build_announcement(young_issue(), PUBLIC)
    assert (news.papers, news.provisional) == (CONTENT, f"C{PROVISIONAL[1:]}.")
    card = build_thread(young_issue(), PUBLIC).posts[0].content["embed"]["external"]["description"]
    for text in (room_message(news, PlainRoom(largest=400)), card):
        assert f"{CONTENT}." in text and news.provisional in text
