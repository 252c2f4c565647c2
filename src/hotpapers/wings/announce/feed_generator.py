"""The service behind a custom feed on Bluesky: the posts that issues show, newest issue first, in the order of places.

    /.well-known/did.json                              the service's identity
    /xrpc/app.bsky.feed.describeFeedGenerator          the list of feeds
    /xrpc/app.bsky.feed.getFeedSkeleton?feed=…         a page of a feed: addresses of posts, and a cursor

Bluesky requests a page whenever somebody reads the feed, and shows the current versions of those posts. A cursor is the
last post's place in its issue, so posts added above do not shift the pages. Nothing about the reader is evaluated.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from hotpapers.base.model import IssueReader
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.serve.web.http_messages import OPEN, Refused, Reply, reply
from hotpapers.serve.web.page_cache import CurrentPages, PageCache
from hotpapers.serve.web.responders import Answer, Responder
from hotpapers.wings.announce.custom_feed import feed_uri, service_did, service_document

ISSUES = 100
"""How many of the latest issues are in a feed."""
PAGE, MAX_PAGE_POSTS = 50, 100
"""Posts on a page: by default, and at most, as in Bluesky's API."""
_POST = re.compile(r"bluesky:(at://did:[a-z]+:[\w.:%-]+/app\.bsky\.feed\.post/[\w~.:-]+)", re.ASCII)
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,6})\.(\d{1,6})", re.ASCII)
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)

JSON = OPEN | {"content-type": "application/json; charset=utf-8"}
UNKNOWN_FEED = "no such feed"

Key = tuple[int, int, int]


class FeedPost(NamedTuple):
    """A post in a feed: the n-th at a place of a day's issue."""

    day: str
    place: int
    n: int
    uri: str

    @property
    def cursor(self) -> str:
        """The cursor for the posts after this one."""
        return f"{self.day}.{self.place}.{self.n}"

    @property
    def key(self) -> Key:
        """The sort key: newer issues first, then by place."""
        return key(self.day, self.place, self.n)


def key(day: str, place: int, n: int) -> Key:
    """The sort key of a post in the feed. Raises ValueError for an invalid day."""
    return (-date.fromisoformat(day).toordinal(), place, n)


class FeedSkeleton:
    """A publication's feed from one issue reader; issues are only read as far as readers scroll."""

    def __init__(self, issue_reader: IssueReader, publication: str) -> None:
        self.issue_reader, self._publication = issue_reader, publication
        self._unread, self._read = self._items(), list[FeedPost]()

    def page(self, cursor: str, limit: int) -> tuple[list[FeedPost], str]:
        """Posts after a cursor, and the next cursor, empty at the end. Raises ValueError for an invalid cursor."""
        last_key = _key_of(cursor) if cursor else None
        while True:
            start = bisect_right(self._read, last_key, key=lambda item: item.key) if last_key else 0
            shortage = start + limit + 1 - len(self._read)
            if shortage <= 0 or not self._read_more(shortage):
                break
        posts = self._read[start : start + limit]
        return posts, posts[-1].cursor if len(self._read) > start + limit else ""

    def _read_more(self, limit: int) -> bool:
        """Reads up to `limit` more posts. Returns whether there were any."""
        posts = list(islice(self._unread, limit))
        self._read += posts
        return bool(posts)

    def _items(self) -> Iterator[FeedPost]:
        """Each post once, at its first occurrence."""
        uris: set[str] = set()
        for day in list(reversed(self.issue_reader.days(self._publication)))[:ISSUES]:
            issue = self.issue_reader.issue(self._publication, day)
            for entry in issue.content.entries:
                for n, quotation in enumerate(issue.posts.get(entry.paper, ()), 1):
                    match = _POST.fullmatch(quotation.post.post)
                    if match and match[1] not in uris:
                        uris.add(match[1])
                        yield FeedPost(day, entry.place, n, match[1])


def _key_of(cursor: str) -> Key:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise ValueError("not a cursor of this feed")
    return key(match[1], int(match[2]), int(match[3]))


def routes(pages: CurrentPages, accounts: Sequence[BlueskyAccount]) -> list[Route]:
    """The routes of a publication's feeds; none if the settings have no address for a feed."""
    publication = pages.publication
    feeds = [account for account in accounts if account.publication == publication and account.feed]
    if not feeds:
        return []
    service, uris = feeds[0].feed, [feed_uri(account.account, publication) for account in feeds]
    description = {"did": service_did(service), "feeds": [{"uri": uri} for uri in uris]}
    answers: dict[str, Answer] = {
        "/.well-known/did.json": partial(_document, service_document(service)),
        "/xrpc/app.bsky.feed.describeFeedGenerator": partial(_document, description),
        "/xrpc/app.bsky.feed.getFeedSkeleton": partial(
            _skeleton_page, pages, partial(FeedSkeleton, publication=publication), uris
        ),
        "/xrpc/{path:path}": _nothing,
    }
    return [Route(path, Responder(answer, _refusal)) for path, answer in answers.items()]


async def _document(document: object, request: Request) -> Reply:
    return reply(200, JSON, msgspec.json.encode(document))


async def _nothing(request: Request) -> Reply:
    raise Refused(404, "not found")


async def _skeleton_page(
    pages: CurrentPages, make_skeleton: Callable[[IssueReader], FeedSkeleton], uris: Sequence[str], request: Request
) -> Reply:
    params = request.query_params
    if params.get("feed", "") not in uris:
        raise Refused(400, UNKNOWN_FEED)
    limit, cursor = params.get("limit", str(PAGE)), params.get("cursor", "")
    if not (_NUMBER.fullmatch(limit) and 1 <= int(limit) <= MAX_PAGE_POSTS):
        raise Refused(400, f"limit: must be a whole number from 1 to {MAX_PAGE_POSTS}")

    def read(cache: PageCache) -> tuple[list[FeedPost], str]:
        return cache.of(make_skeleton).page(cursor, int(limit))

    try:
        posts, following = await pages.ask(read)
    except ValueError:
        raise Refused(400, "cursor: invalid; use the one from the previous page") from None
    document: dict[str, Any] = {"cursor": following} if following else {}
    return await _document({**document, "feed": [{"post": item.uri} for item in posts]}, request)


def _refusal(refused: Refused, headers: Mapping[str, str]) -> Reply:
    """A refusal in the format of Bluesky's API."""
    names = {404: "NotFound", 405: "MethodNotAllowed", 503: "Unavailable"}
    error = "UnknownFeed" if refused.detail == UNKNOWN_FEED else names.get(refused.status, "InvalidRequest")
    document = {"error": error, "message": refused.detail}
    return reply(refused.status, {**JSON, **headers}, msgspec.json.encode(document))
