"""Tools for language models over HTTP, at `/mcp`: the Model Context Protocol's streamable HTTP without streams.

Each POST has one message and gets one answer, as JSON. Nothing is kept between requests, so there are no sessions to
name. Anybody may ask, so only the core's tools are offered, which do no more than the API. A message costs as much as
several simple requests of the API, of which a client has as many here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotpapers.base.durations import duration
from hotpapers.publish.query.session import QuerySession
from hotpapers.publish.query.tools import TOOLS
from hotpapers.record import Record
from hotpapers.serve import mcp
from hotpapers.serve.web.api import ApiConfig
from hotpapers.serve.web.http_messages import request_of
from hotpapers.serve.web.rate_limits import TokenBuckets, client_of
from hotpapers.serve.web.sessions import SessionPool

PATH = "/mcp"
COST = 5
"""Simple requests that a message counts as."""
MAX_MESSAGE_BYTES = 100_000
"""Bytes of a message."""
THREADS = 2
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class McpEndpoint:
    """Answers messages. `base`: the app's public address, empty if it has none. Close it after use."""

    def __init__(self, open_record: Callable[[], Record], operator: ApiConfig, base: str = "") -> None:
        self._operator, self._origin = operator, "/".join(base.split("/", 3)[:3])
        self._sessions = SessionPool(open_record, operator.terms, THREADS, operator.proofs)
        self._buckets = TokenBuckets(operator.rate)
        self.route = Route(PATH, self.respond, methods=["POST"])

    async def respond(self, request: Request) -> Response:
        """The answer to a message; 202 to a message that needs none."""
        if not self._is_welcome(request):
            return _refusal(403, "requests of other sites' pages are not answered")
        query = request_of(request.scope)
        client = client_of(query.peer, query.forwarded, self._operator.proxies)
        if seconds := self._buckets.take(client, COST, time.monotonic()):
            return _refusal(429, f"too many requests; try again in {duration(seconds)}", {"retry-after": str(seconds)})
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refusal(415, "send application/json")
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_MESSAGE_BYTES:
                return _refusal(413, f"a message has at most {MAX_MESSAGE_BYTES:,} bytes", {"connection": "close"})

        def answer(session: QuerySession) -> mcp.Json | None:
            return mcp.respond(session, body, TOOLS)

        reply = await self._sessions.ask(answer)
        if reply is None:
            return Response(status_code=202, headers=HEADERS)
        return Response(msgspec.json.encode(reply), headers={**HEADERS, "content-type": "application/json"})

    def _is_welcome(self, request: Request) -> bool:
        """Whether a request comes from no page, or from one of this app: a page of another site, seen by somebody in
        the operator's network, must not read what is only served there."""
        origin = request.headers.get("origin")
        return origin is None or origin in (self._origin, f"http://{request.headers.get('host', '')}")

    def close(self) -> None:
        """Waits for running requests, and closes all connections."""
        self._sessions.close()


def _refusal(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f"{reason}\n", status, {**HEADERS, **(headers or {}), "content-type": "text/plain; charset=utf-8"})
