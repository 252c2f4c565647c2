"""Hacker News: stories and comments that link papers, found by Algolia's search; counts from Firebase.

Algolia never gives more than 1,000 hits for a query, so a longer time is read in slices from its newest end.
https://hn.algolia.com/api · https://github.com/HackerNews/API
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers.model import Account, Item, Link, Net, Page, Post, Seen, Snapshot
from hotpapers.sources.matching import decoded, gone_post, mentions_of, own_id, unreadable
from hotpapers.sources.text import plain

NETWORK = "hackernews"
MOST_HITS = 1_000
OVERLAP = 2 * 3600
"""Seconds that are read again: the search learns of items late, and of their edits."""


class HackerNewsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`algolia`, `firebase`: base addresses. `terms`: what is searched for. `every`: seconds between rounds."""

    algolia: str = "https://hn.algolia.com/api/v1"
    firebase: str = "https://hacker-news.firebaseio.com/v0"
    terms: tuple[str, ...] = ("arxiv.org", "alphaxiv.org", "ar5iv.org", "huggingface.co/papers", "scirate.com")
    every: int = 600
    first_days: int = 7


class _Hit(msgspec.Struct):
    object_id: str = msgspec.field(name="objectID")
    created_at_i: int
    author: str = ""
    title: str | None = None
    url: str | None = None
    points: int | None = None
    num_comments: int | None = None
    story_text: str | None = None
    comment_text: str | None = None
    story_id: int | None = None


class _Hits(msgspec.Struct):
    hits: list[msgspec.Raw]


class _When(msgspec.Struct):
    object_id: str = msgspec.field(name="objectID")
    created_at_i: int


class _HnItem(msgspec.Struct):
    id: int
    time: int = 0
    type: str = ""
    deleted: bool = False
    dead: bool = False
    score: int | None = None
    descendants: int | None = None


class HackerNews:
    """The connector. The cursor is the newest creation time that was read, in seconds."""

    name = NETWORK

    def __init__(self, settings: HackerNewsSettings, known: Container[str] = ()) -> None:
        self.settings, self.known = settings, known
        self.every = settings.every
        self.reach: int | None = None

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """Everything created since the cursor, less an overlap."""
        now = net.now() // 1_000_000
        since = int(cursor) - OVERLAP if cursor else now - self.settings.first_days * 86_400
        for term in self.settings.terms:
            yield from self._slices(net, term, since, now)
        yield Page((), str(now))

    def _slices(self, net: Net, term: str, since: int, until: int) -> Iterator[Page]:
        while True:
            params = {
                "query": f'"{term}"',
                "tags": "(story,comment)",
                "hitsPerPage": str(MOST_HITS),
                "advancedSyntax": "true",
                "typoTolerance": "false",
                "numericFilters": f"created_at_i>={since},created_at_i<={until}",
            }
            answer = net.get(f"{self.settings.algolia}/search_by_date", params=params)
            hits = decoded(answer, _Hits).hits
            owns = [own_id(hit, _When) for hit in hits]
            when = [own for own in owns if own is not None]
            keys = [own.object_id if own else unreadable(hit) for own, hit in zip(owns, hits, strict=True)]
            yield Page([Seen("post", key, bytes(hit), answer.at) for key, hit in zip(keys, hits, strict=True)])
            oldest = min((w.created_at_i for w in when), default=since)
            if len(hits) < MOST_HITS or oldest >= until or oldest <= since:
                return
            until = oldest

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Each item's score and comments now."""
        for key in keys:
            item = key.removeprefix(f"{NETWORK}:")
            answer = net.get(f"{self.settings.firebase}/item/{item}.json")
            yield Page([Seen("counts", item, answer.body, answer.at)])

    def read(self, seen: Seen) -> Iterable[Item]:
        """A story or comment with its papers; an item's counts, or that it is gone."""
        if seen.kind == "counts":
            return _counts(seen)
        hit = msgspec.json.decode(seen.body, type=_Hit)
        key = f"{NETWORK}:{hit.object_id}"
        text, links = _said(hit)
        mentions = mentions_of(key, seen.at, text, [*([hit.url] if hit.url else []), *links])
        return [*_post(key, hit, text, links, seen.at), *mentions] if mentions else []


def _said(hit: _Hit) -> tuple[str, tuple[Link, ...]]:
    """A story's title, its link on the whole of it, and its text; or a comment's text."""
    if hit.comment_text is not None:
        return plain(hit.comment_text)
    title = " ".join((hit.title or "").split())
    own = (Link(0, len(title), hit.url),) if hit.url and title else ()
    if not hit.story_text:
        return title, own
    text, links = plain(hit.story_text)
    start = len(title) + 2
    moved = tuple(Link(k.start + start, k.end + start, k.target) for k in links)
    return f"{title}\n\n{text}", (*own, *moved)


def _post(key: str, hit: _Hit, text: str, links: tuple[Link, ...], at: int) -> list[Item]:
    account = f"{NETWORK}:{hit.author}"
    reply_to = f"{NETWORK}:{hit.story_id}" if hit.comment_text is not None and hit.story_id else ""
    found: list[Item] = [
        Post(
            post=key, network=NETWORK, account=account, created_at=hit.created_at_i * 1_000_000, text=text, links=links,
            lang="en", handle=hit.author, reply_to=reply_to, observed_at=at,
        ),
        Account(account=account, handle=hit.author, observed_at=at),
    ]  # fmt: skip
    if hit.comment_text is None and hit.points is not None:
        found.append(Snapshot(post=key, likes=hit.points, replies=hit.num_comments, observed_at=at))
    return found


def _counts(seen: Seen) -> list[Item]:
    item = msgspec.json.decode(seen.body, type=_HnItem | None)
    if item is None:
        return []
    key = f"{NETWORK}:{item.id}"
    if item.deleted or item.dead:
        reason = "deleted" if item.deleted else "removed"
        return [gone_post(NETWORK, key, seen.at, reason, item.time * 1_000_000)]
    if item.score is None:
        return []
    return [Snapshot(post=key, likes=max(item.score, 0), replies=item.descendants, observed_at=seen.at)]
