"""Tools for language models, about a store or a published site, over standard input and output.

Speaks JSON-RPC 2.0, one message per line, according to the Model Context Protocol: revision 2026-07-28, in which every
request names its revision, and 2025-11-25, 2025-06-18 and 2025-03-26, which start with a handshake. No request affects
the answer to another. https://modelcontextprotocol.io/specification/
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, TypeGuard

import msgspec

from hotpapers.base.errors import HotPapersError, InputError, StoreError
from hotpapers.base.untrusted_json import decode_json
from hotpapers.base.version import __version__
from hotpapers.keep.transfer import streams
from hotpapers.publish.query.request_params import whole_number
from hotpapers.publish.query.session import QuerySession
from hotpapers.site.site import Site
from hotpapers.wings.mcp.record_tools import INSTRUCTIONS, ToolDefinition, all_tools, shorten_json

PER_REQUEST = ("2026-07-28",)
"""Revisions that every request names."""
HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26")
"""Revisions that are negotiated at the start, the latest first."""
REVISIONS = [*PER_REQUEST, *HANDSHAKE]
BATCHES, MAX_BATCH = "2025-03-26", 20
"""The revision that has batches, and their most messages."""
META = "io.modelcontextprotocol/"
MAX_LINE_BYTES = 1_000_000
"""Maximum bytes of a request on standard input. `record_tools` has that of an answer."""
MAX_WAITING = 100
"""Questions that are read before the first of them is answered."""
FRESH = 3_600_000
"""Milliseconds for which a client may cache the list of tools."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
NO_METHOD = -32601
INVALID_PARAMS = -32602
INTERNAL = -32603
UNSUPPORTED = -32022
"""Error codes of JSON-RPC and of the protocol."""

SERVER = {"name": "hotpapers", "title": "Hot Papers", "version": __version__}
CAPABILITIES: dict[str, Any] = {"tools": {}}
CACHED = {"ttlMs": FRESH, "cacheScope": "public"}

Json = dict[str, Any]
Tools = Mapping[str, ToolDefinition]


class RpcError(Exception):
    """A request is answered with a protocol error."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.error: Json = {"code": code, "message": message, **({"data": data} if data else {})}


def run(site: Site) -> None:
    """Answers on standard input and output until the input ends."""

    def open_session() -> QuerySession:
        site.close()
        return site.session

    serve(open_session, streams.standard_input(), streams.standard_output())


def serve(open_session: Callable[[], QuerySession], input_stream: BinaryIO, output_stream: BinaryIO) -> None:
    """Answers messages until the input ends. A session that lost its database is reopened."""
    session = open_session()
    tools = all_tools()
    inbox = Inbox(input_stream, output_stream, tools)
    for request in inbox.questions():
        reply = respond_all(session, request, tools)
        if session.record.database.is_lost:  # tools are read-only: the request can be repeated
            with suppress(StoreError):  # still unreachable: the first answer says so
                session = open_session()
                reply = respond_all(session, request, tools)
        inbox.answer(request, reply)


class Inbox:
    """A client's messages. A thread reads them, so that *ping* is answered, and cancellations are heard, while a tool
    works; the session stays in the thread that opened it."""

    def __init__(self, input_stream: BinaryIO, output_stream: BinaryIO, tools: Tools) -> None:
        self._input = input_stream
        self._output = output_stream
        self._tools = tools
        self._waiting = list[Message | list[Message]]()
        self._changed = threading.Condition()
        self._is_ended = False
        self._problem: BaseException | None = None

    def questions(self) -> Iterator[Message | list[Message]]:
        """Those that tools answer, one after another, until the input ends. Raises what reading raised."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_ended)
                if not self._waiting:
                    break
                question = self._waiting[0]
            yield question
        if self._problem:
            raise self._problem

    def answer(self, question: Message | list[Message], reply: Json | list[Json] | None) -> None:
        """Writes the answer to a question, unless it was canceled."""
        with self._changed:
            if question in self._waiting:
                self._waiting.remove(question)
                write_reply(reply, self._output)
            self._changed.notify_all()

    def _listen(self) -> None:
        try:
            for message in read_messages(self._input):
                self._take(message)
        except BaseException as problem:
            self._problem = problem
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def _take(self, message: Message | list[Message]) -> None:
        with self._changed:
            if isinstance(message, list) or is_call(message):
                self._changed.wait_for(lambda: len(self._waiting) < MAX_WAITING)
                self._waiting.append(message)
                self._changed.notify_all()
            elif isinstance(message, Cancellation):
                self._waiting = [question for question in self._waiting if not is_canceled(question, message)]
            else:
                write_reply(respond(None, message, self._tools), self._output)


def is_canceled(question: Message | list[Message], message: Cancellation) -> bool:
    """Whether a message cancels a question: batches are not canceled."""
    return isinstance(question, RpcRequest) and question.id == message.id


def is_call(message: Message) -> TypeGuard[RpcRequest]:
    """Whether a message calls a tool, which may take long."""
    return isinstance(message, RpcRequest) and message.method == "tools/call"


def write_reply(reply: Json | list[Json] | None, output_stream: BinaryIO) -> None:
    """Writes an answer, if there is one."""
    if reply is not None:
        output_stream.write(msgspec.json.encode(reply) + b"\n")
        output_stream.flush()


def read_messages(input_stream: BinaryIO) -> Iterator[Message | list[Message]]:
    """The messages; lists of them, as batches, from a client that chose the revision that has them."""
    has_batches = False
    for line in read_lines(input_stream):
        value = decode_line(line)
        if has_batches and is_batch(value):
            yield list(map(in_batch, value))
            continue
        message = message_of(value)
        if isinstance(message, RpcRequest) and message.method == "initialize":
            has_batches = message.params.get("protocolVersion") == BATCHES
        yield message


def read_lines(input_stream: BinaryIO) -> Iterator[bytes]:
    """The non-empty lines. A line that is too long is cut, and is then invalid JSON."""
    while line := input_stream.readline(MAX_LINE_BYTES + 1):
        piece = line
        while len(piece) > MAX_LINE_BYTES and not piece.endswith(b"\n"):
            piece = input_stream.readline(MAX_LINE_BYTES + 1)
        if line.strip():
            yield line


def respond_all(session: Any, request: Message | list[Message], tools: Tools) -> Json | list[Json] | None:
    """The answer to a message, or the answers to a batch; None if none is needed."""
    if not isinstance(request, list):
        return respond(session, request, tools)
    return [reply for message in request if (reply := respond(session, message, tools)) is not None] or None


def respond(session: Any, request: Message, tools: Tools) -> Json | None:
    """The answer to a message that was read; None if it needs none. `session`: what the tools ask."""
    if not isinstance(request, RpcRequest):
        return request if isinstance(request, dict) else None
    head: Json = {"jsonrpc": "2.0", "id": request.id}
    try:
        return {**head, "result": request_result(session, request, tools)}
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

    @property
    def tool(self) -> str:
        """The name of the tool that it calls; empty if it calls none."""
        name = self.params.get("name") if self.method == "tools/call" else ""
        return name if isinstance(name, str) else ""


class Cancellation(NamedTuple):
    """Nobody waits for the answer to a request any more."""

    id: str | int | None


Message = RpcRequest | Cancellation | Json | None
"""What was read: a request, a cancellation, an error to answer with; or None for other notifications and responses."""


def decode_line(line: bytes) -> Any:
    """What a line says as JSON; None if it is none, or too long."""
    try:
        return decode_json(line, Any) if len(line) <= MAX_LINE_BYTES else None
    except InputError:
        return None


def message_of(message: Any) -> Message:
    """A message, by its JSON."""
    if message is None:
        return {"jsonrpc": "2.0", "error": {"code": PARSE_ERROR, "message": "not JSON, or too long"}}
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return invalid_request(message, "not a JSON-RPC 2.0 message")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    if not isinstance(message.get("method"), str):
        return invalid_request(message, "method is missing")
    if "id" not in message:
        about = message.get("params") if message["method"] == "notifications/cancelled" else None
        return Cancellation(_id(about, "requestId")) if about else None
    if (request_id := _id(message)) is None:
        return invalid_request(message, "id must be a string or an integer")
    params = {} if message.get("params") is None else message["params"]
    if not isinstance(params, dict):
        return invalid_request(message, "params must be an object")
    return RpcRequest(request_id, message["method"], params)


def is_batch(value: Any) -> bool:
    """Whether JSON is a batch that is answered (JSON-RPC 2.0 §6)."""
    return isinstance(value, list) and 0 < len(value) <= MAX_BATCH


def in_batch(value: Any) -> Message:
    """A message of a batch."""
    message = message_of(value)
    if isinstance(message, RpcRequest) and message.method == "initialize":
        return invalid_request(value, "initialize must not be in a batch")
    return message


def _id(message: Any, name: str = "id") -> str | int | None:
    identifier = whole_number(message.get(name)) if isinstance(message, dict) else None
    if isinstance(identifier, str | int) and not isinstance(identifier, bool):
        return identifier
    return None


def invalid_request(message: Any, reason: str) -> Json:
    """The error for what is no request."""
    head = {} if (request_id := _id(message)) is None else {"id": request_id}
    return {"jsonrpc": "2.0", **head, "error": {"code": INVALID_REQUEST, "message": reason}}


# ---- results -------------------------------------------------------------------------------------------------


def request_result(session: Any, request: RpcRequest, tools: Tools) -> Json:
    """The result of a request. Raises RpcError."""
    if f"{META}protocolVersion" in request.meta or request.method == "server/discover":
        version = request.meta.get(f"{META}protocolVersion")
        if not isinstance(version, str) or not isinstance(request.meta.get(f"{META}clientCapabilities"), dict):
            raise RpcError(INVALID_PARAMS, f"_meta needs {META}protocolVersion and {META}clientCapabilities")
        if version not in PER_REQUEST:
            requested = {"supported": REVISIONS, "requested": version[:100]}
            raise RpcError(UNSUPPORTED, "Unsupported protocol version", requested)
        if request.method == "server/discover":
            answer = {"supportedVersions": REVISIONS, "capabilities": CAPABILITIES, "instructions": INSTRUCTIONS}
        else:
            answer = _about_tools(session, request, tools)
        cached = {} if request.method == "tools/call" else CACHED
        return {"resultType": "complete", **answer, **cached, "_meta": {f"{META}serverInfo": SERVER}}
    if request.method == "initialize":
        version = request.params.get("protocolVersion")
        if not isinstance(version, str):
            raise RpcError(INVALID_PARAMS, "protocolVersion is missing")
        return {
            "protocolVersion": version if version in HANDSHAKE else HANDSHAKE[0],
            "capabilities": CAPABILITIES,
            "serverInfo": SERVER,
            "instructions": INSTRUCTIONS,
        }
    return {} if request.method == "ping" else _about_tools(session, request, tools)


def _about_tools(session: Any, request: RpcRequest, tools: Tools) -> Json:
    """All tools, or the answer of one. Its errors are returned as answers too, so that the model can correct its
    request. Raises RpcError, also for a request of another kind."""
    if request.method == "tools/list":
        if request.params.get("cursor") is not None:
            raise RpcError(INVALID_PARAMS, "all tools are on one page; cursor is not supported")
        return {"tools": [tool.definition for tool in tools.values()]}
    if request.method != "tools/call":
        raise RpcError(NO_METHOD, f"no such method: {request.method[:100]!r}")
    arguments = request.params.get("arguments")
    arguments = {} if arguments is None else arguments
    tool = tools.get(request.tool)
    if tool is None or not isinstance(arguments, dict):
        raise RpcError(INVALID_PARAMS, f"the tools are {', '.join(tools)}; arguments must be an object")
    try:
        outcome = tool.call(session, arguments)
    except HotPapersError as problem:
        return refusal_result(str(problem))
    text = msgspec.json.encode(outcome).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": outcome, "isError": False}


def refusal_result(text: str) -> Json:
    """The result of a question that a tool cannot answer."""
    return {"content": [{"type": "text", "text": shorten_json(text)}], "isError": True}
