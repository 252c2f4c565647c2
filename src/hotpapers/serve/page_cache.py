"""The current issue reader, and a cache of pages rendered from it. Rendering runs in threads, so a new page does not
delay cached ones.

One thread checks whether the issue reader has changed. Each check starts after the request arrives, so readers never
see what was forgotten or hidden before their request; requests that arrive during a check share the next one. Another
thread renders pages one at a time, because an issue reader must not be used by two threads.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar, cast

from starlette.types import Scope

from hotpapers.base import network_terms
from hotpapers.base.errors import StoreError
from hotpapers.base.model import IssueReader
from hotpapers.issues.page_changes import PageChangeCounter
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.templating import ALONE_POLICY, policy_of
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import WELL_KNOWN
from hotpapers.record import Record
from hotpapers.serve.http_messages import FRAMES, HTML, PAGE, TEXT, WORTHWHILE, Reply, tagged_reply, takes_gzip

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", Reply, "RenderedPage")
Result = TypeVar("Result")


class ByteCache(Generic[K, V]):
    """Values with up to `most` bytes together, the one asked for longest ago dropped first. `size`: the bytes of all.
    Used from one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = 0
        self.values: OrderedDict[K, V] = OrderedDict()
        self._pending: dict[K, asyncio.Task[Any]] = {}

    def get(self, key: K) -> V | None:
        """The value of a key, or None."""
        if key in self.values:
            self.values.move_to_end(key)
        return self.values.get(key)

    async def get_or_make(
        self, key: K, make: Callable[[], Coroutine[Any, Any, Result]], *, keep: bool = True
    ) -> Result:
        """Returns the result of `make`, run once for all concurrent callers; it goes on if one of them goes away. None
        is not kept, and nothing without `keep`."""
        task = self._pending.get(key)
        if task is None:
            task = self._pending[key] = asyncio.create_task(make())
            task.add_done_callback(partial(self._note_end, key, keep))
        result: Result = await asyncio.shield(task)
        return result

    def _note_end(self, key: K, keep: bool, task: asyncio.Task[V | None]) -> None:
        del self._pending[key]
        # the exception is asked for in case nobody was waiting
        value = None if task.cancelled() or task.exception() else task.result()
        is_large = value is not None and value.size > self._most // 8  # nothing takes more than an eighth
        if value is None or is_large or not keep or key in self.values:
            return
        self.values[key] = value
        self.size += value.size
        while self.size > self._most:
            self.size -= self.values.popitem(last=False)[1].size

    def clear(self) -> None:
        """Drops all values."""
        self.values.clear()
        self.size = 0


CACHE_BYTES = 64_000_000
"""Bytes of rendered pages in the cache. The files of observations can have 9 MB each, and there are thousands."""
TYPES = {
    "html": HTML,
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "png": "image/png",
    "xml": "application/xml; charset=utf-8",
    "txt": TEXT,
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "tlog-proof": TEXT,
}
BINARY = "application/octet-stream"
"""The type of the log's files without a suffix."""


def type_of(path: str) -> str:
    """The content type of a page or file."""
    if path.endswith("/checkpoint") or path == WELL_KNOWN:
        return TEXT
    if path.endswith(".json") and "/" in path and not path.startswith("feeds/"):
        return "application/json"
    return TYPES.get(path.rpartition(".")[2], BINARY)


class RenderedPage(NamedTuple):
    """A page as it is sent, plain and to clients that accept gzip; the same if compressing it is not worthwhile."""

    plain: Reply
    gzipped: Reply

    @property
    def size(self) -> int:
        return self.plain.size + (self.gzipped.size if self.gzipped is not self.plain else 0)

    def for_client(self, scope: Scope) -> Reply:
        """The one for the client of a request."""
        if self.gzipped is not self.plain and takes_gzip(scope):
            return self.gzipped
        return self.plain


def headers_of(path: str, public: bool = False) -> dict[str, str]:
    """The headers of a page. `public`: whether the site has a public address."""
    policy = ALONE_POLICY if path == "404.html" and not public else policy_of(path, public)
    headers = PAGE | {"content-security-policy": f"{policy}; {FRAMES}", "content-type": type_of(path)}
    if path.endswith(".png"):
        headers["cross-origin-resource-policy"] = "cross-origin"  # cards are meant to be shown by other sites
    return headers


def finish_page(path: str, page: bytes, public: bool = False) -> RenderedPage:
    """A page as it is sent. `public`: whether the site has a public address."""
    headers = headers_of(path, public)
    plain = tagged_reply(headers, page, compress=False)
    is_worthwhile = len(page) >= WORTHWHILE and not path.endswith((".png", ".zst"))
    return RenderedPage(plain, tagged_reply(headers, page, compress=True) if is_worthwhile else plain)


class PageCache:
    """Pages from one issue reader. Used from one event loop; rendered in the thread of `pool`."""

    def __init__(
        self, issue_reader: IssueReader, publication: str, site_config: SiteConfig, pool: ThreadPoolExecutor
    ) -> None:
        self.issue_reader = issue_reader
        self._render_pool = pool
        self._publication = publication
        self._site_config = site_config._replace(is_live=True)
        self._derived: dict[Callable[[IssueReader], object], object] = {}
        self._rendered = ByteCache[tuple[str, PageChoice], RenderedPage](CACHE_BYTES)

    async def get(self, path: str, choice: PageChoice = EVERYTHING) -> RenderedPage | None:
        """A page, or None if there is none. `choice`: the papers wanted; None too if the page has no such choice."""
        key = (path, choice)
        known = self._rendered.get(key)
        return known or await self._rendered.get_or_make(key, lambda: self.ask(lambda _: self._render(path, choice)))

    def cached(self, path: str) -> RenderedPage | None:
        """A page, if it is rendered already."""
        return self._rendered.get((path, EVERYTHING))

    def of(self, make: Callable[[IssueReader], Result]) -> Result:
        """A function's result for the issue reader, computed once. To be called in the thread that renders."""
        if make not in self._derived:
            self._derived[make] = make(self.issue_reader)
        return cast("Result", self._derived[make])

    @property
    def pages(self) -> SitePages:
        """Makes pages. In the thread that renders."""
        return self.of(self._site_pages)

    async def ask(self, work: Callable[[PageCache], Result]) -> Result:
        """Runs work in the thread that renders. Raises StoreError."""

        def answer() -> Result:
            try:
                return work(self)
            except StoreError:
                self._derived.clear()  # some of it may have stopped reading in the middle
                raise

        return await asyncio.wrap_future(self._render_pool.submit(answer))

    def _site_pages(self, issue_reader: IssueReader) -> SitePages:
        return SitePages(issue_reader, self._publication, self._site_config)

    def _feeds(self, issue_reader: IssueReader) -> FeedMaker:
        """Feeds need whole addresses: the app's own, if the site has none."""
        base = self._site_config.base or self._site_config.app
        config = self._site_config._replace(base=base)
        return FeedMaker(issue_reader, self._publication, config)

    def _render(self, path: str, choice: PageChoice) -> RenderedPage | None:
        if choice != EVERYTHING:
            if self.pages.has_choice(path):
                page = self.pages.page_of(path, choice)
            else:
                page = None
        elif path.startswith("feeds/"):
            page = self.of(self._feeds).feed(path)
        else:
            page = self.pages.page(path)
        return None if page is None else finish_page(path, page, bool(self._site_config.base))


class FreshIssueReader:
    """Call it to get the current issue reader: the same object as long as no process writes or forgets anything in the
    record that it shows.

    Each issue reader has its own connection, as it may be used in a different thread from the one that calls this."""

    def __init__(self, open_record: Callable[[], Record], allowed: network_terms.Table) -> None:
        self._open = open_record
        self._allowed = allowed
        self._watch: tuple[Record, PageChangeCounter] | None = None
        self._current: tuple[int, Record, RecordIssueReader] | None = None
        self._version: object = None

    def __call__(self) -> RecordIssueReader:
        """The issue reader. Raises StoreError; the next call then opens a new connection."""
        try:
            if self._watch is None:
                record = self._open()
                self._watch = (record, PageChangeCounter(record))
                self._current = None
            self._version = self._watch[0].database.version()  # before looking: a later change must show
            changes = self._watch[1].look()
            if self._current is None or self._current[0] != changes or self._current[1].database.is_lost:
                record = self._open()
                self._current = (changes, record, RecordIssueReader(record, self._allowed))
            return self._current[2]
        except StoreError:
            self.close()
            raise

    def is_current(self) -> bool:
        """Whether nothing was written since the last call that returned an issue reader. Does not wait, so False if
        only a server could tell. Not during a call."""
        if self._watch is None:
            return False
        version = self._watch[0].database.version()
        return version is not None and version == self._version

    def close(self) -> None:
        """Stops watching. The current issue reader may still be in use; its connection is closed with it."""
        if self._watch is not None:
            self._watch[0].database.close()
        self._watch = self._current = None


class CurrentPages:
    """The current pages, also after changes in the log. `open_issues`: returns the issue reader, the same object as
    long as nothing in it has changed."""

    def __init__(self, open_issues: Callable[[], IssueReader], publication: str, site_config: SiteConfig) -> None:
        self._open = open_issues
        self.publication = publication
        self._site_config = site_config
        self._refresh_pool = ThreadPoolExecutor(1, thread_name_prefix="refresh")
        self._render_pool = ThreadPoolExecutor(1, thread_name_prefix="render")
        self._running: asyncio.Future[PageCache] | None = None
        self._next: asyncio.Task[PageCache] | None = None
        self._cache: PageCache | None = None
        self._version: object = None

    def cached(self, path: str) -> RenderedPage | None:
        """A page that is rendered already and known to be current without waiting."""
        is_idle = self._next is None and (self._running is None or self._running.done())
        if self._cache is None or not is_idle or not isinstance(self._open, FreshIssueReader):
            return None
        try:
            is_current = self._open.is_current() and self._version == self._proofs_version()
        except StoreError:
            return None
        return self._cache.cached(path) if is_current else None

    async def ask(self, work: Callable[[PageCache], Result]) -> Result:
        """Runs work on the current pages in the thread that renders. Raises StoreError."""
        return await self.attempt(lambda cache: cache.ask(work))

    async def attempt(self, work: Callable[[PageCache], Awaitable[Result]]) -> Result:
        """The result of work on the current pages. Raises StoreError."""
        with suppress(StoreError):  # the database may have been away: retry once with a new connection
            return await work(await self.now())
        return await work(await self.now())

    async def now(self) -> PageCache:
        """The pages of the current issue reader, checked after this call. All calls must be in one event loop."""
        if self._next is None:
            self._next = asyncio.create_task(self._check_after(self._running))
        return await asyncio.shield(self._next)

    async def _check_after(self, running: asyncio.Future[PageCache] | None) -> PageCache:
        """The next check. One future serves all requests that wait for it: waking each from the thread is slow."""
        if running is not None and not running.done():
            await asyncio.wait([running])
        self._running = asyncio.get_running_loop().run_in_executor(self._refresh_pool, self._refresh)
        self._next = None  # the check may miss changes made before later requests, so they start a new one
        return await self._running

    def _refresh(self) -> PageCache:
        issue_reader = self._open()
        version = self._proofs_version()
        if self._cache is None or self._cache.issue_reader is not issue_reader or self._version != version:
            self._cache = PageCache(issue_reader, self.publication, self._site_config, self._render_pool)
            self._version = version
        return self._cache

    def _proofs_version(self) -> object:
        proofs = self._site_config.proofs
        return proofs.version(self.publication) if proofs else None
