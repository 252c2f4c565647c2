"""The command mcp: tools for language models over standard input and output.

JSON-RPC 2.0, one message a line, as the Model Context Protocol has it: of revision 2026-07-28, in which every request
says which revision it speaks, and of 2025-11-25 and 2025-06-18, which begin with a handshake. No request changes what
another is answered. https://modelcontextprotocol.io/specification/
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

PER_REQUEST = ("2026-07-28",)
"""Revisions of which every request names its own."""
HANDSHAKE = ("2025-11-25", "2025-06-18")
"""Revisions that are agreed upon at the beginning, the latest first."""
META = "io.modelcontextprotocol/"
LONGEST = 1_000_000
"""Bytes of a message."""
FRESH = 3_600_000
"""Milliseconds for which the list of tools need not be asked for again."""

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
UNSUPPORTED = -32022
"""What JSON-RPC and the protocol call errors."""

SERVER = {"name": "hotpapers", "title": "Hot Papers", "version": __version__}
CAPABILITIES: dict[str, Any] = {"tools": {}}
CACHED = {"ttlMs": FRESH, "cacheScope": "public"}

Json = dict[str, Any]


class RpcError(Exception):
    """A request that is answered with an error of the protocol."""

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

    Speaks the Model Context Protocol on standard input and output; read-only.
    """
    with ExitStack() as stack:

        def open_session() -> QuerySession:
            stack.close()
            return QuerySession(stack.enter_context(common.open_record(context)), context.terms)

        serve(open_session, streams.standard_input(), streams.standard_output())


def serve(open_session: Callable[[], QuerySession], input_stream: BinaryIO, output_stream: BinaryIO) -> None:
    """Answers messages until there are no more. A session whose database was away is opened anew."""
    session = open_session()
    for line in lines(input_stream):
        reply = respond(session, line)
        if session.record.database.is_lost:  # no tool changes anything: the same may be asked again
            with suppress(StoreError):  # still away, as the answer says
                session = open_session()
                reply = respond(session, line)
        if reply is not None:
            output_stream.write(msgspec.json.encode(reply) + b"\n")
            output_stream.flush()


def lines(input_stream: BinaryIO) -> Iterator[bytes]:
    """The lines that are not empty; of one that is too long the beginning, which is no JSON then."""
    while line := input_stream.readline(LONGEST + 1):
        rest = line
        while len(rest) > LONGEST and not rest.endswith(b"\n"):
            rest = input_stream.readline(LONGEST + 1)
        if line.strip():
            yield line


def respond(session: QuerySession, line: bytes) -> Json | None:
    """The answer to a message; None to what wants none."""
    try:
        message = msgspec.json.decode(line) if len(line) <= LONGEST else None
    except (msgspec.DecodeError, RecursionError):
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
    except Exception:  # a defect of ours: told on standard error, and the next request is answered all the same
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
    """A message as a request; or the error that is its answer; None for notifications, and for answers to nothing."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return _invalid(message, "not a message of JSON-RPC 2.0")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    if not isinstance(message.get("method"), str):
        return _invalid(message, "a message without a method")
    if "id" not in message:
        return None
    if _id(message) is None:
        return _invalid(message, "an id is a text or a whole number")
    params = message.get("params", {})
    if not isinstance(params, dict):
        return _invalid(message, "params is an object")
    return RpcRequest(message["id"], message["method"], params)


def _id(message: Any) -> str | int | None:
    identifier = message.get("id") if isinstance(message, dict) else None
    return identifier if isinstance(identifier, str | int) and not isinstance(identifier, bool) else None


def _invalid(message: Any, why: str) -> Json:
    known = {} if _id(message) is None else {"id": _id(message)}
    return {"jsonrpc": "2.0", **known, "error": {"code": INVALID_REQUEST, "message": why}}


# ---- results -------------------------------------------------------------------------------------------------


def result(session: QuerySession, request: RpcRequest) -> Json:
    """What a request gets. Raises RequestRefused."""
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
    return RpcError(NO_METHOD, f"there is no method {request.method[:100]!r} here")


def _tools(request: RpcRequest) -> Json:
    if "cursor" in request.params:
        raise RpcError(INVALID_PARAMS, "all tools are on one page: there is no cursor")
    return {"tools": [tool.definition for tool in TOOLS.values()]}


def _call_tool(session: QuerySession, request: RpcRequest) -> Json:
    """A tool's answer; what it cannot do is told as its answer too, so that whoever asked can ask better."""
    name, arguments = request.params.get("name"), request.params.get("arguments", {})
    tool = TOOLS.get(name) if isinstance(name, str) else None
    if tool is None or not isinstance(arguments, dict):
        raise RpcError(INVALID_PARAMS, f"there are the tools {', '.join(TOOLS)}; arguments is an object")
    try:
        outcome = tool.call(session, arguments)
    except HotPapersError as problem:
        return {"content": [{"type": "text", "text": str(problem)}], "isError": True}
    text = msgspec.json.encode(outcome).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": outcome, "isError": False}
