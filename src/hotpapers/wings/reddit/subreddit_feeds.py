"""Reddit without a key: each subreddit's feed of its newest posts, and a post's own feed to see whether it exists."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence

import msgspec

from hotpapers.base.http.redact_errors import HIDDEN
from hotpapers.base.model import HttpClient, PayloadPage, RawPayload, Response
from hotpapers.collect.sources.batched_requests import GONE, one_by_one
from hotpapers.collect.sources.list_checks import check_overlap
from hotpapers.collect.sources.removals import RemovalCheck
from hotpapers.wings.feeds.feed_parser import FeedEntry, entries
from hotpapers.wings.reddit.post_parser import NETWORK, gone_from_feed, known_missing, too_many

FULL = 25
"""Posts of a full feed: with this many or more, there may be older ones that it leaves out."""
SOONEST = 300
"""Least seconds between two rounds."""


class RedditFeeds:
    """Reads Reddit's feeds. `interval`: the usual seconds between two rounds. `account`: the token and the name of the
    account whose feeds they are, if they are somebody's."""

    def __init__(self, web: str, interval: float, known: Container[str], account: tuple[str, str]) -> None:
        self._token = account[0]
        self._params = dict(zip(("feed", "user"), account, strict=True)) if self._token else {}
        self._web, self._every, self._known = web, interval, known
        self._intervals: dict[str, float] = {}
        self._doubted = set[str]()
        self._removal_check = RemovalCheck()

    def begin(self, http: HttpClient) -> None:
        """Nothing to do: feeds need no token."""

    def new_posts(
        self, http: HttpClient, subreddit: str, newest: dict[str, float], back: float | None = None
    ) -> Iterator[PayloadPage]:
        """The newest posts. If all of them are newer than the last reading, some were missed. The first time, the page
        says how far the feed goes if that is not as far `back` as was wanted."""
        last_time = newest.get(subreddit)
        response = http.get(f"{self._web}/r/{subreddit}/new/.rss", params=self._params, accept=(304,))
        if response.status == 304:
            if subreddit in self._doubted:
                check_overlap(f"r/{subreddit}", round((last_time or 0.0) * 1e6), http.now())
            return
        posts = _posts(response)
        times = [entry.published / 1e6 for entry in posts if entry.published is not None]
        doubt = known_missing(subreddit, last_time, times, http.now()) if len(posts) < FULL else None
        if doubt:
            self._doubted.add(subreddit)
            yield PayloadPage([self._payload(entry, response.at) for entry in posts])
            raise doubt
        self._doubted.discard(subreddit)
        if times:
            newest[subreddit] = max([last_time or 0.0, *times])
            self._intervals[subreddit] = max(times) - min(times) if len(times) >= FULL else math.inf
        is_cut = back is not None and len(times) >= FULL and min(times) > back
        since = round(min(times) * 1e6) if is_cut else None
        is_incomplete = last_time is not None and len(times) >= FULL and min(times) > last_time
        leaves = too_many(subreddit, len(times), min(times)) if is_incomplete else None
        payloads = [self._payload(entry, response.at) for entry in posts]
        yield PayloadPage(payloads, msgspec.json.encode(newest).decode(), since=since, leaves=leaves)
        if leaves:
            raise leaves

    def end(self, http: HttpClient) -> Iterator[PayloadPage]:
        """Schedule the next round sooner than usual if a feed fills up faster."""
        pause = max(min(self._intervals.values(), default=self._every * 2) / 2, SOONEST)
        if pause < self._every:
            yield PayloadPage(next_at=http.now() + int(pause * 1e6))

    def current_posts(self, http: HttpClient, names: Sequence[str], subreddits: Sequence[str]) -> Iterator[PayloadPage]:
        """Each post as its own feed has it now, or that it is gone. There are no counts."""
        return self._removal_check.pages(
            names,
            lambda names: one_by_one(names, lambda name: self._thread(http, name)),
            lambda: self._listed(http, subreddits),
        )

    def _listed(self, http: HttpClient, subreddits: Sequence[str]) -> list[str]:
        """The newest posts of a subreddit."""
        for name in subreddits:
            posts = _posts(http.get(f"{self._web}/r/{name}/new/.rss", params=self._params))
            if posts:
                return [post.id for post in posts]
        return []

    def _thread(self, http: HttpClient, name: str) -> PayloadPage:
        """One post. A refusal (403, 429) says nothing about it."""
        url = f"{self._web}/comments/{name.removeprefix('t3_')}/.rss"
        response = http.get(url, params=self._params, accept=GONE)
        if response.status in GONE:
            return PayloadPage([RawPayload("gone", name, b"null", response.at)])
        matching = [entry for entry in entries(response.body, response.headers, response.url) if entry.id == name]
        return PayloadPage([RawPayload("thread", name, self._body(entry), response.at) for entry in matching[:1]])

    def _payload(self, entry: FeedEntry, at: int) -> RawPayload:
        """A listed post. Removals are only reported for posts in the record."""
        known = bool(gone_from_feed(entry)) and f"{NETWORK}:{entry.id}" in self._known
        return RawPayload("thread" if known else "feed", entry.id, self._body(entry), at)

    def _body(self, entry: FeedEntry) -> bytes:
        """An entry as it is stored: without the token, should a link have it."""
        body = msgspec.json.encode(entry)
        return body.replace(self._token.encode(), HIDDEN.encode()) if self._token else body


def _posts(response: Response) -> list[FeedEntry]:
    """The posts in a subreddit's feed, without comments."""
    return [entry for entry in entries(response.body, response.headers, response.url) if entry.id.startswith("t3_")]
