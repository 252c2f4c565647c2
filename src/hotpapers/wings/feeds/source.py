"""Any RSS, Atom or JSON feed that names papers: blogs, newsletters, video channels.

RFC 4287 (Atom), RSS 2.0, https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.http.address_guard import require_address
from hotpapers.base.model import DAY, Account, HttpClient, Item, Pages, PayloadPage, Post, RawPayload, TextLink
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.html_text import html_to_text
from hotpapers.collect.sources.batched_requests import AGAIN, PostSource, as_known, check_overlap
from hotpapers.collect.sources.paper_mentions import join_title, with_papers
from hotpapers.wings.feeds.feed_parser import FeedEntry, feed_entries, made_id, urljoin_or_not

NETWORK = "feeds"
SINGLE = " single"
"""Suffix by which earlier cursors named the feeds that had one entry."""
NEWEST = 3
"""How many of a feed's newest entries are remembered: one may be deleted."""
SEVERAL = 3
"""So many entries hardly ever have one date."""
PINNED = 3
"""How many entries of a feed may be older than those that it left out."""


class FeedsSettings(SettingsStruct):
    """`urls`: the feeds to read. `every`: seconds between rounds."""

    urls: tuple[str, ...] = ()
    every: AtLeastOne = 3600

    def __post_init__(self) -> None:
        for url in self.urls:
            require_address(url)


class FeedReading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A feed's last reading that had entries. `at`: its moment, µs UTC; `is_single`: it had one entry; `newest`: hashes
    of the ids of its newest ones; `shared`: of ids that several entries have or had, each with the page that has it."""

    at: int
    is_single: bool = False
    newest: tuple[str, ...] = ()
    shared: dict[str, str] = {}


class _FeedPayload(msgspec.Struct, frozen=True):
    """A stored entry, with the address of its feed. `owner`: the author of all entries that the feed listed with it;
    empty if they have several, None if that was not stored."""

    feed: str
    entry: FeedEntry
    owner: str | None = None


class FeedsSource(PostSource[FeedsSettings]):
    """The connector. A failing feed doesn't stop the others."""

    name = NETWORK
    reach = 7 * DAY

    def _set_up(self) -> None:
        self._oldest: dict[str, int] = {}
        self._empty = set[str]()

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The entries of each feed. The cursor has the last reading of each feed with entries, by a hash of its
        address: the address may contain a password, and cursors are exported."""
        readings = _readings(cursor, self.settings.urls)
        parts = ((url, self._feed(http, url, readings)) for url in self.settings.urls)
        yield from self._rotation.pages(http, parts, _cursor_pages(readings, cursor))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """Each feed's entries. If all feeds date theirs, a last page says since when nothing is missing."""
        yield from self.pages(http, cursor)
        if self._oldest.keys() >= set(self.settings.urls):
            yield PayloadPage(since=max(since, *self._oldest.values()))

    def _feed(self, http: HttpClient, url: str, readings: dict[str, FeedReading]) -> Pages:
        """One feed. Raises PartiallyRead if entries that came and went since the last reading are lost."""
        response = http.get(url, accept=(304,))
        name = _hash(url)
        last = readings.get(name)
        shared = last.shared if last else {}
        entries = list[FeedEntry]()
        if response.status != 304:
            entries = _dated(list(feed_entries(response.body, response.headers, response.url)))
            shared = _shared_ids(entries, shared)
            entries = [_with_own_id(entry, shared) for entry in entries]
            self._empty = self._empty - {url} if entries else self._empty | {url}
        if url in self._empty:
            if last and not last.is_single:  # a single entry may well be deleted
                check_overlap(response.url, last.at, response.at)
            readings.pop(name, None)
            return
        complete_since = _complete_since(entries, response.at)
        if complete_since is not None:
            self._oldest.setdefault(url, complete_since)
        if entries:
            newest = _newest(entries, response.at)
            readings[name] = FeedReading(response.at, len(entries) == 1, newest, shared)
        elif last:
            readings[name] = msgspec.structs.replace(last, at=response.at)
        leaves = None
        if last and _has_lost(entries, last, complete_since):
            reason = f"{response.url}: all entries are newer than the last reading; some in between may be lost"
            leaves = PartiallyRead(reason, lost_until=response.at if complete_since is None else complete_since)
        payloads = list(self._payloads(url, entries, response.at))
        yield PayloadPage(payloads, _encode(readings) if leaves else None, leaves=leaves)
        if leaves:
            raise leaves

    def _payloads(self, url: str, entries: Sequence[FeedEntry], at: int) -> Iterator[RawPayload]:
        """The entries of a feed. A known one may have been edited."""
        authors = {entry.author for entry in entries}
        owner = entries[0].author if len(authors) == 1 else ""
        for entry in entries:
            key = _hash(f"{url}\n{entry.id}", 32)
            body = msgspec.json.encode(_FeedPayload(url, entry, owner))
            yield as_known(RawPayload("post", key, body, at), NETWORK, self.known)

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """An entry with its papers. The account is the feed's, so it has the name of its only author."""
        feed_entry = msgspec.json.decode(payload.body, type=_FeedPayload)
        entry = feed_entry.entry
        title = html_to_text(entry.title)[0]
        content, links_in_content = html_to_text(entry.content)
        base = entry.base or entry.link or feed_entry.feed
        resolved = [TextLink(link.start, link.end, urljoin_or_not(base, link.target)) for link in links_in_content]
        text, links = join_title(title, entry.link, content, resolved)
        post = Post(
            post=f"{NETWORK}:{payload.key}",
            network=NETWORK,
            account=f"{NETWORK}:{feed_entry.feed}",
            created_at=payload.at if entry.published is None else entry.published,
            text=text,
            links=links,
            lang=entry.language,
            handle=feed_entry.feed,
            name=entry.author,
            observed_at=payload.at,
        )
        targets = [entry.link, *entry.elsewhere, *(link.target for link in links)]
        was_edited = payload.kind == AGAIN
        items = with_papers(post, targets, self.names, was_edited=was_edited)
        name = entry.author if feed_entry.owner is None else feed_entry.owner
        return [msgspec.structs.replace(item, name=name) if isinstance(item, Account) else item for item in items]


def _dated(entries: list[FeedEntry]) -> list[FeedEntry]:
    """Entries with their dates; one that all of several have in common is that of the feed, and none of theirs."""
    if len(entries) < SEVERAL or len(set(_dates(entries))) != 1:
        return entries
    return [msgspec.structs.replace(entry, published=None) for entry in entries]


def _shared_ids(entries: Sequence[FeedEntry], before: Mapping[str, str]) -> dict[str, str]:
    """The ids that several pages have, or had `before` and are still there, each with the page whose id it is: the
    first that had it, or the oldest."""
    links = defaultdict[str, list[str]](list)
    for entry in sorted(entries, key=lambda entry: entry.published or 0):
        links[_hash(entry.id, 8)].append(_hash(entry.link, 8))
    shared = dict[str, str]()
    for id, pages in links.items():
        if id in before or len(set(pages)) > 1:
            shared[id] = before.get(id, pages[0])
    return shared


def _with_own_id(entry: FeedEntry, shared: Mapping[str, str]) -> FeedEntry:
    """An entry with an id that no other has."""
    link = _hash(entry.link, 8)
    if shared.get(_hash(entry.id, 8), link) == link:
        return entry
    return msgspec.structs.replace(entry, id=made_id(entry.link, entry.title, entry.content))


# ---- what may have been lost -----------------------------------------------------------------------------


def _dates(entries: Iterable[FeedEntry]) -> list[int]:
    return [entry.published for entry in entries if entry.published is not None]


def _complete_since(entries: Iterable[FeedEntry], at: int) -> int | None:
    """The moment since which a feed lists everything, at the latest that of its reading; None without dates. Its oldest
    entries may be pinned."""
    dates = sorted(_dates(entries))
    return min(dates[min(PINNED, len(dates) // 5)], at) if dates else None


def _newest(entries: Sequence[FeedEntry], at: int) -> tuple[str, ...]:
    """Hashes of the ids of the newest entries at a moment; those dated later come last. Without dates, the first and
    the last ones."""

    def date_of(entry: FeedEntry) -> int:
        date = entry.published or 0
        return date if date <= at else 0

    if _dates(entries):
        newest = sorted(entries, key=date_of, reverse=True)[:NEWEST]
    else:
        newest = [*entries[:NEWEST], *entries[-NEWEST:]]
    return tuple(_hash(entry.id, 8) for entry in newest)


def _has_lost(entries: Sequence[FeedEntry], last: FeedReading, complete_since: int | None) -> bool:
    """Whether a feed lists none of the newest entries of its last reading, and goes back no further than it."""
    ids = {_hash(entry.id, 8) for entry in entries}
    if not ids.isdisjoint(last.newest):
        return False
    if complete_since is None:
        return bool(entries and last.newest)
    return complete_since > last.at


# ---- the cursor ------------------------------------------------------------------------------------------


def _hash(text: str, length: int = 16) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _readings(cursor: str | None, urls: Iterable[str]) -> dict[str, FeedReading]:
    """The last readings of feeds, by hash. Earlier cursors have only their moments."""
    stored = msgspec.json.decode(cursor, type=dict[str, FeedReading | int]) if cursor else {}
    readings = dict[str, FeedReading]()
    for name in map(_hash, urls):
        reading = stored.get(name)
        if isinstance(reading, int):
            reading = FeedReading(reading, is_single=name + SINGLE in stored)
        if reading:
            readings[name] = reading
    return readings


def _cursor_pages(readings: dict[str, FeedReading], cursor: str | None) -> Pages:
    """The cursor to store once all feeds were read."""
    if readings or cursor:
        yield PayloadPage((), _encode(readings))


def _encode(readings: dict[str, FeedReading]) -> str:
    return msgspec.json.encode(readings, order="sorted").decode()
