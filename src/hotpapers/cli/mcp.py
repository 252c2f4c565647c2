"""`hotpapers mcp`: tools for language models over standard input and output.

Speaks JSON-RPC 2.0, one message per line, according to the Model Context Protocol: revision 2026-07-28, in which every
request names its revision, and 2025-11-25 and 2025-06-18, which start with a handshake. No request affects the answer
to another. https://modelcontextprotocol.io/specification/
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO, NamedTuple

import click
import msgspec

from hotpapers import __version__
from hotpapers.cli import common, streams
from hotpapers.errors import HotPapersError, StoreError
from hotpapers.query.session import QuerySession
from hotpapers.query.tools import INSTRUCTIONS, TOOLS
from hotpapers.untrusted_json import BROKEN

PER_REQUEST = ("2026-07-28",)
"""Revisions that every request names."""
HANDSHAKE = ("2025-11-25", "2025-06-18")
"""Revisions that are negotiated at the start, the latest first."""
META = "io.modelcontextprotocol/"
LONGEST = 1_000_000
"""Maximum bytes of a message."""
FRESH = 3_600_000
"""Milliseconds for which a client may cache the list of tools."""

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
UNSUPPORTED = -32022
"""Error codes of JSON-RPC and of the protocol."""

SERVER = {"name": "hotpapers", "title": "Hot Papers", "version": __version__}
CAPABILITIES: dict[str, Any] = {"tools": {}}
CACHED = {"ttlMs": FRESH, "cacheScope": "public"}

Json = dict[str, Any]


class RpcError(Exception):
    """A request is answered with a protocol error."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.error: Json = {"code": code, "message": message, **({"data": data} if data else {})}


@click.command(
    epilog="""\b
Example, as a program that speaks the Model Context Protocol starts it:
  hotpapers mcp --store /srv/hotpapers/hotpapers.db"""
)
@common.store_options
def mcp(context: common.CommandContext) -> None:
    """Serve issues, papers and search to language models (MCP).

    Speaks the Model Context Protocol on standard input and output. Read-only.
    """
    with ExitStack() as stack:

        def open_session() -> QuerySession:
            stack.close()
            return QuerySession(stack.enter_context(common.open_record(context)), context.terms)

        serve(open_session, streams.standard_input(), streams.standard_output())


def serve(open_session: Callable[[], QuerySession], input_stream: BinaryIO, output_stream: BinaryIO) -> None:
    """Answers messages until the input ends. A session that lost its database is reopened."""
    session = open_session()
    for line in lines(input_stream):
        reply = respond(session, line)
        if session.record.database.is_lost:  # tools are read-only: the request can be repeated
            with suppress(StoreError):  # still unreachable: the first answer says so
                session = open_session()
                reply = respond(session, line)
        if reply is not None:
            output_stream.write(msgspec.json.encode(reply) + b"\n")
            output_stream.flush()


def lines(input_stream: BinaryIO) -> Iterator[bytes]:
    """The non-empty lines. A line that is too long is cut, and is then invalid JSON."""
    while line := input_stream.readline(LONGEST + 1):
        piece = line
        while len(piece) > LONGEST and not piece.endswith(b"\n"):
            piece = input_stream.readline(LONGEST + 1)
        if line.strip():
            yield line


def respond(session: QuerySession, line: bytes) -> Json | None:
    """The answer to a message; None if it needs none."""
    try:
        message = msgspec.json.decode(line) if len(line) <= LONGEST else None
    except BROKEN:
        message = None
    if message is None:
        return {"jsonrpc": "2.0", "error": {"code": PARSE_ERROR, "message": "not JSON, or too long"}}
    request = request_of(message)
    if not isinstance(request, RpcRequest):
        return request
    head: Json = {"jsonrpc": "2.0", "id": request.id}
    try:
        return {**head, "result": result(session, request)}
    except RpcError as refused:
        return {**head, "error": refused.error}
    except Exception:  # a bug: report it on standard error, and keep answering requests
        traceback.print_exc()
        return {**head, "error": {"code": INTERNAL, "message": "internal error"}}


# ---- requests ------------------------------------------------------------------------------------------------


class RpcRequest(NamedTuple):
    """A request: its id, its method and parameters."""

    id: str | int
    method: str
    params: Json

    @property
    def meta(self) -> Json:
        meta = self.params.get("_meta")
        return meta if isinstance(meta, dict) else {}


def request_of(message: Any) -> RpcRequest | Json | None:
    """A message as a request; an error to answer with; or None for notifications and for responses."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return _invalid(message, "not a JSON-RPC 2.0 message")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    if not isinstance(message.get("method"), str):
        return _invalid(message, "method is missing")
    if "id" not in message:
        return None
    if _id(message) is None:
        return _invalid(message, "id must be a string or an integer")
    params = message.get("params", {})
    if not isinstance(params, dict):
        return _invalid(message, "params must be an object")
    return RpcRequest(message["id"], message["method"], params)


def _id(message: Any) -> str | int | None:
    identifier = message.get("id") if isinstance(message, dict) else None
    return identifier if isinstance(identifier, str | int) and not isinstance(identifier, bool) else None


def _invalid(message: Any, reason: str) -> Json:
    request_id = {} if _id(message) is None else {"id": _id(message)}
    return {"jsonrpc": "2.0", **request_id, "error": {"code": INVALID_REQUEST, "message": reason}}


# ---- results -------------------------------------------------------------------------------------------------


def result(session: QuerySession, request: RpcRequest) -> Json:
    """The result of a request. Raises RpcError."""
    if f"{META}protocolVersion" in request.meta or request.method == "server/discover":
        _check_meta(request)
        handler = _by_request(session, request)
        return {"resultType": "complete", **handler, "_meta": {f"{META}serverInfo": SERVER}}
    return _by_handshake(session, request)


def _check_meta(request: RpcRequest) -> None:
    version = request.meta.get(f"{META}protocolVersion")
    if not isinstance(version, str) or not isinstance(request.meta.get(f"{META}clientCapabilities"), dict):
        raise RpcError(INVALID_PARAMS, f"_meta needs {META}protocolVersion and {META}clientCapabilities")
    if version not in PER_REQUEST:
        supported = [*PER_REQUEST, *HANDSHAKE]
        raise RpcError(
            UNSUPPORTED, "Unsupported protocol version", {"supported": supported, "requested": version[:100]}
        )


def _by_request(session: QuerySession, request: RpcRequest) -> Json:
    if request.method == "server/discover":
        versions = [*PER_REQUEST, *HANDSHAKE]
        return {
            "supportedVersions": versions, "capabilities": CAPABILITIES, "instructions": INSTRUCTIONS, **CACHED
        }  # fmt: skip
    if request.method == "tools/list":
        return {**_tools(request), **CACHED}
    if request.method == "tools/call":
        return _call_tool(session, request)
    raise _no_method(request)


def _by_handshake(session: QuerySession, request: RpcRequest) -> Json:
    if request.method == "initialize":
        version = request.params.get("protocolVersion")
        if not isinstance(version, str):
            raise RpcError(INVALID_PARAMS, "protocolVersion is missing")
        return {
            "protocolVersion": version if version in HANDSHAKE else HANDSHAKE[0], "capabilities": CAPABILITIES,
            "serverInfo": SERVER, "instructions": INSTRUCTIONS,
        }  # fmt: skip
    if request.method == "ping":
        return {}
    if request.method == "tools/list":
        return _tools(request)
    if request.method == "tools/call":
        return _call_tool(session, request)
    raise _no_method(request)


def _no_method(request: RpcRequest) -> RpcError:
    return RpcError(NO_METHOD, f"no such method: {request.method[:100]!r}")


def _tools(request: RpcRequest) -> Json:
    if "cursor" in request.params:
        raise RpcError(INVALID_PARAMS, "all tools are on one page; cursor is not supported")
    return {"tools": [tool.definition for tool in TOOLS.values()]}


def _call_tool(session: QuerySession, request: RpcRequest) -> Json:
    """A tool's answer. Its errors are returned as answers too, so that the model can correct its request."""
    name, arguments = request.params.get("name"), request.params.get("arguments", {})
    tool = TOOLS.get(name) if isinstance(name, str) else None
    if tool is None or not isinstance(arguments, dict):
        raise RpcError(INVALID_PARAMS, f"the tools are {', '.join(TOOLS)}; arguments must be an object")
    try:
        outcome = tool.call(session, arguments)
    except HotPapersError as problem:
        return {"content": [{"type": "text", "text": str(problem)}], "isError": True}
    text = msgspec.json.encode(outcome).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": outcome, "isError": False}
