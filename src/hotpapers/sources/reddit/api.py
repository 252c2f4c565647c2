"""Reddit with a key: new posts back to those that were read, and the counts of known ones, a hundred at a time."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterator, Mapping, Sequence

import msgspec

from hotpapers.errors import NetError, PartiallyRead
from hotpapers.model import HttpClient, PayloadPage, RawPayload
from hotpapers.sources.batched_requests import one_by_one
from hotpapers.sources.paper_matching import decoded, own_id, unreadable
from hotpapers.sources.reddit.parser import NETWORK, RedditThing

BATCH = 100
MOST_PAGES = 10
HARDLY_ALL = 10
"""Of more posts than these it is not believed at once that not one is there any more."""
OVERLAP = 6 * 3600
"""Seconds that are read again: posts are held back, let through, removed and edited in their first hours."""


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
    """One way to read Reddit. Each round begins with a token."""

    def __init__(self, web: str, api: str, client_id: str, client_secret: str, known: Container[str]) -> None:
        self._web, self._api, self._known = web, api, known
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._headers: Mapping[str, str] = {}

    def begin(self, http: HttpClient) -> None:
        answer = http.post(
            f"{self._web}/api/v1/access_token", form={"grant_type": "client_credentials"},
            headers={"authorization": f"Basic {self._basic}"},
        )  # fmt: skip
        self._headers = {"authorization": f"Bearer {decoded(answer, _Token).access_token}"}

    def new(
        self, http: HttpClient, subreddit: str, newest: dict[str, float], back: float | None = None
    ) -> Iterator[PayloadPage]:
        """From the newest back to what was read before, less an overlap; at first the newest hundred, or `back` to a
        moment: then the last page says how far the list went, where it did not go so far."""
        if back is not None:
            yield from self._back(http, subreddit, newest, back)
            return
        since, after, reached = newest.get(subreddit), "", newest.get(subreddit, 0.0)
        for _ in range(MOST_PAGES):
            more = {"after": after} if after else {}
            payloads, times, after = self._listing(http, f"/r/{subreddit}/new", "post", more)
            reached = max([reached, *times])
            is_complete = since is None or not after or not times or min(times) < since - OVERLAP
            if is_complete:
                newest[subreddit] = reached
            yield PayloadPage(payloads, msgspec.json.encode(newest).decode())
            if is_complete:
                return
        newest[subreddit] = reached
        yield PayloadPage((), msgspec.json.encode(newest).decode())
        raise PartiallyRead(
            f"r/{subreddit}: more posts than the {MOST_PAGES * BATCH} newest since it was last read",
            lost_until=round(min(times) * 1e6),
        )

    def _back(self, http: HttpClient, subreddit: str, newest: dict[str, float], since: float) -> Iterator[PayloadPage]:
        """A list ends after a thousand posts, or with the subreddit's first one."""
        after, all_times, listed = "", list[float](), 0
        while True:
            more = {"after": after} if after else {}
            payloads, times, after = self._listing(http, f"/r/{subreddit}/new", "post", more)
            all_times, listed = [*all_times, *times], listed + BATCH
            if not after or not times or min(times) < since or listed >= MOST_PAGES * BATCH:
                break
            yield PayloadPage(payloads)
        newest[subreddit] = max(all_times, default=0.0)
        oldest = min(all_times, default=since)
        is_cut = oldest >= since and listed >= MOST_PAGES * BATCH
        yield PayloadPage(payloads, msgspec.json.encode(newest).decode(), since=round(oldest * 1e6) if is_cut else None)

    def end(self, http: HttpClient) -> Iterator[PayloadPage]:
        """Nothing: the next round comes after the usual time."""
        return iter(())

    def again(self, http: HttpClient, names: Sequence[str]) -> Iterator[PayloadPage]:
        """Scores and comments now; what Reddit does not list is gone."""
        batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
        return one_by_one(batches, lambda batch: self._info(http, batch))

    def _info(self, http: HttpClient, names: Sequence[str]) -> PayloadPage:
        payloads, _, _ = self._listing(http, "/api/info", "counts", {"id": ",".join(names)})
        if not payloads and len(names) > HARDLY_ALL:
            raise NetError(f"{self._api}/api/info: nothing of {len(names)} posts")
        there = {payload.key for payload in payloads}
        whole = all(
            payload.key in names for payload in payloads
        )  # else one of them may be the one that says not which it is
        removals = [RawPayload("gone", name, b"null", http.now()) for name in names if whole and name not in there]
        return PayloadPage([*payloads, *removals])

    def _listing(
        self, http: HttpClient, path: str, kind: str, more: Mapping[str, str]
    ) -> tuple[list[RawPayload], list[float], str]:  # fmt: skip
        """What stands on a page, when it was created, and what the next page comes after; empty on the last one."""
        params = {"limit": str(BATCH), "raw_json": "1", **more}
        answer = http.get(f"{self._api}{path}", params=params, headers=self._headers)
        data = decoded(answer, _Listing).data
        owns = [own_id(child.data, RedditThing) for child in data.children]
        pairs = list(zip(owns, (bytes(child.data) for child in data.children), strict=True))
        posts = [(own, body) for own, body in pairs if own is None or own.name[:3] == "t3_"]
        payloads = [payload for own, body in posts for payload in self._payloads_of(own, body, kind, answer.at)]
        return payloads, [own.created_utc for own in owns if own is not None], data.after or ""

    def _payloads_of(self, own: RedditThing | None, body: bytes, kind: str, at: int) -> list[RawPayload]:
        """A listed post, or its counts. That it is gone or was edited is only told of one that the record has."""
        if own is None:
            return [RawPayload(kind, unreadable(body), body, at)]
        known = kind == "counts" or f"{NETWORK}:{own.name}" in self._known
        kinds = ["counts"] if known and own.gone else [kind, *(["edit"] if known and own.edited else [])]
        return [RawPayload(kind, own.name, body, at) for kind in kinds]
