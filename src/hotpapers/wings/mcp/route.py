"""Tools for language models over HTTP, at `/mcp`: the Model Context Protocol's streamable HTTP without streams.

Each POST has one message and gets one answer, as JSON; of revision 2025-03-26, it may have a batch. Nothing is kept
between requests, so there are no sessions to name. Anybody may ask, so only tools with bounded work are offered. A
message costs as much as several simple requests, and a tool that works longer more, of the one budget that a client
has.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from hotpapers.publish.query.session import QuerySession
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import (
    PRIVATE,
    Refused,
    Reply,
    Responder,
    build_reply,
    content_type,
    header_of,
    read_body,
)
from hotpapers.wings.mcp import rpc
from hotpapers.wings.mcp.record_tools import public_tools

PATH = "/mcp"
COST = 5
"""Simple requests that a message counts as."""
MAX_BODY_BYTES = 100_000
"""Bytes of a message."""
HEADER_MISMATCH = -32020
"""The protocol's error code for headers that differ from the body."""
THREADS, MAX_PENDING, MAX_PENDING_OF_CLIENT = 2, 50, 4
"""Messages that are answered at once, that wait or are answered, and of these one client's."""


def routes(backend: Backend, *_: object) -> list[Route]:
    """The route of the tools."""
    lane = backend.lane(THREADS, MAX_PENDING, MAX_PENDING_OF_CLIENT)

    async def answer_to(message: rpc.Message, request: Request) -> rpc.Json | None:
        tools = public_tools()
        if mismatch := _mismatch(request, message):
            return mismatch
        if isinstance(message, rpc.RpcRequest) and (tool := tools.get(message.tool)):
            backend.spend(request.scope, tool.cost - COST)

        def respond(session: QuerySession) -> rpc.Json | None:
            return rpc.respond(session, message, tools)

        return await lane.run(lambda: backend.call(respond), backend.client_of(request.scope))

    async def answer_batch(values: list[Any], request: Request) -> Reply:
        replies = []
        for number, value in enumerate(values):
            backend.spend(request.scope, COST if number else 0)
            if (result := await answer_to(rpc.in_batch(value), request)) is not None:
                replies.append(result)
        return _answer(200, replies) if replies else build_reply(202, PRIVATE)

    async def answer(request: Request) -> Reply:
        """The answer to a message; 202 to a message that needs none."""
        _admit(backend, request)
        value = rpc.decode_line(await _body(request))
        version = request.headers.get("mcp-protocol-version", rpc.BATCHES)  # so says revision 2025-06-18
        if rpc.is_batch(value) and version == rpc.BATCHES:
            return await answer_batch(value, request)
        message = rpc.message_of(value)
        result = await answer_to(message, request)
        return _reply_to(message, result)

    return [Route(PATH, Responder(answer, methods=("POST",)))]


def _admit(backend: Backend, request: Request) -> None:
    """Raises Refused for a request of another host, above its client's share or not of JSON."""
    if refused := backend.hosts.refusal(request.scope):
        raise refused
    backend.spend(request.scope, COST)
    if content_type(request) != "application/json":
        raise Refused(415, "send application/json")


def _reply_to(message: rpc.Message, result: rpc.Json | None) -> Reply:
    """The reply with a result; 202 if the message needs none."""
    if result is None:
        return build_reply(202, PRIVATE)
    return _answer(_status_of(message, result), result)


def _answer(status: int, answer: rpc.Json | list[rpc.Json]) -> Reply:
    return build_reply(status, {**PRIVATE, "content-type": "application/json"}, msgspec.json.encode(answer))


def _mismatch(request: Request, message: rpc.Message) -> rpc.Json | None:
    """The error for headers that name another revision, method or tool than the body, or a revision that is not
    spoken. The headers that name methods and tools are of the latest revision, which requires them."""
    version = request.headers.get("mcp-protocol-version")
    head: rpc.Json = {"jsonrpc": "2.0", **({"id": message.id} if isinstance(message, rpc.RpcRequest) else {})}
    if version is not None and version not in rpc.REVISIONS:
        data = {"supported": rpc.REVISIONS, "requested": version[:100]}
        return {**head, "error": {"code": rpc.UNSUPPORTED, "message": "Unsupported protocol version", "data": data}}
    if not isinstance(message, rpc.RpcRequest):
        return None
    named = message.meta.get(f"{rpc.META}protocolVersion")
    pairs = [("MCP-Protocol-Version", named)] if named is not None else []
    if named in rpc.PER_REQUEST or version in rpc.PER_REQUEST:
        pairs = [("MCP-Protocol-Version", named), ("Mcp-Method", message.method)]
        pairs += [("Mcp-Name", message.tool)] if message.method == "tools/call" else []
    for name, value in pairs:
        if request.headers.get(name) != value:
            text = (
                f"the header {name} and the body differ" if name in request.headers else f"the header {name} is missing"
            )
            return {**head, "error": {"code": HEADER_MISMATCH, "message": text}}
    return None


def _status_of(message: rpc.Message, answer: rpc.Json) -> int:
    """200; for errors of a message in the latest revision, and for what is no message, what HTTP says."""
    code = answer.get("error", {}).get("code")
    if code in (rpc.PARSE_ERROR, rpc.INVALID_REQUEST, rpc.UNSUPPORTED, HEADER_MISMATCH):
        return 400
    is_latest = isinstance(message, rpc.RpcRequest) and f"{rpc.META}protocolVersion" in message.meta
    if not is_latest:
        return 200
    return {rpc.NO_METHOD: 404, rpc.INVALID_PARAMS: 400}.get(code, 200)


async def _body(request: Request) -> bytes:
    """A request's body. Raises Refused if it is too long, ClientDisconnect."""
    is_longer = int(header_of(request.scope, b"content-length") or 0) > MAX_BODY_BYTES
    body = b"" if is_longer else await read_body(request, MAX_BODY_BYTES)
    if is_longer or len(body) > MAX_BODY_BYTES:
        raise Refused(413, f"the body may have at most {MAX_BODY_BYTES:,} bytes")
    return body
