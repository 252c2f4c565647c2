"""The service behind a custom feed on Bluesky: the posts that issues show, newest issue first, in the order of places.

Its name and description (`app.bsky.feed.generator`) are a record in the publication's own account. Bluesky gets the
feed from this service, which is identified by its address (did:web):

    /.well-known/did.json                              the service's identity
    /xrpc/app.bsky.feed.describeFeedGenerator          the list of feeds
    /xrpc/app.bsky.feed.getFeedSkeleton?feed=…         a page of a feed: addresses of posts, and a cursor

Bluesky requests a page whenever somebody reads the feed, and shows the current versions of those posts. A cursor is the
last post's place in its issue, so posts added above do not shift the pages. Nothing about the reader is evaluated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from hotpapers.base.model import IssueReader, Publication
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.base.text import clean_text, timestamps
from hotpapers.publish.view import phrases
from hotpapers.serve.http_messages import OPEN, Answer, Refused, Reply, Responder, build_reply, not_found
from hotpapers.serve.page_cache import CurrentPages

COLLECTION = "app.bsky.feed.generator"
MAX_NAME_CHARS, MAX_DESCRIPTION_CHARS = 24, 300
"""Limits in code points; the protocol counts graphemes, of which there are never more."""
ISSUES = 100
"""How many of the latest issues are in a feed."""
PAGE, MAX_PAGE_POSTS = 50, 100
"""Posts on a page: by default, and at most, as in Bluesky's API."""
_POST = re.compile(r"bluesky:(at://did:[a-z]+:[\w.:%-]+/app\.bsky\.feed\.post/[\w~.:-]+)", re.ASCII)
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,6})\.(\d{1,6})", re.ASCII)
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)

JSON = OPEN | {"content-type": "application/json; charset=utf-8"}
UNKNOWN_FEED = "no such feed"
BEGINNING = "9999-12-31.0.0"
"""A cursor before all posts."""


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

    def is_after(self, day: str, place: int, n: int) -> bool:
        """Whether it comes after another one: newer issues are first, then better places."""
        if self.day < day:
            return True
        return self.day == day and (self.place, self.n) > (place, n)


class FeedSkeleton:
    """A publication's feed from one issue reader; issues are only read as far as readers scroll."""

    def __init__(self, issue_reader: IssueReader, publication: str) -> None:
        self.issue_reader = issue_reader
        self._publication = publication
        self._unread = self._items()
        self._read = list[FeedPost]()

    def page(self, cursor: str, limit: int) -> tuple[list[FeedPost], str]:
        """Posts after a cursor, and the next cursor, empty at the end. Raises ValueError for an invalid cursor."""
        match = _CURSOR.fullmatch(cursor or BEGINNING)
        if match is None:
            raise ValueError("not a cursor of this feed")
        day = str(date.fromisoformat(match[1]))
        place = int(match[2])
        n = int(match[3])
        start = bisect_left(self._read, True, key=lambda post: post.is_after(day, place, n))
        following = list(islice((post for post in self._posts(start) if post.is_after(day, place, n)), limit + 1))
        posts = following[:limit]
        has_more = len(following) > limit
        return posts, posts[-1].cursor if has_more else ""

    def _posts(self, start: int) -> Iterator[FeedPost]:
        """All posts from one on, in order; those that were read before are kept."""
        yield from self._read[start:]
        for post in self._unread:
            self._read.append(post)
            yield post

    def _items(self) -> Iterator[FeedPost]:
        """Each post once, at its first occurrence."""
        uris = set()
        for day in list(reversed(self.issue_reader.days(self._publication)))[:ISSUES]:
            issue = self.issue_reader.issue(self._publication, day)
            for entry in issue.content.entries:
                for n, quotation in enumerate(issue.posts.get(entry.paper, ()), 1):
                    match = _POST.fullmatch(quotation.post.post)
                    if match and match[1] not in uris:
                        uris.add(match[1])
                        yield FeedPost(day, entry.place, n, match[1])


def routes(pages: CurrentPages, accounts: Sequence[BlueskyAccount]) -> list[Route]:
    """The routes of a publication's feeds; none if the settings have no address for a feed."""
    publication = pages.publication
    feeds = [account for account in accounts if account.publication == publication and account.feed]
    if not feeds:
        return []
    service = feeds[0].feed
    uris = [feed_uri(account.account, publication) for account in feeds]
    description = {"did": service_did(service), "feeds": [{"uri": uri} for uri in uris]}
    service_entry = {"id": "#bsky_fg", "type": "BskyFeedGenerator", "serviceEndpoint": service}
    identity = {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": service_did(service),
        "service": [service_entry],
    }
    make_skeleton = partial(FeedSkeleton, publication=publication)

    async def skeleton_page(request: Request) -> Reply:
        params = request.query_params
        if params.get("feed", "") not in uris:
            raise Refused(400, UNKNOWN_FEED)
        limit = params.get("limit", str(PAGE))
        cursor = params.get("cursor", "")
        if not (_NUMBER.fullmatch(limit) and 1 <= int(limit) <= MAX_PAGE_POSTS):
            raise Refused(400, f"limit: must be a whole number from 1 to {MAX_PAGE_POSTS}")
        try:
            posts, following = await pages.ask(lambda cache: cache.of(make_skeleton).page(cursor, int(limit)))
        except ValueError:
            raise Refused(400, "cursor: invalid; use the one from the previous page") from None
        document: dict[str, Any] = {"cursor": following} if following else {}
        return await _document({**document, "feed": [{"post": item.uri} for item in posts]}, request)

    answers: dict[str, Answer] = {
        "/.well-known/did.json": partial(_document, identity),
        "/xrpc/app.bsky.feed.describeFeedGenerator": partial(_document, description),
        "/xrpc/app.bsky.feed.getFeedSkeleton": skeleton_page,
    }
    routes = [Route(path, Responder(answer, _refusal)) for path, answer in answers.items()]
    return [*routes, Route("/xrpc/{path:path}", not_found("not found", _refusal))]


async def _document(document: object, request: Request) -> Reply:
    return build_reply(200, JSON, msgspec.json.encode(document))


def _refusal(refused: Refused, headers: Mapping[str, str]) -> Reply:
    """A refusal in the format of Bluesky's API."""
    names = {404: "NotFound", 405: "MethodNotAllowed", 503: "Unavailable"}
    error = "UnknownFeed" if refused.detail == UNKNOWN_FEED else names.get(refused.status, "InvalidRequest")
    document = {"error": error, "message": refused.detail}
    return build_reply(refused.status, {**JSON, **headers}, msgspec.json.encode(document))


# ---- the record ----------------------------------------------------------------------------------------


def feed_uri(account: str, publication: str) -> str:
    """The address of a publication's feed."""
    return f"at://{account}/{COLLECTION}/{publication}"


def service_did(service: str) -> str:
    """`https://papers.example` → `did:web:papers.example`; a port follows `%3A`."""
    return f"did:web:{quote(service.partition('://')[2], safe='.-')}"


def feed_record(publication: Publication, service: str, site: str, at: int) -> dict[str, Any]:
    """The record that publishes a feed. `site`: the address of the issues, or empty; `at`: µs UTC."""
    text = "The posts that each issue shows, by the rank of their papers: how rare their attention is."
    description = phrases.cut_text(f"{text} {site}".strip(), MAX_DESCRIPTION_CHARS)
    display_name = phrases.cut_text(clean_text.one_line(publication.title), MAX_NAME_CHARS)
    created_at = timestamps.format_rfc3339(at)
    return {
        "$type": COLLECTION,
        "did": service_did(service),
        "createdAt": created_at,
        "displayName": display_name,
        "description": description,
    }
