"""The ASGI app: GET and HEAD of the site's pages, with the very bytes that the static site has on disk.

A page is rendered in the server's own thread: it takes a few milliseconds, a shelf is never used by two threads, and
what was rendered once is at hand for as long as `open_shelf` returns the same shelf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotpapers.model import Shelf
from hotpapers.publish.pages import LONGEST_PATH, Pages
from hotpapers.publish.templating import POLICY

KEPT = 1024
"""Rendered pages kept: some 30 MB."""

TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml; charset=utf-8"}
HEADERS = {
    "content-security-policy": f"{POLICY}; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "cache-control": "no-cache",
}
"""On every answer. `no-cache`: a copy is asked about each time, so what is forgotten is gone at once."""


class Rendered(NamedTuple):
    """A page's bytes and their ETag."""

    body: bytes
    etag: str


class Kept:
    """Pages rendered from one shelf, each once."""

    def __init__(self, shelf: Shelf, publication: str, contact: str) -> None:
        self.shelf = shelf
        self.pages = Pages(shelf, publication, contact)
        self.get = lru_cache(KEPT)(self._render)

    def _render(self, path: str) -> Rendered | None:
        page = self.pages.page(path)
        return None if page is None else Rendered(page, f'"{hashlib.sha256(page).hexdigest()[:32]}"')


def app(open_shelf: Callable[[], Shelf], publication: str, contact: str = "") -> Starlette:
    """The app of one publication.

    `open_shelf` is called for every request and returns the shelf as it is now: the same object for as long as nothing
    in it changed.
    """
    return Starlette(routes=[Route("/{path:path}", _endpoint(open_shelf, publication, contact), methods=["GET"])])


def server(
    open_shelf: Callable[[], Shelf], publication: str, host: str, port: int, contact: str = ""
) -> uvicorn.Server:
    """The app behind an HTTP server on this address; its `run()` returns when it is stopped."""
    config = uvicorn.Config(
        app(open_shelf, publication, contact),
        host=host,
        port=port,
        ws="none",
        lifespan="off",
        server_header=False,
        log_level="warning",
    )
    return uvicorn.Server(config)


def _endpoint(
    open_shelf: Callable[[], Shelf], publication: str, contact: str
) -> Callable[[Request], Awaitable[Response]]:
    kept: list[Kept] = []

    async def answer(request: Request) -> Response:
        shelf = open_shelf()
        if not kept or kept[0].shelf is not shelf:
            kept[:] = [Kept(shelf, publication, contact)]
        return respond(kept[0], request)

    return answer


def respond(kept: Kept, request: Request) -> Response:
    """The answer to a request: the page, *not modified*, the way to the address with a slash, or *not found*."""
    path = request.path_params["path"]
    asked = f"{path}index.html" if path == "" or path.endswith("/") else path
    found = kept.get(asked) if len(asked) <= LONGEST_PATH else None
    if found is not None:
        return _page(found, asked, request.headers.get("if-none-match", ""))
    if not path.endswith("/") and len(asked) < LONGEST_PATH and kept.get(f"{path}/index.html") is not None:
        return Response(status_code=308, headers={**HEADERS, "location": f"{path.rpartition('/')[2]}/"})
    body = kept.pages.missing(asked if len(asked) <= LONGEST_PATH else "404.html")
    return Response(body, status_code=404, headers={**HEADERS, "content-type": TYPES["html"]})


def _page(found: Rendered, path: str, known: str) -> Response:
    headers = {**HEADERS, "etag": found.etag}
    if known.strip() == "*" or found.etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return Response(status_code=304, headers=headers)
    headers["content-type"] = TYPES[path.rpartition(".")[2]]
    return Response(found.body, headers=headers)
