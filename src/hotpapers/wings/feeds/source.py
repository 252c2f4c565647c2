"""Any RSS, Atom or JSON feed that names papers: blogs, newsletters, video channels.

RFC 4287 (Atom), RSS 2.0, https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.http.address_guard import require_address
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, Post, RawPayload
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.html_text import html_to_text
from hotpapers.collect.sources.batched_requests import PostSource, check_overlap
from hotpapers.collect.sources.paper_mentions import join_title, with_papers
from hotpapers.wings.feeds.feed_parser import FeedEntry, feed_entries

NETWORK = "feeds"
SINGLE = " single"
"""Suffix of a feed's hash in the cursor if the feed had one entry."""


class FeedsSettings(SettingsStruct):
    """`urls`: the feeds to read. `every`: seconds between rounds."""

    urls: tuple[str, ...] = ()
    every: AtLeastOne = 3600

    def __post_init__(self) -> None:
        for url in self.urls:
            require_address(url)


class _FeedPayload(msgspec.Struct, frozen=True):
    """A stored entry, with the address of its feed."""

    feed: str
    entry: FeedEntry


class FeedsSource(PostSource[FeedsSettings]):
    """The connector. A failing feed doesn't stop the others."""

    name = NETWORK
    reach = 7 * DAY

    def _set_up(self) -> None:
        self._oldest: dict[str, int] = {}
        self._empty = set[str]()

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The entries of each feed. The cursor says when each feed with entries was last read, in µs UTC, by a hash of
        its address: the address may contain a password, and cursors are exported; and, as `… single`, which feeds had
        one entry then."""
        stored_moments = msgspec.json.decode(cursor, type=dict[str, int]) if cursor else {}
        names = {name for url in self.settings.urls for name in (_hash(url), _hash(url) + SINGLE)}
        read_at = {name: at for name, at in stored_moments.items() if name in names}
        parts = ((url, self._feed(http, url, read_at)) for url in self.settings.urls)
        yield from self._rotation.pages(http, parts, _cursor_pages(read_at, stored_moments))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """Each feed's entries. If all feeds date theirs, a last page says since when nothing is missing."""
        yield from self.pages(http, cursor)
        if self._oldest.keys() >= set(self.settings.urls):
            yield PayloadPage(since=max(since, *self._oldest.values()))

    def _feed(self, http: HttpClient, url: str, read_at: dict[str, int]) -> Pages:
        """One feed. If all entries are newer than the last reading, those that came and went in between are lost."""
        response = http.get(url, accept=(304,))
        name = _hash(url)
        single = name + SINGLE
        last_read_at = read_at.get(name)
        new_entries = (
            [] if response.status == 304 else list(feed_entries(response.body, response.headers, response.url))
        )
        if response.status != 304:
            self._empty = self._empty - {url} if new_entries else self._empty | {url}
        if url in self._empty:
            if single not in read_at:  # a single entry may well be deleted
                check_overlap(response.url, last_read_at, response.at)
            read_at.pop(name, None)
            read_at.pop(single, None)
            return
        dates = [entry.published for entry in new_entries if entry.published is not None]
        if dates:
            self._oldest.setdefault(url, min(*dates, response.at))
        leaves = None
        if last_read_at is not None and dates and min(dates) > last_read_at:
            reason = f"{response.url}: all entries are newer than the last reading; some in between may be lost"
            leaves = PartiallyRead(reason, lost_until=min(*dates, response.at))
        if len(new_entries) == 1:
            read_at[single] = response.at
        elif new_entries:
            read_at.pop(single, None)
        if new_entries or last_read_at is not None:
            read_at[name] = response.at
        payloads = [
            RawPayload(
                "post", _hash(f"{url}\n{entry.id}", 32), msgspec.json.encode(_FeedPayload(url, entry)), response.at
            )
            for entry in new_entries
        ]
        yield PayloadPage(payloads, _encode(read_at) if leaves else None, leaves=leaves)
        if leaves:
            raise leaves

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """An entry with its papers."""
        feed_entry = msgspec.json.decode(payload.body, type=_FeedPayload)
        entry = feed_entry.entry
        key = f"{NETWORK}:{payload.key}"
        account = f"{NETWORK}:{feed_entry.feed}"
        title = html_to_text(entry.title)[0]
        text, links = join_title(title, entry.link, *html_to_text(entry.content))
        post = Post(
            post=key,
            network=NETWORK,
            account=account,
            created_at=payload.at if entry.published is None else entry.published,
            text=text,
            links=links,
            lang=entry.language,
            handle=feed_entry.feed,
            name=entry.author,
            observed_at=payload.at,
        )
        return with_papers(post, [entry.link, *entry.elsewhere, *links], self.names)


def _hash(text: str, length: int = 16) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _cursor_pages(read_at: dict[str, int], stored_moments: dict[str, int]) -> Pages:
    """The cursor to store once all feeds were read."""
    if read_at or stored_moments:
        yield PayloadPage((), _encode(read_at))


def _encode(read_at: dict[str, int]) -> str:
    return msgspec.json.encode(read_at, order="sorted").decode()
