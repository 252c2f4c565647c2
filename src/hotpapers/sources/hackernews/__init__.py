"""Hacker News: stories and comments that link papers, found by Algolia's search; counts from Firebase.

Algolia never gives more than 1,000 hits for a query, so a longer time is read in slices from its newest end.
https://hn.algolia.com/api · https://github.com/HackerNews/API
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers.errors import NetError
from hotpapers.mentions.names import NO_NAMES, Names
from hotpapers.model import Item, Net, Page, Seen
from hotpapers.sources.asking import one_by_one
from hotpapers.sources.hackernews import items
from hotpapers.sources.hackernews.items import NETWORK, HnItem
from hotpapers.sources.matching import decoded, gone_post, own_id, unreadable

__all__ = ["NETWORK", "HackerNews", "HackerNewsSettings"]

MOST_HITS = 1_000
OVERLAP = 2 * 3600
"""Seconds that are read again: the search learns of items late, and of their edits."""
GONE = (404, 410)
_KEY = re.compile(rf"{NETWORK}:([0-9]{{1,12}})", re.ASCII)


class HackerNewsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`algolia`, `firebase`: base addresses. `terms`: what is searched for. `every`: seconds between rounds.
    `first_days`: how far back the first round goes where `[run] read_back` is 0."""

    algolia: str = "https://hn.algolia.com/api/v1"
    firebase: str = "https://hacker-news.firebaseio.com/v0"
    terms: tuple[str, ...] = ("arxiv.org", "alphaxiv.org", "ar5iv.org", "huggingface.co/papers", "scirate.com")
    every: int = 600
    first_days: int = 7


class _Hits(msgspec.Struct):
    hits: list[msgspec.Raw]


class _When(msgspec.Struct):
    object_id: str = msgspec.field(name="objectID")
    created_at_i: int


class HackerNews:
    """The connector. The cursor is the newest creation time that was read, in seconds."""

    name = NETWORK

    def __init__(self, settings: HackerNewsSettings, known: Container[str] = (), names: Names = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = settings.every
        self.reach: int | None = None

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """Everything created since the cursor, less an overlap."""
        now = net.now() // 1_000_000
        yield from self._since(net, int(cursor) - OVERLAP if cursor else now - self.settings.first_days * 86_400, now)
        yield Page((), str(now))

    def pages_since(self, net: Net, cursor: str | None, since: int) -> Iterator[Page]:
        """Everything created since a moment: the search goes back for ever."""
        now = net.now() // 1_000_000
        yield from self._since(net, since // 1_000_000, now)
        yield Page((), str(now), since=since)

    def _since(self, net: Net, since: int, until: int) -> Iterator[Page]:
        for term in self.settings.terms:
            yield from self._slices(net, term, since, until)

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
            keys = [own.object_id if own else unreadable(hit) for own, hit in zip(owns, hits, strict=True)]
            yield Page([Seen("post", key, bytes(hit), answer.at) for key, hit in zip(keys, hits, strict=True)])
            oldest = min((own.created_at_i for own in owns if own), default=since)
            if len(hits) < MOST_HITS or oldest >= until or oldest <= since:
                return
            until = oldest

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Each item's score and comments now, or that it is gone."""
        known = [found[1] for found in map(_KEY.fullmatch, keys) if found]
        return one_by_one(known, lambda item: self._item(net, item))

    def _item(self, net: Net, item: str) -> Page:
        answer = net.get(f"{self.settings.firebase}/item/{item}.json")
        if answer.body.strip() == b"null":
            return self._missing(net, item)
        said = decoded(answer, HnItem).id
        if str(said) != item:
            raise NetError(f"{answer.url}: another item: {said}")
        return Page([Seen("counts", item, answer.body, answer.at)])

    def _missing(self, net: Net, item: str) -> Page:
        """Firebase has `null` for it, as it has for what is too new and now and then for what is there. It is gone when
        the search, by which it was found, does not have it either; else nothing is known."""
        answer = net.get(f"{self.settings.algolia}/items/{item}", accept=GONE)
        return Page([Seen("gone", item, b"null", answer.at)] if answer.status in GONE else ())

    def read(self, seen: Seen) -> Iterable[Item]:
        """A story or comment with its papers; an item's counts, or that it is gone."""
        if seen.kind == "gone":
            return [gone_post(NETWORK, f"{NETWORK}:{seen.key}", seen.at, "deleted")]
        if seen.kind == "counts":
            return items.read_counts(seen.body, seen.at)
        return items.read_hit(seen.body, seen.at, self.names)
