"""Hacker News: stories and comments that link papers, found by Algolia's search; counts from Firebase.

Algolia gives at most 1,000 hits per query, so longer periods are read in slices, newest first.
https://hn.algolia.com/api · https://github.com/HackerNews/API
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.model import (
    HttpClient,
    Item,
    Pages,
    PayloadPage,
    Post,
    RawPayload,
    Snapshot,
    TextLink,
    ThreadPayloads,
)
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.html_text import html_to_text
from hotpapers.base.text.timestamps import minute_of
from hotpapers.collect.sources.batched_requests import (
    AGAIN,
    GONE,
    PostSource,
    as_known,
    ids_in,
    no_overlap,
    parse_cursor,
)
from hotpapers.collect.sources.decoding import (
    Count,
    Flag,
    Score,
    decode_entries,
    decode_entry,
    decode_or_none,
    decode_response,
)
from hotpapers.collect.sources.paper_mentions import gone_post, join_title, with_papers
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, absent_post, gap_payload

NETWORK = "hackernews"
MAX_HITS = 1_000
OVERLAP = 2 * 3600
"""Seconds that are read again: the search indexes items and their edits late."""
RECENT = 3
"""How many of a term's newest items are asked for to see whether the search still has any."""
LAG = 900
"""Seconds by which the search may lag; beyond that, the reading counts as incomplete."""
Seconds = Annotated[int, msgspec.Meta(ge=0, le=10**10)]
_KEY = re.compile(rf"{NETWORK}:([0-9]{{1,12}})", re.ASCII)


class HackerNewsSettings(SettingsStruct):
    """`algolia`, `firebase`: base addresses. `terms`: what is searched for. `every`: seconds between rounds.
    `first_days`: how many days back the first round goes if `[run] read_back` is 0."""

    algolia: str = "https://hn.algolia.com/api/v1"
    firebase: str = "https://hacker-news.firebaseio.com/v0"
    terms: tuple[str, ...] = ("arxiv.org", "alphaxiv.org", "ar5iv.org", "huggingface.co/papers", "scirate.com")
    every: AtLeastOne = 600
    first_days: int = 7


class _Hit(msgspec.Struct):
    object_id: str = msgspec.field(name="objectID")
    created_at_i: Seconds


class _Hits(msgspec.Struct):
    hits: list[msgspec.Raw]
    total: Count = msgspec.field(name="nbHits", default=0)


class _Cursor(msgspec.Struct, frozen=True):
    """Up to when everything was read, and when the newest item of each term was created, in seconds."""

    read: int = 0
    newest: dict[str, int] = {}


class HackerNewsSource(PostSource[HackerNewsSettings]):
    """The connector. Each term is read from its newest item on at the latest, which must be found again."""

    name = NETWORK

    def _set_up(self) -> None:
        self._terms = (*self.settings.terms, *self.server_hosts)

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """Everything created since the cursor, with an overlap."""
        before = parse_cursor(cursor, _Cursor)
        first_since = http.now() // 1_000_000 - self.settings.first_days * 86_400
        return self._round(http, before.read - OVERLAP if cursor else first_since, before.newest)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """Everything created since a moment: the search has the whole history."""
        return self._round(http, since // 1_000_000, parse_cursor(cursor, _Cursor).newest, PayloadPage(since=since))

    def _round(self, http: HttpClient, since: int, before: Mapping[str, int], *whole: PayloadPage) -> Pages:
        """Everything created since a moment, in seconds; then pages that say how far that is everything. `before`: see
        `_since`. First asks how far the search's index has come: what it does not have yet is read later."""
        now = http.now() // 1_000_000
        params = {"tags": "(story,comment)", "hitsPerPage": "1", "numericFilters": f"created_at_i<={now}"}
        response = http.get(f"{self.settings.algolia}/search_by_date", params=params)
        hits = decode_response(response, _Hits).hits
        newest = max((hit.created_at_i for raw in hits if (hit := decode_or_none(raw, _Hit))), default=None)
        by_term = yield from self._since(http, since, now, before)
        yield from whole
        if newest is None:
            raise PartiallyRead("the search returned no items")
        is_late = now - newest > LAG
        cursor = _Cursor(newest if is_late else now, by_term)
        yield PayloadPage((), msgspec.json.encode(cursor, order="sorted").decode())
        if is_late:
            yield PayloadPage(until=newest * 1_000_000)
            raise PartiallyRead(f"the search has nothing newer than {minute_of(newest * 1_000_000)}")

    def _since(
        self, http: HttpClient, since: int, until: int, before: Mapping[str, int]
    ) -> Generator[PayloadPage, None, dict[str, int]]:
        """Everything that has one of the terms. `before`: when the newest item of each term known so far was created.
        Returns the same as of now. Raises PartiallyRead, after all terms, if some that had items have none now."""
        newest = {term: before[term] for term in self._terms if term in before}
        emptied_terms = []
        for term in self._terms:
            first = min(since, before.get(term, since))
            times = yield from self._slices(http, term, first, until)
            if not times and term in before:
                hits, times, _ = self._search(http, term, 0, until, most=RECENT)
                emptied_terms += [] if hits else [term]
            newest |= {term: max(times)} if times else {}
        if emptied_terms:
            raise no_overlap(f"the search for {', '.join(emptied_terms)}")
        return newest

    def _slices(self, http: HttpClient, term: str, since: int, until: int) -> Generator[PayloadPage, None, list[int]]:
        """A term's items between two moments, newest first. Returns when they were created, in seconds."""
        all_times = list[int]()
        while True:
            payloads, times, is_whole = self._search(http, term, since, until)
            yield PayloadPage(payloads)
            all_times += times
            oldest = min(times, default=since)
            if is_whole or oldest <= since:
                return all_times
            until = min(oldest, until - 1)  # a page may be full of one second's items

    def _search(
        self, http: HttpClient, term: str, since: int, until: int, most: int = MAX_HITS
    ) -> tuple[list[RawPayload], list[int], bool]:
        """A term's newest items between two moments, when they were created, in seconds, and whether these are all."""
        created_between = f"created_at_i>={since},created_at_i<={until}"
        params = {
            "query": f'"{term}"',
            "tags": "(story,comment)",
            "hitsPerPage": str(most),
            "advancedSyntax": "true",
            "typoTolerance": "false",
            "numericFilters": created_between,
        }
        response = http.get(f"{self.settings.algolia}/search_by_date", params=params)
        answer = decode_response(response, _Hits)
        hits = decode_entries(answer.hits, _Hit, lambda hit: hit.object_id, "post", response.at)
        is_whole = len(hits) < most and answer.total <= len(hits)
        payloads = [as_known(payload, NETWORK, self.known) for _, payload in hits]
        return payloads, [hit.created_at_i for hit, _ in hits if hit], is_whole

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Each item's current score and comments, or that it is gone."""
        searches = (self._search(http, term, 0, http.now() // 1_000_000, most=RECENT) for term in self._terms)
        lists = (hits for hits, _, _ in searches)
        ids = ids_in(keys, _KEY)
        return self._removal_check.pages_one_by_one(ids, partial(self._item, http), lists)

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads:
        """The comments below an item, as the search has them; none if it does not have the item."""
        item = post.removeprefix(f"{NETWORK}:")
        response = http.get(f"{self.settings.algolia}/items/{item}", accept=GONE)
        if response.status in GONE:
            return [None]
        return list(comment_payloads(decode_response(response, ItemTree), item, response.at))

    def _item(self, http: HttpClient, item: str) -> PayloadPage:
        response = http.get(f"{self.settings.firebase}/item/{item}.json")
        if response.body.strip() == b"null":
            # As for very new items and sometimes for existing ones. An item is gone if the search that found it does
            # not have it either; otherwise nothing is known.
            response = http.get(f"{self.settings.algolia}/items/{item}", accept=GONE)
            return PayloadPage([RawPayload("gone", item, b"null", response.at)] if response.status in GONE else ())
        item_id = decode_response(response, FirebaseItem).id
        if str(item_id) != item:
            raise NetError(f"{response.url}: answered with a different item: {item_id}")
        return PayloadPage([RawPayload("counts", item, response.body, response.at)])

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a story or comment with its papers, or an item's counts, or that it is gone."""
        if absent := absent_post(NETWORK, payload):
            return [absent]
        if payload.kind == "counts":
            return read_counts(payload.body, payload.at)
        if payload.kind == REPLY:
            return read_comment(payload, self.names)
        was_edited = payload.kind == AGAIN
        return read_hit(payload.body, payload.at, self.names, was_edited=was_edited)


# ---- into our items --------------------------------------------------------------------------------------


class AlgoliaHit(msgspec.Struct):
    """A story or comment as Algolia's search returns it."""

    object_id: str = msgspec.field(name="objectID")
    created_at_i: Seconds
    author: str = ""
    title: str | None = None
    url: str | None = None
    points: Score | None = None
    num_comments: Count | None = None
    story_text: str | None = None
    comment_text: str | None = None
    story_id: int | None = None
    parent_id: int | None = None


class ItemTree(msgspec.Struct):
    """An item as Algolia returns it with the comments below it. `text`: null if it was deleted."""

    id: int
    created_at_i: Seconds = 0
    author: str | None = ""
    text: str | None = None
    children: list[msgspec.Raw] = []


class FirebaseItem(msgspec.Struct):
    """An item as Firebase returns it; `null` means that it does not have the item."""

    id: int
    time: Seconds = 0
    deleted: Flag = False
    dead: Flag = False
    score: Score | None = None
    descendants: Count | None = None


def read_hit(body: bytes, at: int, names: PaperIndex, *, was_edited: bool) -> list[Item]:
    """A story with its papers: its title, linked as a whole, and its text; or a comment with its papers."""
    hit = decode_entry(body, AlgoliaHit)
    key = f"{NETWORK}:{hit.object_id}"
    is_story = hit.comment_text is None
    text, links = html_to_text(hit.comment_text or "")
    if is_story:
        text, links = join_title(hit.title or "", hit.url, *html_to_text(hit.story_text or ""))
    parent = hit.parent_id or hit.story_id
    answered = "" if is_story or not parent else str(parent)
    post = _post(hit.object_id, hit, text, links, answered, at)
    counts = _counts(key, hit.points, hit.num_comments, at) if is_story else []
    return with_papers(post, [hit.url or "", *links], names, counts, was_edited=was_edited)


class _Comment(msgspec.Struct):
    parent: str
    created_at_i: Seconds
    author: str
    text: str


def comment_payloads(tree: ItemTree, item: str, at: int) -> Iterator[RawPayload | None]:
    """The comments below an item, the nearest first. None if there may be others."""
    waiting = [(item, child) for child in tree.children]
    for number, (parent, raw) in enumerate(waiting):
        child = decode_or_none(raw, ItemTree)
        if number == MAX_REPLIES or child is None:
            yield None
            return
        if child.text is None:
            yield gap_payload(str(child.id), parent, at)
        else:
            comment = _Comment(parent, child.created_at_i, child.author or "", child.text)
            yield RawPayload(REPLY, str(child.id), msgspec.json.encode(comment), at)
        waiting += [(str(child.id), below) for below in child.children]


def read_comment(payload: RawPayload, names: PaperIndex) -> list[Item]:
    """A comment, with its papers if it names any."""
    comment = decode_entry(payload.body, _Comment)
    text, links = html_to_text(comment.text)
    post = _post(payload.key, comment, text, links, comment.parent, payload.at)
    return with_papers(post, links, names, was_edited=True)


def _post(
    item: str, written: AlgoliaHit | _Comment, text: str, links: tuple[TextLink, ...], parent: str, at: int
) -> Post:
    """An item as a post. `written`: by whom, and when; `parent`: the item that it answers, empty for none."""
    return Post(
        post=f"{NETWORK}:{item}",
        network=NETWORK,
        account=f"{NETWORK}:{written.author}" if written.author else "",
        created_at=written.created_at_i * 1_000_000,
        text=text,
        links=links,
        lang="en",
        handle=written.author,
        reply_to=f"{NETWORK}:{parent}" if parent else "",
        observed_at=at,
    )


def read_counts(body: bytes, at: int) -> list[Item]:
    """An item's current score and comments, or that it is gone; nothing for a comment, whose score is not public."""
    if body.strip() == b"null":
        return []
    item = decode_entry(body, FirebaseItem)
    key = f"{NETWORK}:{item.id}"
    if item.deleted or item.dead:
        reason = "deleted" if item.deleted else "removed"
        return [gone_post(NETWORK, key, at, reason, item.time * 1_000_000)]
    return _counts(key, item.score, item.descendants, at)


def _counts(key: str, score: int | None, comments: int | None, at: int) -> list[Item]:
    if score is None:
        return []
    return [Snapshot(post=key, likes=max(score, 0), replies=comments, observed_at=at)]
