"""Hacker News: stories and comments that link papers, found by Algolia's search; counts from Firebase.

Algolia never gives more than 1,000 hits for a query, so a longer time is read in slices from its newest end.
https://hn.algolia.com/api · https://github.com/HackerNews/API
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers.errors import NetError
from hotpapers.ids.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.model import HttpClient, Item, PayloadPage, RawPayload
from hotpapers.sources.batched_requests import GONE, ids_in, one_by_one
from hotpapers.sources.hackernews import parser
from hotpapers.sources.hackernews.parser import NETWORK, FirebaseItem
from hotpapers.sources.paper_matching import decoded, gone_post, own_id, unreadable

__all__ = ["NETWORK", "HackerNewsSettings", "HackerNewsSource"]

MOST_HITS = 1_000
OVERLAP = 2 * 3600
"""Seconds that are read again: the search learns of items late, and of their edits."""
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


class HackerNewsSource:
    """The connector. The cursor is the newest creation time that was read, in seconds."""

    name = NETWORK

    def __init__(self, settings: HackerNewsSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = settings.every
        self.reach: int | None = None

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """Everything created since the cursor, less an overlap."""
        now = http.now() // 1_000_000
        yield from self._since(http, int(cursor) - OVERLAP if cursor else now - self.settings.first_days * 86_400, now)
        yield PayloadPage((), str(now))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Iterator[PayloadPage]:
        """Everything created since a moment: the search goes back for ever."""
        now = http.now() // 1_000_000
        yield from self._since(http, since // 1_000_000, now)
        yield PayloadPage((), str(now), since=since)

    def _since(self, http: HttpClient, since: int, until: int) -> Iterator[PayloadPage]:
        for term in self.settings.terms:
            yield from self._slices(http, term, since, until)

    def _slices(self, http: HttpClient, term: str, since: int, until: int) -> Iterator[PayloadPage]:
        while True:
            params = {
                "query": f'"{term}"',
                "tags": "(story,comment)",
                "hitsPerPage": str(MOST_HITS),
                "advancedSyntax": "true",
                "typoTolerance": "false",
                "numericFilters": f"created_at_i>={since},created_at_i<={until}",
            }
            answer = http.get(f"{self.settings.algolia}/search_by_date", params=params)
            hits = decoded(answer, _Hits).hits
            owns = [own_id(hit, _When) for hit in hits]
            keys = [own.object_id if own else unreadable(hit) for own, hit in zip(owns, hits, strict=True)]
            yield PayloadPage(
                [RawPayload("post", key, bytes(hit), answer.at) for key, hit in zip(keys, hits, strict=True)]
            )
            oldest = min((own.created_at_i for own in owns if own), default=since)
            if len(hits) < MOST_HITS or oldest >= until or oldest <= since:
                return
            until = oldest

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Each item's score and comments now, or that it is gone."""
        return one_by_one(ids_in(keys, _KEY), lambda item: self._item(http, item))

    def _item(self, http: HttpClient, item: str) -> PayloadPage:
        answer = http.get(f"{self.settings.firebase}/item/{item}.json")
        if answer.body.strip() == b"null":
            return self._missing(http, item)
        item_id = decoded(answer, FirebaseItem).id
        if str(item_id) != item:
            raise NetError(f"{answer.url}: another item: {item_id}")
        return PayloadPage([RawPayload("counts", item, answer.body, answer.at)])

    def _missing(self, http: HttpClient, item: str) -> PayloadPage:
        """Firebase has `null` for it, as it has for what is too new and now and then for what is there. It is gone when
        the search, by which it was found, does not have it either; else nothing is known."""
        answer = http.get(f"{self.settings.algolia}/items/{item}", accept=GONE)
        return PayloadPage([RawPayload("gone", item, b"null", answer.at)] if answer.status in GONE else ())

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """A story or comment with its papers; an item's counts, or that it is gone."""
        if payload.kind == "gone":
            return [gone_post(NETWORK, f"{NETWORK}:{payload.key}", payload.at, "deleted")]
        if payload.kind == "counts":
            return parser.read_counts(payload.body, payload.at)
        return parser.read_hit(payload.body, payload.at, self.names)
