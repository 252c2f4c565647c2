"""The service behind a custom feed: its documents, its pages, and invalid requests."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import BusyStore
from hotpapers.base.model import PublishedIssue, Quotation
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.wings.announce.feed_generator import (
    ISSUES,
    FeedSkeleton,
    feed_record,
    feed_uri,
    routes,
    service_did,
)
from tests.publish.render.build import NOON, OWN, PlainIssueReader, issue, own_entry, paper, post
from tests.serve.asgi import get

DID = "did:plc:aaaabbbbccccddddeeee2345"
FEED = f"at://{DID}/app.bsky.feed.generator/daily"
TABLES = [
    BlueskyAccount(publication="daily", account=DID, feed="https://papers.example"),
    BlueskyAccount(publication="daily", account="did:plc:nofeed"),
    BlueskyAccount(publication="other", account="did:plc:other", feed="https://papers.example"),
]


def quotation(n: int, network: str = "bluesky") -> Quotation:
    return post(f"at://did:plc:quill/app.bsky.feed.post/3k{n}", "Read this", network)


def reader_of(*days: list[list[Quotation]]) -> PlainIssueReader:
    """Issues from 4 January 2021 on: the posts of each place."""
    issues = [
        issue(OWN, f"2021-01-{n:02}", [
            own_entry(place, paper(f"2101.9990{place}", "Kettles"), [], [], *posts)
            for place, posts in enumerate(places, 1)
        ], ongoing=[own_entry(1, paper("2101.99999", "Old"), [], [], quotation(99))])
        for n, places in enumerate(days, 4)
    ]  # fmt: skip
    return PlainIssueReader([OWN], issues)


ISSUE_READER = reader_of(
    [[quotation(1), quotation(3)], [quotation(2)]],
    [[quotation(3), quotation(4, "x")], [], [quotation(5), quotation(6)]],
)
NEWEST_FIRST = [3, 5, 6, 1, 2]


def site_of(issue_reader: PlainIssueReader) -> SiteApp:
    pages = CurrentPages(lambda: issue_reader, "daily", NOBODY)
    return SiteApp(pages, routes(pages, TABLES))


def ask(path: str, issue_reader: PlainIssueReader = ISSUE_READER) -> tuple[int, dict[str, str], Any]:
    """One request: status, headers, JSON."""
    site = site_of(issue_reader)
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "server": ("a.example", 80), "headers": [],
    }  # fmt: skip
    messages: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(site(scope, receive, send))
    body = b"".join(part["body"] for part in messages[1:])
    return (
        messages[0]["status"],
        {name.decode(): value.decode() for name, value in messages[0]["headers"]},
        json.loads(body),
    )


def page(query: str = "", issue_reader: PlainIssueReader = ISSUE_READER) -> tuple[list[int], str]:
    """The numbers of a page's posts, and its cursor."""
    status, _, response = ask(f"/xrpc/app.bsky.feed.getFeedSkeleton?feed={quote(FEED)}{query}", issue_reader)
    assert status == 200
    return [int(item["post"].rpartition("3k")[2]) for item in response["feed"]], response.get("cursor", "")


def test_who_it_is_and_which_feeds_there_are() -> None:
    status, headers, document = ask("/.well-known/did.json")
    assert status == 200 and headers["content-type"].startswith("application/json")
    assert document == {
        "@context": ["https://www.w3.org/ns/did/v1"], "id": "did:web:papers.example",
        "service": [
            {"id": "#bsky_fg", "type": "BskyFeedGenerator", "serviceEndpoint": "https://papers.example"}
        ],
    }  # fmt: skip
    assert ask("/xrpc/app.bsky.feed.describeFeedGenerator")[2] == {
        "did": "did:web:papers.example", "feeds": [{"uri": FEED}]
    }  # fmt: skip


def test_posts_come_newest_issue_first_by_place_each_once_and_of_bluesky_alone() -> None:
    assert page() == (NEWEST_FIRST, "")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
def test_pages_follow_each_other(limit: int) -> None:
    numbers, cursor = page(f"&limit={limit}")
    while cursor:
        next_numbers, cursor = page(f"&limit={limit}&cursor={cursor}")
        assert next_numbers
        numbers += next_numbers
    assert numbers == NEWEST_FIRST


def test_a_new_issue_shifts_nothing() -> None:
    first_numbers, cursor = page("&limit=2")
    longer_reader = reader_of(
        [[quotation(1), quotation(3)], [quotation(2)]],
        [[quotation(3), quotation(4, "x")], [], [quotation(5), quotation(6)]],
        [[quotation(7)], [quotation(8)]],
    )
    assert first_numbers + page(f"&cursor={cursor}", longer_reader)[0] == NEWEST_FIRST
    assert page("", longer_reader)[0] == [7, 8, *NEWEST_FIRST]


def test_a_cursor_of_a_day_that_is_no_longer_there() -> None:
    assert page("&cursor=2021-01-05.9.9")[0] == [1, 2] and page("&cursor=2020-01-01.1.1") == ([], "")
    assert page("&cursor=2030-01-01.1.1")[0] == NEWEST_FIRST


def test_only_the_latest_issues_are_in_it() -> None:
    class CountingReader(PlainIssueReader):
        reads = 0

        def issue(self, *args: Any) -> Any:
            CountingReader.reads += 1
            return super().issue(*args)

    days = [f"20{year:02}-01-{day:02}" for year in range(10, 16) for day in range(1, 29)]
    issues = [
        issue(OWN, day, [own_entry(1, paper("2101.99901", "K"), [], [], quotation(n))]) for n, day in enumerate(days)
    ]
    issue_reader = CountingReader([OWN], issues)
    skeleton = FeedSkeleton(issue_reader, "daily")
    assert len(skeleton.page("", 5)[0]) == 5 and CountingReader.reads == 6  # only as many as a reader scrolls through
    assert len(skeleton.page("", 1000)[0]) == ISSUES == CountingReader.reads


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "UnknownFeed"), ("?feed=at://did:plc:other/app.bsky.feed.generator/daily", "UnknownFeed"),
        ("?feed={}&limit=0", "InvalidRequest"), ("?feed={}&limit=101", "InvalidRequest"),
        ("?feed={}&limit=ten", "InvalidRequest"), ("?feed={}&limit=%D9%A3", "InvalidRequest"),
        ("?feed={}&cursor=abc", "InvalidRequest"), ("?feed={}&cursor=2021-13-01.1.1", "InvalidRequest"),
        ("?feed={}&cursor=2021-01-01.1.12345678", "InvalidRequest"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(query: str, error: str) -> None:
    status, headers, body = ask(f"/xrpc/app.bsky.feed.getFeedSkeleton{query.format(quote(FEED))}")
    assert (status, body["error"]) == (400, error) and headers["x-content-type-options"] == "nosniff"


@given(st.text(max_size=40))
def test_no_cursor_breaks_it(cursor: str) -> None:
    with suppress(ValueError):
        FeedSkeleton(ISSUE_READER, "daily").page(cursor, 3)


def test_a_store_that_was_busy_once_shortens_no_feed() -> None:
    class BusyTwice(PlainIssueReader):
        busy = 2  # every request is tried twice

        def issue(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
            if self.busy and day == "2021-01-04":
                self.busy -= 1
                raise BusyStore("held by process 7")
            return super().issue(publication, day, edition)

    issue_reader = BusyTwice([OWN], [ISSUE_READER.issue("daily", day) for day in ISSUE_READER.days("daily")])
    site = site_of(issue_reader)
    url = f"/xrpc/app.bsky.feed.getFeedSkeleton?feed={quote(FEED)}"
    first, second = get(site, url), get(site, url)
    assert (first.status, first.json["error"], first.headers["retry-after"]) == (503, "Unavailable", "10")
    assert "process" not in str(first)
    assert [int(item["post"].rpartition("3k")[2]) for item in second.json["feed"]] == NEWEST_FIRST


def test_posts_with_odd_addresses_are_left_out() -> None:
    odd_posts = [
        post(address, "x", "bluesky") for address in ("at://did:plc:a/app.bsky.feed.like/1", "javascript:1", "at://a")
    ]
    assert page("", reader_of([[*odd_posts, quotation(1)]])) == ([1], "")


def test_without_a_feed_nothing_is_answered() -> None:
    assert routes(CurrentPages(lambda: ISSUE_READER, "daily", NOBODY), TABLES[1:]) == []


def test_names() -> None:
    assert feed_uri(DID, "daily") == FEED
    assert service_did("http://localhost:8000") == "did:web:localhost%3A8000"
    feed = feed_record(OWN, "https://papers.example", "https://papers.example/daily/", NOON)
    assert feed == {
        "$type": "app.bsky.feed.generator", "did": "did:web:papers.example", "displayName": "The Daily Dozen",
        "description": "The posts that each issue shows, by the rank of their papers: how rare their attention is. "
        "https://papers.example/daily/", "createdAt": "2021-01-14T12:00:00Z",
    }  # fmt: skip
