"""Reddit: new posts of subreddits, with the operator's own key (counts), or by the feeds (no counts). Off by default.

https://www.reddit.com/dev/api · https://github.com/reddit-archive/reddit/wiki/OAuth2
"""

from __future__ import annotations

import base64
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec

from hotpapers.errors import NetError
from hotpapers.model import DAY, Account, Item, Link, Net, Page, Post, Seen, Snapshot
from hotpapers.sources.matching import decoded, gone_post, mentions_of, own_id, unreadable
from hotpapers.sources.syndication import FeedEntry, entries
from hotpapers.sources.text import plain

NETWORK = "reddit"
DELETED = "[deleted]"
BY_AUTHOR = frozenset(("deleted", "author"))
BATCH = 100
MOST_PAGES = 10
OVERLAP = 6 * 3600
"""Seconds that are read again: posts are held back, let through, removed and edited in their first hours."""


class RedditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`subreddits`: which are read. `client_id`, `client_secret`: the operator's own application; without them the
    feeds are read. `web`, `api`: base addresses. `every`: seconds between rounds."""

    subreddits: tuple[str, ...] = ("MachineLearning",)
    client_id: str = ""
    client_secret: str = ""
    web: str = "https://www.reddit.com"
    api: str = "https://oauth.reddit.com"
    every: int = 900


class _Own(msgspec.Struct):
    name: str
    created_utc: Annotated[float, msgspec.Meta(ge=0, le=1e10)] = 0
    author: str | None = ""
    removed_by_category: str | None = None

    @property
    def gone(self) -> str:
        """Why it is no longer there; empty while it is."""
        if self.removed_by_category and self.removed_by_category not in BY_AUTHOR:
            return "removed"
        return "deleted" if self.removed_by_category or self.author == DELETED else ""


class _T3(_Own):
    author_fullname: str | None = None
    title: str = ""
    url: str | None = ""
    selftext: str | None = ""
    score: int | None = None
    num_comments: int | None = None
    over_18: bool | None = False
    crosspost_parent: str | None = ""


class _Child(msgspec.Struct):
    data: msgspec.Raw


class _ListingData(msgspec.Struct):
    children: list[_Child]
    after: str | None = None


class _Listing(msgspec.Struct):
    data: _ListingData


class _Token(msgspec.Struct):
    access_token: str


class Reddit:
    """The connector. The cursor holds, for each subreddit, the newest creation time that the API told, in seconds."""

    name = NETWORK

    def __init__(self, settings: RedditSettings, known: Container[str] = ()) -> None:
        self.settings, self.known = settings, known
        self.every = settings.every
        self.reach: int | None = DAY

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """The newest posts of each subreddit. One that fails does not keep the others from being read; it is told."""
        newest = msgspec.json.decode(cursor, type=dict[str, float]) if cursor else {}
        headers = self._headers(net)
        failed: NetError | None = None
        for subreddit in self.settings.subreddits:
            try:
                yield from self._feed(net, subreddit) if headers is None else self._new(net, subreddit, headers, newest)
            except NetError as problem:
                failed = problem
        if failed is not None:
            raise failed

    def _feed(self, net: Net, subreddit: str) -> Iterator[Page]:
        answer = net.get(f"{self.settings.web}/r/{subreddit}/new/.rss", accept=(304,))
        found = [] if answer.status == 304 else list(entries(answer.body, answer.headers, answer.url))
        yield Page([Seen("feed", e.id, msgspec.json.encode(e), answer.at) for e in found if e.id.startswith("t3_")])

    def _new(self, net: Net, subreddit: str, headers: Mapping[str, str], newest: dict[str, float]) -> Iterator[Page]:
        """From the newest back to what was read before, less an overlap; at first the newest hundred."""
        since, after, reached = newest.get(subreddit), "", newest.get(subreddit, 0.0)
        for _ in range(MOST_PAGES):
            more = {"after": after} if after else {}
            seen, times, after = self._listing(net, f"/r/{subreddit}/new", headers, "post", more)
            reached = max([reached, *times])
            done = since is None or not after or not times or min(times) < since - OVERLAP
            if done:
                newest[subreddit] = reached
            yield Page(seen, msgspec.json.encode(newest).decode())
            if done:
                return
        newest[subreddit] = reached
        yield Page((), msgspec.json.encode(newest).decode())

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Scores and comments now, a hundred posts at a time; the feeds tell none."""
        headers = self._headers(net) if keys else None
        if headers is None:
            return
        for start in range(0, len(keys), BATCH):
            names = [key.removeprefix(f"{NETWORK}:") for key in keys[start : start + BATCH]]
            seen, _, _ = self._listing(net, "/api/info", headers, "counts", {"id": ",".join(names)})
            there = {one.key for one in seen}
            yield Page([*seen, *(Seen("gone", name, b"null", net.now()) for name in names if name not in there)])

    def _headers(self, net: Net) -> Mapping[str, str] | None:
        if not (self.settings.client_id and self.settings.client_secret):
            return None
        basic = base64.b64encode(f"{self.settings.client_id}:{self.settings.client_secret}".encode()).decode()
        answer = net.post(
            f"{self.settings.web}/api/v1/access_token", form={"grant_type": "client_credentials"},
            headers={"authorization": f"Basic {basic}"},
        )  # fmt: skip
        return {"authorization": f"Bearer {decoded(answer, _Token).access_token}"}

    def _listing(
        self, net: Net, path: str, headers: Mapping[str, str], kind: str, more: Mapping[str, str]
    ) -> tuple[list[Seen], list[float], str]:
        """What stands on a page, when it was created, and what the next page comes after; empty on the last one."""
        params = {"limit": str(BATCH), "raw_json": "1", **more}
        answer = net.get(f"{self.settings.api}{path}", params=params, headers=headers)
        data = decoded(answer, _Listing).data
        owns = [own_id(child.data, _Own) for child in data.children]
        pairs = list(zip(owns, (bytes(child.data) for child in data.children), strict=True))
        seen = [self._seen(own, body, kind, answer.at) for own, body in pairs if own is None or own.name[:3] == "t3_"]
        return seen, [own.created_utc for own in owns if own is not None], data.after or ""

    def _seen(self, own: _Own | None, body: bytes, kind: str, at: int) -> Seen:
        """A listed post. That it is gone is only told of one that the record has."""
        if own is None:
            return Seen(kind, unreadable(body), body, at)
        known = bool(own.gone) and f"{NETWORK}:{own.name}" in self.known
        return Seen("counts" if known else kind, own.name, body, at)

    def read(self, seen: Seen) -> Iterable[Item]:
        """A post with its papers, from the API or a feed; its counts; that it is gone."""
        key = f"{NETWORK}:{seen.key}"
        if seen.kind == "gone":
            return [gone_post(NETWORK, key, seen.at, "deleted")]
        if seen.kind == "feed":
            return _from_feed(key, msgspec.json.decode(seen.body, type=FeedEntry), seen.at)
        said = msgspec.json.decode(seen.body, type=_T3)
        if said.gone:
            gone = gone_post(NETWORK, key, seen.at, said.gone, int(said.created_utc) * 1_000_000)
            return [gone] if seen.kind == "counts" else []
        likes = None if said.score is None else max(said.score, 0)
        snapshot = Snapshot(post=key, likes=likes, replies=said.num_comments, observed_at=seen.at)
        return [snapshot] if seen.kind == "counts" else _from_api(key, said, snapshot, seen.at)


def _from_api(key: str, said: _T3, snapshot: Snapshot, at: int) -> list[Item]:
    """A post as it is now. What is written below a title stays in the Markdown in which it was written."""
    title, target, handle = " ".join(said.title.split()), said.url or "", said.author or ""
    text = f"{title}\n\n{said.selftext or ''}".strip()
    mentions = mentions_of(key, at, text, [target])
    if not mentions:
        return []
    account = f"{NETWORK}:{said.author_fullname or '@' + handle.lower()}"
    post = Post(
        post=key, network=NETWORK, account=account, created_at=int(said.created_utc) * 1_000_000, text=text,
        links=(Link(0, len(title), target),) if target.startswith("http") and title else (), handle=handle,
        quotes=f"{NETWORK}:{said.crosspost_parent}" if said.crosspost_parent else "",
        limits=("over_18",) if said.over_18 else (), observed_at=at,
    )  # fmt: skip
    return [post, Account(account=account, handle=handle, observed_at=at), snapshot, *mentions]


def _from_feed(key: str, entry: FeedEntry, at: int) -> list[Item]:
    """A feed's entry: its target is the anchor `[link]`, what was written stands between two marks; no counts."""
    title = " ".join(plain(entry.title)[0].split())
    around, anchors = plain(entry.content)
    body, links = plain(entry.content.partition("<!-- SC_OFF -->")[2].partition("<!-- SC_ON -->")[0])
    target = next((k.target for k in reversed(anchors) if around[k.start : k.end] == "[link]"), "")
    text, start = f"{title}\n\n{body}".strip(), len(title) + 2
    mentions = mentions_of(key, at, text, [target, *links])
    if not mentions:
        return []
    handle = entry.author.removeprefix("/u/")
    account = f"{NETWORK}:@{handle.lower()}"
    own = (Link(0, len(title), target),) if target and title else ()
    moved = (Link(k.start + start, k.end + start, k.target) for k in links) if title else links
    post = Post(
        post=key, network=NETWORK, account=account, created_at=entry.published or at, text=text,
        links=(*own, *moved), handle=handle, observed_at=at,
    )  # fmt: skip
    return [post, Account(account=account, handle=handle, observed_at=at), *mentions]
