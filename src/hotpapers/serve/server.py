"""The HTTP server for an app: in the main thread, or beside the program's work, for health or a witness."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import unquote

import uvicorn
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base.errors import SettingsError, UsageError
from hotpapers.base.http.address_guard import address_of
from hotpapers.base.struct_types import learn_structs
from hotpapers.serve.connections import ConnectionLimits, allowed_behind, guarded_protocol, is_refused_already
from hotpapers.serve.http_messages import CLOSE, PRIVATE, StreamAborted, not_found, text_reply

_LENGTHS = {b"transfer-encoding", b"content-length"}
STOPPING = 8
"""Seconds that running requests have to end when the server stops: a download could take hours, and containers are
killed after ten."""


def build_server(app: ASGIApp, allowed: ConnectionLimits | None = None, port: int = 0) -> uvicorn.Server:
    """An HTTP server with an app; its `run()` returns when it is stopped. `allowed`: limits for connections, by
    default what this machine can handle."""
    learn_structs()
    logging.getLogger("uvicorn.error").addFilter(_is_unexpected)
    config = uvicorn.Config(
        _with_sound_requests(app),
        port=port,
        http=guarded_protocol(allowed or allowed_behind(0)),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # clients are determined by our own setting
        timeout_graceful_shutdown=STOPPING,
        access_log=False,
        log_level="error",  # warnings are caused by clients, which could flood the log with them
    )
    return _Server(config)


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops; connections of clients that do not read are closed instead of being left to the garbage collector."""
        await super().shutdown(sockets)
        for connection in self.server_state.connections:
            connection.transport.abort()  # transports are closed in the loop's last rounds


def _with_sound_requests(app: ASGIApp) -> ASGIApp:
    """The app, with paths as it expects them if a request's target is a whole address, which uvicorn passes on."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        answer = app
        if scope["raw_path"][:1] != b"/" and _ORIGIN.match(target := scope["raw_path"].decode("latin-1")):
            path = path_of(target)
            scope = {**scope, "path": unquote(path), "raw_path": path.encode("latin-1")}
        if {name for name, _ in scope["headers"]} >= _LENGTHS:
            # a proxy in front may believe the other length (RFC 9112 §6.1): nothing that follows may be read
            answer = text_reply(400, "both Content-Length and Transfer-Encoding", PRIVATE | CLOSE)
        await answer(scope, receive, send)

    return respond


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's log is worth it: not if a client read too slowly or sent a broken body, which any can
    do, or was cut off when the server stopped. A stream's other failures are logged where they happen."""
    problem = record.exc_info[1] if record.exc_info else None
    is_cut_off = isinstance(problem, asyncio.CancelledError) or str(record.msg).startswith("Cancel %s running task")
    return not (is_cut_off or is_refused_already(problem) or isinstance(problem, StreamAborted))


def open_listener(host: str, port: int, remedy: str = "choose another --host or --port") -> socket.socket:
    """A socket that listens. Raises UsageError, with the remedy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
        # inherited by accepted connections: the end of a response must not wait for the acknowledgment of its beginning
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as problem:
        reason = (problem.strerror or str(problem)).partition(" (while")[0]
        raise UsageError(f"{host}, port {port}: {reason}; {remedy}") from problem


@contextmanager
def background_server(listen: str, routes: Sequence[BaseRoute], hint: str, setting: str) -> Iterator[int]:
    """Serves routes on an address, in a thread, until the end of the context; yields the port. All requests may come
    from one proxy. `hint`: the answer to other paths. Raises SettingsError."""
    address = address_of(listen, setting)
    try:
        listener = open_listener(*address, "choose another address")
    except UsageError as problem:
        raise SettingsError(f"{setting}: {problem}") from problem
    running = build_server(Router(routes, redirect_slashes=False, default=not_found(hint)), allowed_behind(1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, name=setting, daemon=True)
    with listener:
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join()


# ---- the target of a request --------------------------------------------------------------------------


_ORIGIN = re.compile(r"\Ahttps?://[^/?]*/?", re.IGNORECASE)
"""The standard library's parsing would cache strangers' input."""


def path_of(target: str) -> str:
    """The path in a target, without its query."""
    return _ORIGIN.sub("/", target).partition("?")[0]
