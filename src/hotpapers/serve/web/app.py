"""The ASGI app: GET and HEAD of the site's pages, with the bytes of the static site's files. Only lists that readers
can choose from differ: here their choices are links, and addresses such as `?in=cs.CL` are answered.

Rendered pages are cached as long as `open_issues` returns the same issue reader; see `page_cache` for the threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base.errors import StoreError
from hotpapers.base.logs import log_event
from hotpapers.base.model import IssueReader
from hotpapers.base.struct_types import learn_structs
from hotpapers.publish.render.html.pages import MAX_PATH_CHARS
from hotpapers.publish.render.html.templating import POLICY
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice, choice_of
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.site_paths import WELL_KNOWN
from hotpapers.serve.web.connection_table import ConnectionLimits, allowed_behind
from hotpapers.serve.web.connections import guarded
from hotpapers.serve.web.export_stream import StreamAborted
from hotpapers.serve.web.http_messages import names_tag, query_suffix, takes_gzip
from hotpapers.serve.web.page_cache import CurrentPages, PageCache, RenderedPage
from hotpapers.serve.web.request_target import is_whole_address, path_of

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "png": "image/png",
    "xml": "application/xml; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "tlog-proof": "text/plain; charset=utf-8",
}
STOPPING = 8
"""Seconds that running requests have to end when the server stops: a download could take hours, and containers are
killed after ten."""
UNAVAILABLE = "This page is temporarily unavailable. Please try again in a moment."
BINARY = "application/octet-stream"
"""The type of the log's files without a suffix."""
FRAMES = "frame-ancestors 'none'"
HEADERS = {
    "content-security-policy": f"{POLICY}; {FRAMES}",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "cache-control": "no-cache",
}
"""On every page of the site; answers of the API, forms and mail pages have their own. `no-cache`: caches must
revalidate each time, so forgotten content disappears at once."""


def app(
    open_issues: Callable[[], IssueReader],
    publication: str,
    site_config: SiteConfig = NOBODY,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The app of one publication.

    `open_issues` is called in a thread for requests and returns the current issue reader: the same object as long as
    nothing in it has changed. `more_routes`: besides the pages.
    """
    current_pages = CurrentPages(open_issues, publication, site_config)
    pages = Route("/{path:path}", _endpoint(current_pages), methods=["GET"])
    return Starlette(routes=[*more_routes, pages], exception_handlers={HTTPException: _refusal(current_pages)})


def server(
    open_issues: Callable[[], IssueReader],
    publication: str,
    host: str,
    port: int,
    site_config: SiteConfig = NOBODY,
    more_routes: Sequence[BaseRoute] = (),
    allowed: ConnectionLimits | None = None,
) -> uvicorn.Server:
    """An HTTP server with the app; its `run()` returns when it is stopped. `allowed`: limits for connections, by
    default what this machine can handle."""
    learn_structs()
    logging.getLogger("uvicorn.error").addFilter(_is_unexpected)
    config = uvicorn.Config(
        with_absolute_targets(app(open_issues, publication, site_config, more_routes)),
        host=host,
        port=port,
        http=guarded(allowed or allowed_behind(0)),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # the API and forms determine clients by their own setting
        timeout_graceful_shutdown=STOPPING,
        log_level="error",  # warnings are caused by clients, which could flood the log with them
    )
    return uvicorn.Server(config)


def with_absolute_targets(app: ASGIApp) -> ASGIApp:
    """The app, with paths as it expects them if a request's target is a whole address, which uvicorn passes on."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        target = scope.get("raw_path", b"").decode("latin-1")
        if is_whole_address(target):
            path = path_of(target)
            scope = {**scope, "path": unquote(path), "raw_path": path.encode("latin-1")}
        await app(scope, receive, send)

    return respond


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's log is worth it: not if a client read too slowly, which any can do, or was cut off
    when the server stopped. A stream's other failures are logged by the API."""
    problem = record.exc_info[1] if record.exc_info else None
    is_cut_off = isinstance(problem, asyncio.CancelledError) or str(record.msg).startswith("Cancel %s running task")
    return not (is_cut_off or isinstance(problem, StreamAborted))


def _endpoint(current_pages: CurrentPages) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            return await respond(await current_pages.now(), request)
        except StoreError as problem:  # the database may have been away: retry once with a new connection
            with suppress(StoreError):
                return await respond(await current_pages.now(), request)
            return _unavailable(request, problem)

    return handle


def _unavailable(request: Request, problem: StoreError) -> Response:
    log_event("page unavailable", level=logging.ERROR, path=request.scope["path"][:200], reason=problem)
    return Response(
        UNAVAILABLE, status_code=503, headers={**HEADERS, "content-type": TYPES["txt"], "retry-after": "10"}
    )


def _refusal(current_pages: CurrentPages) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The handler for requests without a route: a path that no page can have, or another method."""

    async def handle(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)
        headers = {**HEADERS, **(problem.headers or {})}
        path = request.scope["path"].removeprefix("/")
        if path.startswith("xrpc/"):
            error = {405: "MethodNotAllowed", 404: "NotFound"}.get(problem.status_code, "InvalidRequest")
            return JSONResponse({"error": error, "message": problem.detail}, problem.status_code, headers)
        file_path = path if len(path) < MAX_PATH_CHARS else "404.html"
        try:
            cache = await current_pages.now()
            body = await (cache.refused(file_path) if problem.status_code == 405 else cache.missing(file_path))
        except StoreError as unavailable:
            return _unavailable(request, unavailable)
        return Response(body, problem.status_code, {**headers, "content-type": TYPES["html"]})

    return handle


async def respond(cache: PageCache, request: Request) -> Response:
    """The response to a request: the page, *not modified*, a redirect to the path with a slash, or *not found*."""
    path = request.scope["path"].removeprefix("/")  # the route's `path` drops a trailing line break
    file_path = f"{path}index.html" if path == "" or path.endswith("/") else path
    page = None
    if len(file_path) <= MAX_PATH_CHARS:
        choice = _choice_of(request)
        page = await cache.get(file_path, choice) if choice != EVERYTHING else None
        page = page or await cache.get(file_path)
    if page is not None:
        return page_reply(page, file_path, request.headers)
    if not path.endswith("/") and len(file_path) < MAX_PATH_CHARS and await cache.get(f"{path}/index.html") is not None:
        location = f"{path.rpartition('/')[2]}/{query_suffix(request.scope)}"
        return Response(status_code=308, headers={**HEADERS, "location": location})
    body = await cache.missing(file_path if len(file_path) <= MAX_PATH_CHARS else "404.html")
    return Response(body, status_code=404, headers={**HEADERS, "content-type": TYPES["html"]})


def _choice_of(request: Request) -> PageChoice:
    if not request.scope["query_string"]:
        return EVERYTHING
    return choice_of(request.query_params.get("in"), request.query_params.get("by"))


def page_reply(page: RenderedPage, path: str, request_headers: Headers) -> Response:
    """The response with a page, or *not modified*."""
    compress = bool(page.gzipped) and takes_gzip(request_headers.get("accept-encoding", ""))
    etag = f'"{page.etag}-gzip"' if compress else f'"{page.etag}"'  # other bytes need another tag (RFC 9110 §8.8.1)
    known = request_headers.get("if-none-match")
    if known is not None and names_tag(known, etag):
        headers = {**HEADERS, "etag": etag, "vary": "accept-encoding"}
        headers["content-security-policy"] = f"{page.policy}; {FRAMES}"
        return Response(status_code=304, headers=headers)
    body = page.gzipped if compress else page.body
    return EncodedResponse(body, encoded_headers(path, etag, page.policy, len(body), compress=compress))


class EncodedResponse(Response):
    """A response whose headers are already encoded."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code, self.body, self.raw_headers, self.background = 200, body, headers, None


@lru_cache(maxsize=10_000)
def encoded_headers(path: str, etag: str, policy: str, length: int, *, compress: bool) -> list[tuple[bytes, bytes]]:
    """The headers of a page, encoded once: encoding takes as long as the rest of an answer from the cache."""
    headers = {**HEADERS, "content-security-policy": f"{policy}; {FRAMES}", "content-type": type_of(path)}
    headers |= {"content-length": str(length), "etag": etag, "vary": "accept-encoding"}
    if path.endswith(".png"):
        headers["cross-origin-resource-policy"] = "cross-origin"  # cards are meant to be shown by other sites
    if compress:
        headers["content-encoding"] = "gzip"
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def type_of(path: str) -> str:
    """The content type of a page or file."""
    if path.endswith("/checkpoint") or path == WELL_KNOWN:
        return TYPES["txt"]
    if path.endswith("/issue.json"):
        return "application/json"
    return TYPES.get(path.rpartition(".")[2], BINARY)
