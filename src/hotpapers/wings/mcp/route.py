"""Tools for language models over HTTP, at `/mcp`: the Model Context Protocol's streamable HTTP without streams.

Each POST has one message and gets one answer, as JSON. Nothing is kept between requests, so there are no sessions to
name. Anybody may ask, so only tools with bounded work are offered. A message costs as much as several simple requests,
and a tool that works longer more, of the one budget that a client has.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from hotpapers.publish.query.session import QuerySession
from hotpapers.serve.web.backend import Backend
from hotpapers.serve.web.http_messages import (
    PRIVATE,
    Refused,
    Reply,
    Responder,
    content_type,
    header_of,
    read_body,
    reply,
)
from hotpapers.wings.mcp import rpc
from hotpapers.wings.mcp.record_tools import public_tools

PATH = "/mcp"
COST = 5
"""Simple requests that a message counts as."""
MAX_BODY_BYTES = 100_000
"""Bytes of a message."""
THREADS, MAX_PENDING, MAX_PENDING_OF_CLIENT = 2, 50, 4
"""Messages that are answered at once, that wait or are answered, and of these one client's."""


def routes(backend: Backend, *_: object) -> list[Route]:
    """The route of the tools."""
    lane = backend.lane(THREADS, MAX_PENDING, MAX_PENDING_OF_CLIENT)
    origin = "/".join(backend.config.base.split("/", 3)[:3])

    async def answer(request: Request) -> Reply:
        """The answer to a message; 202 to a message that needs none."""
        # a page of another site, seen by somebody in the operator's network, must not read what is only served there
        if request.headers.get("origin") not in (None, origin, f"http://{request.headers.get('host', '')}"):
            raise Refused(403, "requests of other sites' pages are not answered")
        backend.spend(request.scope, COST)
        if content_type(request) != "application/json":
            raise Refused(415, "send application/json")
        message, tools = rpc.read(await _body(request)), public_tools()
        if isinstance(message, rpc.RpcRequest) and (tool := tools.get(message.tool)):
            backend.spend(request.scope, tool.cost - COST)

        def respond(session: QuerySession) -> rpc.Json | None:
            return rpc.respond(session, message, tools)

        result = await lane.run(lambda: backend.call(respond), backend.client_of(request.scope))
        if result is None:
            return reply(202, PRIVATE)
        return reply(200, {**PRIVATE, "content-type": "application/json"}, msgspec.json.encode(result))

    return [Route(PATH, Responder(answer, methods=("POST",)))]


async def _body(request: Request) -> bytes:
    """A request's body. Raises Refused if it is too long, ClientDisconnect."""
    is_longer = int(header_of(request.scope, b"content-length") or 0) > MAX_BODY_BYTES
    body = b"" if is_longer else await read_body(request, MAX_BODY_BYTES)
    if is_longer or len(body) > MAX_BODY_BYTES:
        raise Refused(413, f"the body may have at most {MAX_BODY_BYTES:,} bytes")
    return body
