"""Search in the app: results on the search page, without scripts, and feeds of search results.

    GET /search/?q=…                  papers and posts, on the static site's search page; ?cursor=…: the next results
    GET /feeds/query.atom?q=…         papers of the latest issues that match a query; also .rss, .json
    GET /feeds/author/NAME.atom       papers by an author in issues, with the name as written or as in addresses

Without `q`, the search page is the site's own; a feed needs a valid query. Like in the API, requests are answered in
separate threads and limited per client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from hotpapers.base.errors import UsageError
from hotpapers.base.model import IssueReader
from hotpapers.keep import search as index
from hotpapers.publish.query import BY_NAME, QuerySession, papers, request_params
from hotpapers.publish.render import feeds
from hotpapers.publish.render.feed_formats import FORMATS
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.html import search_page
from hotpapers.publish.render.html.search_page import SearchAnswer
from hotpapers.publish.view import phrases
from hotpapers.publish.view.catalogue import slug
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.serve.web.backend import Backend
from hotpapers.serve.web.http_messages import Refused, Reply
from hotpapers.serve.web.page_cache import CurrentPages, PageCache, rendered
from hotpapers.serve.web.responders import Responder
from hotpapers.serve.web.search_view import NOTHING, answer_of, expired, feed_address, query_error

Result = TypeVar("Result")

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


class SearchRoutes:
    """The routes of search for the site of a publication."""

    def __init__(self, backend: Backend, pages: CurrentPages, publication: str, site_config: SiteConfig) -> None:
        self._backend, self._pages = backend, pages
        self._publication, self._site_config = publication, site_config
        self._lane = backend.lane(THREADS, MAX_SEARCHES)
        page = Responder(self._page)
        self.routes: list[BaseRoute] = [
            _SearchRoute("/search/", page),
            _SearchRoute("/search/index.html", page),
            Route("/feeds/query.{form}", Responder(self._query_feed)),
            Route("/feeds/author/{name}.{form}", Responder(self._author_feed)),
        ]

    async def _ask(self, work: Callable[[QuerySession], Result]) -> Result:
        return await self._lane.run(lambda: self._backend.call(work))

    # ---- requests --------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Reply:
        query, cursor = request.query_params["q"], request.query_params.get("cursor", "")
        self._backend.spend(request.scope, COST)
        answer, status = await self._ask(lambda session: self._results(session, query, cursor))
        body = await self._pages.ask(lambda cache: cache.pages.search(answer))
        page = rendered(search_page.PATH, body).for_client(request.scope)
        return page if status == 200 else msgspec.structs.replace(page, status=status, etag="")

    async def _query_feed(self, request: Request) -> Reply:
        query, form = request.query_params.get("q", "").strip(), request.path_params["form"]
        if form not in FORMATS or not query:
            raise Refused(404, "not found; the feed of a search is feeds/query.atom?q=…")
        if error := query_error(query):
            raise Refused(400, error)
        self._backend.spend(request.scope, FEED_COST)
        papers = await self._ask(lambda session: self._papers_of_query(session, query))
        title = phrases.cut(phrases.one_line(query), 200)

        def feed(cache: PageCache) -> bytes:
            path = feed_address(query, form)
            return cache.of(self._feeds).of_papers(path, title, lambda paper: paper.entry.paper in papers, form)

        return rendered(f"query.{form}", await self._pages.ask(feed)).for_client(request.scope)

    async def _author_feed(self, request: Request) -> Reply:
        name, form = request.path_params["name"], request.path_params["form"]
        author = slug(name[:MAX_NAME_CHARS])
        if form not in FORMATS or not author:
            raise Refused(404, "not found; the feed of an author is feeds/author/NAME.atom")
        self._backend.spend(request.scope, FEED_COST)
        body = await self._pages.ask(lambda cache: self._feed_of_author(cache, name, author, form))
        return rendered(f"author.{form}", body).for_client(request.scope)

    # ---- results, computed in a thread -------------------------------------------------------------------

    def _results(self, session: QuerySession, query: str, cursor: str) -> tuple[SearchAnswer, int]:
        """The answer, and its status."""
        if error := query_error(query):
            return SearchAnswer(query[:MAX_QUERY_CHARS], error), 200 if error == NOTHING else 400
        try:
            params = request_params.check_params(
                request_params.SearchParams, {"q": query, "limit": PAGE, "cursor": cursor}
            )
            match = papers.search(session, params)
        except UsageError:  # the query was checked before, so it is the cursor
            return expired(query), 400
        posts = () if cursor else _posts(session, query)
        return answer_of(query, match, posts, self._publication), 200

    def _papers_of_query(self, session: QuerySession, query: str) -> set[str]:
        days = session.issue_reader().days(self._publication)[-feeds.ISSUES :]
        since = (date.fromisoformat(days[0]) - BEFORE).isoformat() if days else "2100"
        match = index.search(session.record, f"from:{since} {query}", limit=IN_FEED)
        return {hit.paper for hit in match.papers}

    def _feeds(self, issue_reader: IssueReader) -> FeedMaker:
        """Makes feeds with the app's own address, as only the app has them."""
        config = self._site_config._replace(base=self._site_config.app or self._site_config.base)
        return FeedMaker(issue_reader, self._publication, config)

    def _feed_of_author(self, cache: PageCache, name: str, author: str, form: str) -> bytes:
        def is_theirs(authors: Iterable[str]) -> bool:
            return any(slug(name) == author for name in authors)

        summaries = cache.issue_reader.entry_summaries(self._publication)
        if not any(is_theirs(summary.authors) for summary in summaries):
            raise Refused(404, "no paper in an issue has an author with this name")
        title = phrases.cut(phrases.one_line(name if name != author else author.replace("-", " ")), 200)
        path = f"feeds/author/{quote(author)}.{form}"
        return cache.of(self._feeds).of_papers(path, title, lambda paper: is_theirs(paper.view.authors), form)


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
