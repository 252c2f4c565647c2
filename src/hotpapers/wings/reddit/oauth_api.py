"""Reddit with a key: new posts back to the last reading, and the counts of known posts, a hundred at a time."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterator, Mapping, Sequence

import msgspec

from hotpapers.base.model import HttpClient, PayloadPage, RawPayload
from hotpapers.collect.sources.batched_requests import one_by_one
from hotpapers.collect.sources.decoding import decode_or_none, decode_response, unreadable_key
from hotpapers.collect.sources.removals import RemovalCheck
from hotpapers.wings.reddit.post_parser import NETWORK, RedditThing, known_missing, too_many

BATCH = 100
MAX_PAGES = 10
OVERLAP = 6 * 3600
"""Seconds that are read again: in their first hours, posts are held back, approved, removed and edited."""


class _Child(msgspec.Struct):
    data: msgspec.Raw


class _ListingData(msgspec.Struct):
    children: list[_Child]
    after: str | None = None


class _Listing(msgspec.Struct):
    data: _ListingData


class _Token(msgspec.Struct):
    access_token: str


class RedditApi:
    """Reads Reddit's API. Each round gets a new token first."""

    def __init__(self, web: str, api: str, client_id: str, client_secret: str, known: Container[str]) -> None:
        self._web, self._api, self._known = web, api, known
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._headers: Mapping[str, str] = {}
        self._removal_check = RemovalCheck(BATCH)

    def begin(self, http: HttpClient) -> None:
        response = http.post(
            f"{self._web}/api/v1/access_token",
            form={"grant_type": "client_credentials"},
            headers={"authorization": f"Basic {self._basic}"},
        )
        self._headers = {"authorization": f"Bearer {decode_response(response, _Token).access_token}"}

    def new_posts(
        self, http: HttpClient, subreddit: str, newest: dict[str, float], back: float | None = None
    ) -> Iterator[PayloadPage]:
        """The newest posts back to the last reading, with an overlap. The first time: the newest hundred, or those
        since `back` (in seconds); the last page then says how far the list went if it ended before that."""
        if back is not None:
            yield from self._posts_since(http, subreddit, newest, back)
            return
        since, after, all_times = newest.get(subreddit), "", list[float]()
        for _ in range(MAX_PAGES):
            more_params = {"after": after} if after else {}
            payloads, times, after = self._listing(http, f"/r/{subreddit}/new", "post", more_params)
            all_times += times
            is_end = not after or not times
            is_complete = since is None or is_end or min(times) < since - OVERLAP
            problem = known_missing(subreddit, since, all_times, http.now()) if is_end else None
            if is_complete and not problem:
                newest[subreddit] = max([since or 0.0, *all_times])
            yield PayloadPage(payloads, msgspec.json.encode(newest).decode())
            if problem:
                raise problem
            if is_complete:
                return
        newest[subreddit] = max([since or 0.0, *all_times])
        leaves = too_many(subreddit, MAX_PAGES * BATCH, min(times))
        yield PayloadPage((), msgspec.json.encode(newest).decode(), leaves=leaves)
        raise leaves

    def _posts_since(
        self, http: HttpClient, subreddit: str, newest: dict[str, float], since: float
    ) -> Iterator[PayloadPage]:
        """The posts since a moment. A list ends after a thousand posts, or with the subreddit's first one."""
        after, all_times, asked_for = "", list[float](), 0
        while True:
            more_params = {"after": after} if after else {}
            payloads, times, after = self._listing(http, f"/r/{subreddit}/new", "post", more_params)
            all_times, asked_for = [*all_times, *times], asked_for + BATCH
            if not after or not times or min(times) < since or asked_for >= MAX_PAGES * BATCH:
                break
            yield PayloadPage(payloads)
        problem = None if after else known_missing(subreddit, newest.get(subreddit), all_times, http.now())
        if problem:
            raise problem
        newest[subreddit] = max([newest.get(subreddit, 0.0), *all_times])
        oldest = min(all_times, default=since)
        is_cut = oldest >= since and asked_for >= MAX_PAGES * BATCH
        yield PayloadPage(payloads, msgspec.json.encode(newest).decode(), since=round(oldest * 1e6) if is_cut else None)

    def end(self, http: HttpClient) -> Iterator[PayloadPage]:
        """Nothing: the next round starts at the usual time."""
        return iter(())

    def current_posts(self, http: HttpClient, names: Sequence[str], subreddits: Sequence[str]) -> Iterator[PayloadPage]:
        """Current scores and comments; posts that Reddit leaves out are gone, if it still has others."""
        return self._removal_check.pages(
            names, lambda names: self._batches(http, names), lambda: self._listed(http, subreddits)
        )

    def _batches(self, http: HttpClient, names: Sequence[str]) -> Iterator[PayloadPage]:
        batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
        return one_by_one(batches, lambda batch: self._info(http, batch))

    def _listed(self, http: HttpClient, subreddits: Sequence[str]) -> list[str]:
        """The newest posts of a subreddit."""
        for name in subreddits:
            payloads, _, _ = self._listing(http, f"/r/{name}/new", "post", {})
            if payloads:
                return [payload.key for payload in payloads]
        return []

    def _info(self, http: HttpClient, names: Sequence[str]) -> PayloadPage:
        payloads, _, _ = self._listing(http, "/api/info", "counts", {"id": ",".join(names)})
        listed_keys = {payload.key for payload in payloads}
        # else a missing post may be one of the entries without a readable id
        is_complete = all(payload.key in names for payload in payloads)
        removals = [
            RawPayload("gone", name, b"null", http.now()) for name in names if is_complete and name not in listed_keys
        ]
        return PayloadPage([*payloads, *removals])

    def _listing(
        self, http: HttpClient, path: str, kind: str, more_params: Mapping[str, str]
    ) -> tuple[list[RawPayload], list[float], str]:
        """A page's posts, their creation times, and the token for the next page; empty on the last one."""
        params = {"limit": str(BATCH), "raw_json": "1", **more_params}
        response = http.get(f"{self._api}{path}", params=params, headers=self._headers)
        data = decode_response(response, _Listing).data
        things = [decode_or_none(child.data, RedditThing) for child in data.children]
        pairs = list(zip(things, (bytes(child.data) for child in data.children), strict=True))
        posts = [(thing, body) for thing, body in pairs if thing is None or thing.name[:3] == "t3_"]
        payloads = [payload for thing, body in posts for payload in self._payloads_of(thing, body, kind, response.at)]
        times = [thing.created_utc for thing in things if thing is not None and thing.created_utc is not None]
        return payloads, times, data.after or ""

    def _payloads_of(self, thing: RedditThing | None, body: bytes, kind: str, at: int) -> list[RawPayload]:
        """A listed post, or its counts. Removals and edits are only reported for posts in the record."""
        if thing is None:
            return [RawPayload(kind, unreadable_key(body), body, at)]
        known = kind == "counts" or f"{NETWORK}:{thing.name}" in self._known
        kinds = ["counts"] if known and thing.gone else [kind, *(["edit"] if known and thing.edited else [])]
        return [RawPayload(kind, thing.name, body, at) for kind in kinds]
