"""Search in the app: results on the search page, without scripts, and feeds of search results.

    GET /search/?q=…                  papers and posts, on the static site's search page; ?cursor=…: the next results
    GET /feeds/query.atom?q=…         papers of the latest issues that match a query; also .rss, .json
    GET /feeds/author/NAME.atom       papers by an author in issues, with the name as written or as in addresses

Without `q`, the search page is the site's own; a feed needs a valid query. As in the API, requests are answered in
separate threads and limited per client, and `answer_cache` keeps the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from hotpapers.base.errors import UsageError
from hotpapers.base.model import IssueReader, Post
from hotpapers.base.text.words import count_noun
from hotpapers.keep import search as index
from hotpapers.keep.search import PostHit, SearchHitIssue, query_parser
from hotpapers.publish.query import BY_NAME, QuerySession, papers, request_params, schemas
from hotpapers.publish.query.session import bare_id
from hotpapers.publish.render import feeds
from hotpapers.publish.render.feeds import FORMATS, FeedMaker
from hotpapers.publish.render.html import search_page
from hotpapers.publish.render.html.search_page import (
    HitIssueView,
    HitView,
    PostHitView,
    SearchAnswer,
    marked_names,
)
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.catalogue import make_slug
from hotpapers.publish.view.highlighting import mark_spans
from hotpapers.publish.view.post_views import post_byline
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.tex import tex_to_markup
from hotpapers.serve.answer_cache import AnswerCache
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import Refused, Reply, Responder, tagged_reply, takes_gzip
from hotpapers.serve.page_cache import CurrentPages, PageCache, finish_page, headers_of

Result = TypeVar("Result")

THREADS, MAX_SEARCHES = 2, 200
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
        self._backend = backend
        self._pages = pages
        self._publication = publication
        self._site_config = site_config
        self._lane = backend.lane(THREADS, MAX_SEARCHES)
        self.cache = AnswerCache(backend)
        search_routes = (_SearchRoute(path, Responder(self._page)) for path in ("/search/", "/search/index.html"))
        route = Route("/feeds/query.{form}", Responder(self._query_feed))
        self.routes: list[BaseRoute] = [
            *search_routes,
            route,
            Route("/feeds/author/{name}.{form}", Responder(self._author_feed)),
        ]

    async def _ask(self, work: Callable[[QuerySession], Result]) -> Result:
        return await self._lane.run(lambda: self._backend.call(work))

    # ---- requests --------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Reply:
        self._backend.spend(request.scope, 1)
        if (reply := await self.cache.current(request.scope)) is not None:
            return reply
        self.cache.spend_rest(request.scope, COST)
        return await self.cache.make(request.scope, lambda: self._result_page(request))

    async def _result_page(self, request: Request) -> Reply:
        query = request.query_params["q"]
        cursor = request.query_params.get("cursor", "")
        answer, status = await self._ask(lambda session: self._results(session, query, cursor))
        body = await self._pages.ask(lambda cache: cache.pages.search(answer))
        page = tagged_reply(headers_of(search_page.PATH), body, compress=takes_gzip(request.scope))
        return page if status == 200 else msgspec.structs.replace(page, status=status, etag="")

    async def _query_feed(self, request: Request) -> Reply:
        query = request.query_params.get("q", "").strip()
        form = request.path_params["form"]
        if form not in FORMATS or not query:
            raise Refused(404, "not found; the feed of a search is feeds/query.atom?q=…")
        if error := query_error(query):
            raise Refused(400, error)
        self._backend.spend(request.scope, FEED_COST)
        papers = await self._ask(lambda session: self._papers_of_query(session, query))
        title = phrases.cut_text(phrases.one_line(query), 200)

        def feed(cache: PageCache) -> bytes:
            path = feed_address(query, form)
            return cache.of(self._feeds).of_papers(path, title, lambda paper: paper.entry.paper in papers, form)

        return finish_page(f"query.{form}", await self._pages.ask(feed)).for_client(request.scope)

    async def _author_feed(self, request: Request) -> Reply:
        name = request.path_params["name"]
        form = request.path_params["form"]
        author = make_slug(name[:MAX_NAME_CHARS])
        if form not in FORMATS or not author:
            raise Refused(404, "not found; the feed of an author is feeds/author/NAME.atom")
        self._backend.spend(request.scope, FEED_COST)
        body = await self._pages.ask(lambda cache: self._feed_of_author(cache, name, author, form))
        return finish_page(f"author.{form}", body).for_client(request.scope)

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
            return SearchAnswer(query, GONE, first_page=_asking(q=query)), 400
        posts: Sequence[PostHit] = ()
        with suppress(UsageError):  # the query may ask for something that only papers have
            if not cursor:
                posts = index.latest_posts(session.record, query, limit=POSTS, allowed=session.terms).posts
        return answer_of(query, match, posts, self._publication), 200

    def _papers_of_query(self, session: QuerySession, query: str) -> set[str]:
        days = session.issue_reader().days(self._publication)[-feeds.ISSUES :]
        since = (date.fromisoformat(days[0]) - BEFORE).isoformat() if days else "2100"
        match = index.search_papers(session.record, f"from:{since} {query}", limit=IN_FEED)
        return {hit.paper for hit in match.papers}

    def _feeds(self, issue_reader: IssueReader) -> FeedMaker:
        """Makes feeds with the app's own address, as only the app has them."""
        base = self._site_config.app or self._site_config.base
        config = self._site_config._replace(base=base)
        return FeedMaker(issue_reader, self._publication, config)

    def _feed_of_author(self, cache: PageCache, name: str, author: str, form: str) -> bytes:
        def is_theirs(authors: Iterable[str]) -> bool:
            return any(make_slug(name) == author for name in authors)

        summaries = cache.issue_reader.entry_summaries(self._publication)
        spellings = (spelling for summary in summaries for spelling in summary.authors if make_slug(spelling) == author)
        spelling = next(spellings, None)
        if spelling is None:
            raise Refused(404, "no paper in an issue has an author with this name")
        title = phrases.cut_text(phrases.one_line(spelling if name == author else name), 200)
        path = f"feeds/author/{quote(author)}.{form}"
        return cache.of(self._feeds).of_papers(path, title, lambda paper: is_theirs(paper.view.authors), form)


class _SearchRoute(Route):
    """The search page if there is a query; otherwise the site's own page is shown."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request has a query."""
        match, child_scope = super().matches(scope)
        if match is Match.FULL and not Request(scope).query_params.get("q", "").strip():
            return Match.NONE, {}
        return match, child_scope


# ---- what pages show ----------------------------------------------------------------------------------


ISSUES = 3
"""How many of the latest issues with a paper are named."""
NOTHING = "Type a word, a name, a category or a day."
GONE = "These results have expired."


def query_error(query: str) -> str:
    """Why a query cannot be answered; empty if it can."""
    if len(query) > query_parser.MAX_QUERY_CHARS:
        return f"This is too long: type {query_parser.MAX_QUERY_CHARS:,} characters at most."
    parsed = query_parser.parse_query(query)
    if parsed.not_dates:
        return f"Not a date: {', '.join(parsed.not_dates)}. {query_parser.DATES.capitalize()}."
    return "" if parsed.asks else NOTHING


def _asking(**values: str) -> str:
    return "?" + urlencode(values, quote_via=quote)


def answer_of(query: str, page: schemas.SearchPage, posts: Sequence[PostHit], publication: str) -> SearchAnswer:
    """The answer to a query on the site of a publication."""
    return SearchAnswer(
        query=query,
        summary=result_line(query, page),
        hits=tuple(_hit(hit, publication) for hit in page.papers),
        posts=tuple(map(_post, posts)),
        meant=(page.meant, _asking(q=page.meant)) if page.meant else None,
        feed=feed_address(query) if page.understood else "",
        next=_asking(q=query, cursor=page.next) if page.next else "",
    )


def feed_address(query: str, form: str = "atom") -> str:
    """The address of a query's feed, relative to the site's root."""
    return f"feeds/query.{form}" + _asking(q=query)


def result_line(query: str, page: schemas.SearchPage) -> str:
    """How the query was understood, the number of results and their order, in the words of the static site's search."""
    if not page.understood:
        return NOTHING
    if page.exact:
        number = count_noun(page.total, "paper")
    else:
        number = f"More than {page.total:,} papers"
    order = "best" if query_parser.parse_query(query).is_ranked else "newest"
    first = f", the {order} first" if page.total > 1 else ""
    text = f"{number} {page.understood}{first}"
    if page.parts or not page.total:
        text = f"No paper {page.understood}"
        text += f"; {number} with it as part of a word{first}" if page.total else ""
    return f"{text}.{' Not everything is searched yet.' if page.behind else ''}"


def _hit(hit: schemas.SearchHit, publication: str) -> HitView:
    issues = [issue for issue in hit.issues if issue.publication == publication]
    announced_on = ""
    if not issues:  # for a paper that was never announced, only the month may be known
        has_day = hit.day.count("-") == 2
        announced_on = phrases.day_name(hit.day) if has_day else phrases.month_name(hit.day)
    return HitView(
        title=tex_to_markup(hit.title, hit.spans.title) if hit.title else mark_spans(hit.id, ()),
        taken_back=hit.taken_back,
        path=site_paths.paper_path(hit.paper) if issues else "",
        url=site_paths.abs_url(hit.paper),
        authors=marked_names(hit.authors, hit.spans.authors),
        note=", ".join(map(phrases.one_line, (hit.id, *hit.categories))),
        day=announced_on,
        places=tuple(_place(issue, hit.paper) for issue in issues[: -ISSUES - 1 : -1]),
        text=tex_to_markup(hit.snippet, hit.spans.snippet),
    )


def _place(issue: SearchHitIssue, paper: str) -> HitIssueView:
    name = f"place {issue.place}" if issue.place else "still talked about"
    path = f"{site_paths.issue_path(issue.day)}#{site_paths.paper_anchor(paper)}"
    return HitIssueView(name, path, issue.day)


def _post(hit: PostHit) -> PostHitView:
    post = Post(
        post=hit.post,
        network=hit.network,
        account="",
        created_at=hit.created_at,
        handle=hit.handle,
        name=hit.name,
        lang=hit.lang,
        rtl=hit.rtl,
        observed_at=0,
    )
    text = mark_spans(hit.text, hit.spans)
    return PostHitView(
        text=text,
        papers=tuple((bare_id(paper), site_paths.abs_url(paper)) for paper in hit.papers),
        **post_byline(post),
    )
