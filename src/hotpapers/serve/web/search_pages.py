"""Search in the app: results on the search page, without scripts, and feeds of search results.

    GET /search/?q=…                  papers and posts, on the static site's search page; ?cursor=…: the next results
    GET /feeds/query.atom?q=…         papers of the latest issues that match a query; also .rss, .json
    GET /feeds/author/NAME.atom       papers by an author in issues, with the name as written or as in addresses

Without `q`, the search page is the site's own; a feed needs a valid query. Like in the API, requests are answered in
separate threads and limited per client.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from hotpapers.base.durations import duration
from hotpapers.base.errors import StoreError, UsageError
from hotpapers.base.logs import log_event
from hotpapers.base.model import IssueReader
from hotpapers.keep import search as index
from hotpapers.publish.query import BY_NAME, QuerySession, papers, request_params
from hotpapers.publish.render import feeds
from hotpapers.publish.render.feed_formats import FORMATS
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.html import search_page
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.search_page import SearchAnswer
from hotpapers.publish.view import phrases
from hotpapers.publish.view.catalogue import slug
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.serve.web.api import ApiConfig
from hotpapers.serve.web.app import HEADERS, page_reply
from hotpapers.serve.web.http_messages import request_of
from hotpapers.serve.web.page_cache import rendered
from hotpapers.serve.web.rate_limits import TokenBuckets, client_of
from hotpapers.serve.web.search_view import NOTHING, answer_of, expired, feed_address, query_error
from hotpapers.serve.web.sessions import SessionPool

THREADS, MAX_SEARCHES = 2, 32
"""Requests answered at once, and most requests in progress."""
PAGE, POSTS = 20, 5
"""Papers per page, and posts below the papers of the first page."""
COST = BY_NAME["search"].cost
FEED_COST = 5 * COST
IN_FEED = 1000
"""How many of a query's best papers from the time of the latest issues are considered; those in issues are in the feed.
"""
BEFORE = timedelta(days=60)
"""How long before the first of the latest issues their papers may have been announced."""
MAX_QUERY_CHARS, MAX_NAME_CHARS = 1000, 200
"""Characters shown of a query, and read of an author's name."""


class SearchOutput(NamedTuple):
    """A page or a feed; with status 404, the reason why there is none. `path`: determines its type and policy."""

    path: str
    body: bytes
    status: int = 200


class ThreadState(NamedTuple):
    """One thread's makers of pages and feeds, kept as long as its issue reader is the same."""

    issue_reader: IssueReader
    pages: SitePages
    feeds: FeedMaker


SearchHandler = Callable[[QuerySession, ThreadState], SearchOutput]


class SearchRoutes:
    """The routes of search for the site of a publication. Close it after use."""

    def __init__(
        self, open_record: Callable[[], Record], publication: str, site_config: SiteConfig, operator: ApiConfig
    ) -> None:
        self._publication, self._site_config, self._operator = publication, site_config, operator
        self._sessions = SessionPool(open_record, operator.terms, THREADS)
        self._buckets = TokenBuckets(operator.rate)
        self._local = threading.local()
        self._pending = 0
        self.routes: list[BaseRoute] = [
            _SearchRoute("/search/", self._page),
            _SearchRoute("/search/index.html", self._page),
            Route("/feeds/query.{form}", self._query_feed),
            Route("/feeds/author/{name}.{form}", self._author_feed),
        ]

    def close(self) -> None:
        self._sessions.close()

    # ---- requests --------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        query, cursor = request.query_params["q"], request.query_params.get("cursor", "")
        return await self._respond(request, COST, lambda session, state: self._results(session, state, query, cursor))

    async def _query_feed(self, request: Request) -> Response:
        query, form = request.query_params.get("q", "").strip(), request.path_params["form"]
        if form not in FORMATS or not query:
            return _refusal(404, "not found; the feed of a search is feeds/query.atom?q=…")
        if error := query_error(query):
            return _refusal(400, error)
        return await self._respond(
            request, FEED_COST, lambda session, state: self._feed_of_query(session, state, query, form)
        )

    async def _author_feed(self, request: Request) -> Response:
        name, form = request.path_params["name"], request.path_params["form"]
        author = slug(name[:MAX_NAME_CHARS])
        if form not in FORMATS or not author:
            return _refusal(404, "not found; the feed of an author is feeds/author/NAME.atom")
        return await self._respond(
            request, FEED_COST, lambda session, state: self._feed_of_author(state, name, author, form)
        )

    async def _respond(self, request: Request, cost: int, handler: SearchHandler) -> Response:
        query = request_of(request.scope)
        client = client_of(query.peer, query.forwarded, self._operator.proxies)
        seconds = self._buckets.take(client, cost, time.monotonic())
        if seconds:
            return _refusal(429, f"too many requests; try again in {duration(seconds)}", seconds)
        if self._pending >= MAX_SEARCHES:
            return _refusal(503, "too many concurrent requests", 1)
        self._pending += 1
        try:
            page = await self._sessions.ask(lambda session: handler(session, self._thread_state(session)))
        except StoreError as problem:
            log_event("search unavailable", level=logging.ERROR, reason=problem)
            return _refusal(503, "the store is temporarily unavailable", 10)
        finally:
            self._pending -= 1
        if page.status == 404:
            return _refusal(404, page.body.decode())
        response = page_reply(rendered(page.path, page.body), page.path, request.headers)
        response.status_code = page.status if response.status_code == 200 else response.status_code
        return response

    def _thread_state(self, session: QuerySession) -> ThreadState:
        issue_reader, state = session.issue_reader(), getattr(self._local, "state", None)
        if state is None or state.issue_reader is not issue_reader:
            site_config = self._site_config
            config = site_config._replace(base=site_config.app or site_config.base)
            parts = (
                SitePages(issue_reader, self._publication, site_config),
                FeedMaker(issue_reader, self._publication, config),
            )
            state = self._local.state = ThreadState(issue_reader, *parts)
        return state

    # ---- results, computed in a thread -------------------------------------------------------------------

    def _results(self, session: QuerySession, state: ThreadState, query: str, cursor: str) -> SearchOutput:
        if error := query_error(query):
            status = 200 if error == NOTHING else 400
            return SearchOutput(
                search_page.PATH, state.pages.search(SearchAnswer(query[:MAX_QUERY_CHARS], error)), status
            )
        try:
            params = request_params.check_params(
                request_params.SearchParams, {"q": query, "limit": PAGE, "cursor": cursor}
            )
            match = papers.search(session, params)
        except UsageError:  # the query was checked before, so it is the cursor
            return SearchOutput(search_page.PATH, state.pages.search(expired(query)), 400)
        posts = () if cursor else _posts(session, query)
        return SearchOutput(search_page.PATH, state.pages.search(answer_of(query, match, posts, self._publication)))

    def _feed_of_query(self, session: QuerySession, state: ThreadState, query: str, form: str) -> SearchOutput:
        days = state.issue_reader.days(self._publication)[-feeds.ISSUES :]
        since = (date.fromisoformat(days[0]) - BEFORE).isoformat() if days else "2100"
        match = index.search(session.record, f"from:{since} {query}", limit=IN_FEED)
        papers = {hit.paper for hit in match.papers}
        path = feed_address(query, form)
        title = phrases.cut(phrases.one_line(query), 200)
        return SearchOutput(
            f"query.{form}", state.feeds.of_papers(path, title, lambda paper: paper.entry.paper in papers, form)
        )

    def _feed_of_author(self, state: ThreadState, name: str, author: str, form: str) -> SearchOutput:
        def is_theirs(authors: Iterable[str]) -> bool:
            return any(slug(name) == author for name in authors)

        summaries = state.issue_reader.entry_summaries(self._publication)
        if not any(is_theirs(summary.authors) for summary in summaries):
            return SearchOutput("", b"no paper in an issue has an author with this name", 404)
        title = name if name != author else author.replace("-", " ")
        path = f"feeds/author/{quote(author)}.{form}"
        title = phrases.cut(phrases.one_line(title), 200)
        feed = state.feeds.of_papers(path, title, lambda paper: is_theirs(paper.view.authors), form)
        return SearchOutput(f"author.{form}", feed)


def _posts(session: QuerySession, query: str) -> tuple[index.PostHit, ...]:
    """The posts that match; none if the query asks for something that only papers have."""
    try:
        return index.search_posts(session.record, query, limit=POSTS, allowed=session.terms).posts
    except UsageError:
        return ()


class _SearchRoute(Route):
    """The search page if there is a query; otherwise the site's own page is shown."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request has a query."""
        match, child_scope = super().matches(scope)
        if match is Match.FULL and not Request(scope).query_params.get("q", "").strip():
            return Match.NONE, {}
        return match, child_scope


def _refusal(status: int, reason: str, seconds: int = 0) -> Response:
    """An error as plain text. `seconds`: for Retry-After, or 0."""
    retry = {"retry-after": str(seconds)} if seconds else {}
    return PlainTextResponse(f"{reason}\n", status, {**HEADERS, **retry})
