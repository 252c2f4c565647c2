"""The current issue reader, and a cache of pages rendered from it. Rendering runs in threads, so a new page does not
delay cached ones.

One thread checks whether the issue reader has changed. Each check starts after the request arrives, so readers never
see what was forgotten or hidden before their request; requests that arrive during a check share the next one. Another
thread renders pages one at a time, because an issue reader must not be used by two threads.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from hotpapers.base import terms
from hotpapers.base.errors import StoreError
from hotpapers.base.model import IssueReader
from hotpapers.issues.page_changes import PageChangeCounter
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.templating import ALONE_POLICY, policy_of
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.serve.web.byte_cache import ByteCache

CACHE_BYTES = 64_000_000
"""Bytes of rendered pages in the cache. The files of observations can have 9 MB each, and there are thousands."""
LEVEL, SMALL = 6, 1000
"""The compression level, and the bytes up to which pages are not compressed."""


class RenderedPage(NamedTuple):
    """A page's bytes and their ETag; `gzipped`: the bytes compressed, or empty if not worthwhile; `policy`: its Content
    Security Policy."""

    body: bytes
    etag: str
    gzipped: bytes
    policy: str

    @property
    def size(self) -> int:
        return len(self.body) + len(self.gzipped) + 2_000


def rendered(path: str, page: bytes, public: bool = False) -> RenderedPage:
    """A page as it is sent. `public`: whether the site has a public address."""
    is_worthwhile = len(page) > SMALL and not path.endswith((".png", ".zst"))
    policy = ALONE_POLICY if path == "404.html" and not public else policy_of(path, public)
    gzipped = gzip.compress(page, LEVEL, mtime=0) if is_worthwhile else b""
    return RenderedPage(page, hashlib.sha256(page).hexdigest()[:32], gzipped, policy)


class PageCache:
    """Pages from one issue reader. Used from one event loop; rendered in the thread of `pool`."""

    def __init__(
        self, issue_reader: IssueReader, publication: str, site_config: SiteConfig, pool: ThreadPoolExecutor
    ) -> None:
        self.issue_reader, self._render_pool = issue_reader, pool
        self._publication, self._site_config = publication, site_config._replace(is_live=True)
        self._pages: SitePages | None = None
        self._feeds: FeedMaker | None = None
        self._rendered = ByteCache[tuple[str, PageChoice], RenderedPage](CACHE_BYTES)
        self._pending: dict[tuple[str, PageChoice], asyncio.Future[RenderedPage | None]] = {}

    async def get(self, path: str, choice: PageChoice = EVERYTHING) -> RenderedPage | None:
        """A page, or None if there is none. `choice`: the papers wanted; None too if the page has no such choice."""
        key = (path, choice)
        if (page := self._rendered.get(key, renew=True)) is not None:
            return page
        future = self._pending.get(key)
        if future is None:
            future = self._pending[key] = asyncio.wrap_future(self._render_pool.submit(self._render, path, choice))
            future.add_done_callback(partial(self._keep, key))
        return await asyncio.shield(future)

    def _keep(self, key: tuple[str, PageChoice], future: asyncio.Future[RenderedPage | None]) -> None:
        """Keeps a rendered page: a path without one must not push out others."""
        del self._pending[key]
        page = None if future.cancelled() or future.exception() else future.result()
        if page is not None:
            self._rendered.put(key, page)

    async def missing(self, path: str) -> bytes:
        return await asyncio.wrap_future(self._render_pool.submit(lambda: self._make_pages().missing(path)))

    async def refused(self, path: str) -> bytes:
        return await asyncio.wrap_future(self._render_pool.submit(lambda: self._make_pages().refused(path)))

    def _make_pages(self) -> SitePages:
        if self._pages is None:
            self._pages = SitePages(self.issue_reader, self._publication, self._site_config)
        return self._pages

    @property
    def _config_of_feeds(self) -> SiteConfig:
        """Feeds need whole addresses: the app's own, if the site has none."""
        return self._site_config._replace(base=self._site_config.base or self._site_config.app)

    def _render(self, path: str, choice: PageChoice) -> RenderedPage | None:
        if choice != EVERYTHING:
            pages = self._make_pages()
            page = pages.page_of(path, choice) if pages.has_choice(path) else None
        elif path.startswith("feeds/"):
            self._feeds = self._feeds or FeedMaker(self.issue_reader, self._publication, self._config_of_feeds)
            page = self._feeds.feed(path)
        else:
            page = self._make_pages().page(path)
        return None if page is None else rendered(path, page, bool(self._site_config.base))


class FreshIssueReader:
    """Call it to get the current issue reader: the same object as long as no process writes or forgets anything in the
    record that it shows.

    Each issue reader has its own connection, as it may be used in a different thread from the one that calls this."""

    def __init__(self, open_record: Callable[[], Record], allowed: terms.Table = terms.TERMS) -> None:
        self._open, self._allowed = open_record, allowed
        self._watch: tuple[Record, PageChangeCounter] | None = None
        self._current: tuple[int, Record, RecordIssueReader] | None = None

    def __call__(self) -> RecordIssueReader:
        """The issue reader. Raises StoreError; the next call then opens a new connection."""
        try:
            return self._current_reader()
        except StoreError:
            self.close()
            raise

    def _current_reader(self) -> RecordIssueReader:
        if self._watch is None:
            record = self._open()
            self._watch, self._current = (record, PageChangeCounter(record)), None
        changes = self._watch[1].look()
        if self._current is None or self._current[0] != changes or self._current[1].database.is_lost:
            record = self._open()
            self._current = (changes, record, RecordIssueReader(record, self._allowed))
        return self._current[2]

    def close(self) -> None:
        """Stops watching. The current issue reader may still be in use; its connection is closed with it."""
        if self._watch is not None:
            self._watch[0].database.close()
        self._watch = self._current = None


class CurrentPages:
    """The current pages, also after changes in the log. `open_issues`: returns the issue reader, the same object as
    long as nothing in it has changed."""

    def __init__(self, open_issues: Callable[[], IssueReader], publication: str, site_config: SiteConfig) -> None:
        self._open, self._publication, self._site_config = open_issues, publication, site_config
        self._refresh_pool = ThreadPoolExecutor(1, thread_name_prefix="refresh")
        self._render_pool = ThreadPoolExecutor(1, thread_name_prefix="render")
        self._running: asyncio.Future[PageCache] | None = None
        self._next: asyncio.Task[PageCache] | None = None
        self._cache: PageCache | None = None
        self._version: object = None

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
        issue_reader, proofs = self._open(), self._site_config.proofs
        version = proofs.version(self._publication) if proofs else None
        if self._cache is None or self._cache.issue_reader is not issue_reader or self._version != version:
            self._cache = PageCache(issue_reader, self._publication, self._site_config, self._render_pool)
            self._version = version
        return self._cache
