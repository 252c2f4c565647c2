"""The ASGI app: GET and HEAD of the site's pages, with the bytes of the static site's files, and further routes. Only
lists that readers can choose from differ: here their choices are links, and addresses such as `?in=cs.CL` are answered.

Pages that are rendered and known to be current are sent at once, without routing; see `page_cache` for the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import uvicorn
from starlette.requests import Request
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base.struct_types import learn_structs
from hotpapers.publish.render.html.pages import MAX_PATH_CHARS
from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice, choice_of
from hotpapers.serve.web.connection_table import ConnectionLimits, allowed_behind
from hotpapers.serve.web.connections import guarded
from hotpapers.serve.web.export_stream import StreamAborted
from hotpapers.serve.web.http_messages import (
    CLOSE,
    HTML,
    PAGE,
    Refused,
    Reply,
    header_of,
    query_suffix,
    reply,
    text_reply,
)
from hotpapers.serve.web.page_cache import CurrentPages, PageCache
from hotpapers.serve.web.request_target import is_whole_address, path_of
from hotpapers.serve.web.responders import READ, Responder

STOPPING = 8
"""Seconds that running requests have to end when the server stops: a download could take hours, and containers are
killed after ten."""


class SiteApp:
    """The app of one publication. `routes`: besides the pages."""

    def __init__(self, pages: CurrentPages, routes: Sequence[BaseRoute] = ()) -> None:
        self._pages = pages
        page = Responder(self._page, _unavailable, methods=())
        self._router = Router(routes, redirect_slashes=False, default=page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = scope["raw_path"].decode("latin-1")
        if target[:1] != "/" and is_whole_address(target):  # uvicorn passes it on, but routes expect paths
            path = path_of(target)
            scope = {**scope, "path": unquote(path), "raw_path": path.encode("latin-1")}
        answer: ASGIApp | None = None
        if scope["method"] in READ and not scope["query_string"]:
            page = self._pages.cached(_file_path(scope["path"][1:]))
            answer = page and page.for_client(scope)
        if header_of(scope, b"transfer-encoding") and header_of(scope, b"content-length"):
            # a proxy in front may believe the other length (RFC 9112 §6.1): nothing that follows may be read
            answer = text_reply(400, "both Content-Length and Transfer-Encoding", PAGE | CLOSE)
        await (answer or self._router)(scope, receive, send)

    async def _page(self, request: Request) -> Reply:
        """The reply of the site: a page, a redirect to the path with a slash, or *not found*."""
        return await self._pages.attempt(lambda cache: _page_of(cache, request))


async def _page_of(cache: PageCache, request: Request) -> Reply:
    path = request.scope["path"][1:]
    file_path = _file_path(path)
    is_possible = len(file_path) <= MAX_PATH_CHARS
    if request.method not in READ:
        body = await cache.ask(lambda cache: cache.pages.refused(file_path if is_possible else "404.html"))
        return reply(405, PAGE | {"content-type": HTML, "allow": ", ".join(READ)}, body)
    page = None
    if is_possible:
        choice = _choice_of(request)
        page = await cache.get(file_path, choice) if choice != EVERYTHING else None
        page = page or await cache.get(file_path)
    if page is not None:
        return page.for_client(request.scope)
    if not path.endswith("/") and len(file_path) < MAX_PATH_CHARS and await cache.get(f"{path}/index.html") is not None:
        return reply(308, PAGE | {"location": f"{path.rpartition('/')[2]}/{query_suffix(request.scope)}"})
    body = await cache.ask(lambda cache: cache.pages.missing(file_path if is_possible else "404.html"))
    return reply(404, PAGE | {"content-type": HTML}, body)


def _unavailable(refused: Refused, headers: Mapping[str, str]) -> Reply:
    text = "This page is temporarily unavailable. Please try again in a moment."
    return text_reply(refused.status, text, {**PAGE, **headers})


def _file_path(path: str) -> str:
    return f"{path}index.html" if path == "" or path.endswith("/") else path


def _choice_of(request: Request) -> PageChoice:
    if not request.scope["query_string"]:
        return EVERYTHING
    return choice_of(request.query_params.get("in"), request.query_params.get("by"))


# ---- the server --------------------------------------------------------------------------------------------


def server(
    app: ASGIApp, host: str = "127.0.0.1", port: int = 0, allowed: ConnectionLimits | None = None
) -> uvicorn.Server:
    """An HTTP server with an app; its `run()` returns when it is stopped. `allowed`: limits for connections, by
    default what this machine can handle."""
    learn_structs()
    logging.getLogger("uvicorn.error").addFilter(_is_unexpected)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=guarded(allowed or allowed_behind(0)),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # clients are determined by our own setting
        timeout_graceful_shutdown=STOPPING,
        log_level="error",  # warnings are caused by clients, which could flood the log with them
    )
    return uvicorn.Server(config)


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's log is worth it: not if a client read too slowly, which any can do, or was cut off
    when the server stopped. A stream's other failures are logged where they happen."""
    problem = record.exc_info[1] if record.exc_info else None
    is_cut_off = isinstance(problem, asyncio.CancelledError) or str(record.msg).startswith("Cancel %s running task")
    return not (is_cut_off or isinstance(problem, StreamAborted))
