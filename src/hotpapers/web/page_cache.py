"""Pages made from an issue reader, each once, in threads: whoever waits for one that is made anew holds up nobody else.

One thread looks whether the issue reader is still the same. It begins to look after each request has come, so that
nobody is shown what was forgotten or hidden before they asked; who comes while it looks shares the next look. Another
thread makes pages, one after the other, as an issue reader is not read by two threads.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from hotpapers.model import IssueReader
from hotpapers.render.feeds import FeedMaker
from hotpapers.render.html.pages import SitePages
from hotpapers.render.html.templating import policy_of
from hotpapers.view.site_config import SiteConfig

CACHED_PAGES = 1024
"""Rendered pages kept: some 30 MB."""
PACKED, SMALL = 6, 1000
"""The level at which pages are packed, and the bytes up to which they are not."""


class RenderedPage(NamedTuple):
    """A page's bytes and their ETag; the same packed, empty where that is not worth while; and its policy."""

    body: bytes
    etag: str
    packed: bytes
    policy: str


def rendered(path: str, page: bytes, public: bool = False) -> RenderedPage:
    """The bytes of a page as they are sent. `public`: whether the site has an address of its own."""
    is_worthwhile = len(page) > SMALL and not path.endswith(".png")
    packed = gzip.compress(page, PACKED, mtime=0) if is_worthwhile else b""
    return RenderedPage(page, hashlib.sha256(page).hexdigest()[:32], packed, policy_of(path, public))


class PageCache:
    """Pages made from one issue reader. Asked from one event loop; made in the thread of `pool`."""

    def __init__(
        self, issue_reader: IssueReader, publication: str, site_config: SiteConfig, pool: ThreadPoolExecutor
    ) -> None:
        self.issue_reader, self._render_pool = issue_reader, pool
        self._publication, self._site_config = publication, site_config
        self._pages: SitePages | None = None
        self._feeds: FeedMaker | None = None
        self._futures: OrderedDict[str, Future[RenderedPage | None]] = OrderedDict()

    async def get(self, path: str) -> RenderedPage | None:
        """A page, None where there is none."""
        future = self._futures.get(path)
        if future is None or (future.done() and (future.cancelled() or future.exception())):
            future = self._futures[path] = self._render_pool.submit(self._render, path)
            if len(self._futures) > CACHED_PAGES:
                self._futures.popitem(last=False)
        else:
            self._futures.move_to_end(path)
        return future.result() if future.done() else await asyncio.shield(asyncio.wrap_future(future))

    async def missing(self, path: str) -> bytes:
        return await asyncio.wrap_future(self._render_pool.submit(lambda: self._make_pages().missing(path)))

    async def refused(self, path: str) -> bytes:
        return await asyncio.wrap_future(self._render_pool.submit(lambda: self._make_pages().refused(path)))

    def _make_pages(self) -> SitePages:
        if self._pages is None:
            self._pages = SitePages(self.issue_reader, self._publication, self._site_config)
        return self._pages

    def _render(self, path: str) -> RenderedPage | None:
        if path.startswith("feeds/"):
            self._feeds = self._feeds or FeedMaker(self.issue_reader, self._publication, self._site_config)
            page = self._feeds.feed(path)
        else:
            page = self._make_pages().page(path)
        return None if page is None else rendered(path, page, bool(self._site_config.base))


class CurrentPages:
    """The pages as they are now, also where the log has gone on. `open_issues`: the issue reader, the same object for
    as long as nothing in it changed."""

    def __init__(self, open_issues: Callable[[], IssueReader], publication: str, site_config: SiteConfig) -> None:
        self._open, self._publication, self._site_config = open_issues, publication, site_config
        self._refresh_pool = ThreadPoolExecutor(1, thread_name_prefix="refresh")
        self._render_pool = ThreadPoolExecutor(1, thread_name_prefix="render")
        self._lock = threading.Lock()
        self._next: Future[PageCache] | None = None
        self._cache: PageCache | None = None
        self._version: object = None

    async def now(self) -> PageCache:
        """The pages of the issue reader as it is after this was called."""
        with self._lock:
            if self._next is None:
                self._next = self._refresh_pool.submit(self._refresh)
            future = self._next
        return await asyncio.shield(asyncio.wrap_future(future))

    def _refresh(self) -> PageCache:
        with self._lock:
            self._next = None  # who comes from here on may come after something that this look does not see
        issue_reader, logs = self._open(), self._site_config.logs
        version = logs.version(self._publication) if logs else None
        if self._cache is None or self._cache.issue_reader is not issue_reader or self._version != version:
            self._cache = PageCache(issue_reader, self._publication, self._site_config, self._render_pool)
            self._version = version
        return self._cache
