"""A real server on 127.0.0.1 that responds as a test says, also with faults, and a clock under the test's control."""

from __future__ import annotations

import http.server
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from hotpapers.base.errors import NetError
from hotpapers.base.http import ClientLimits, HostPacer, PoliteHttpClient

Play = Callable[["Handler"], None]


class ReceivedRequest(NamedTuple):
    """A request as received. `headers`: names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Handler(http.server.BaseHTTPRequestHandler):
    """Runs the next play for the requested path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Logs the request and runs the next play."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(ReceivedRequest(self.command, self.path, headers, body))
        self.server.next_play(self.path.partition("?")[0])(self)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""

    def raw(self, data: bytes) -> None:
        """Sends bytes as they are, without buffering."""
        self.wfile.write(data)
        self.wfile.flush()

    def hang_up(self, *, rudely: bool = False) -> None:
        """Closes the connection; rudely: with a reset."""
        self.close_connection = True
        if rudely:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # the handler's own files keep the socket open
            self.rfile.close()
            self.wfile.close()
            self.connection.close()

    def stall(self) -> None:
        """Sends nothing more until the test is over."""
        self.server.over.wait(30)
        self.hang_up()


class Server(http.server.ThreadingHTTPServer):
    """`plays`: by path, in turn; the last one repeats."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plays: dict[str, list[Play]] = {}
        self.requests: list[ReceivedRequest] = []
        self.over = threading.Event()
        self.port: int = self.server_address[1]
        self.base = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Does the TLS handshake, if any, in the connection's own thread."""
        if self._context:
            request = self._context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self._context:
            request.close()

    def on(self, path: str, *plays: Play) -> str:
        """Sets the plays of a path; returns its URL."""
        self.plays[path] = list(plays)
        return self.base + path

    def next_play(self, path: str) -> Play:
        with self._lock:
            plays = self.plays.get(path, [answer(404)])
            return plays.pop(0) if len(plays) > 1 else plays[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that disconnects is not an error here."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that runs until the block ends."""
    with Server(context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Play:
    """A complete response. Underscores in header names become hyphens."""

    def play(handler: Handler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "transfer_encoding" not in headers and "content_length" not in headers and status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.raw(body)

    return play


def raw(data: bytes, *, rudely: bool = False) -> Play:
    """Sends these bytes, then closes the connection."""

    def play(handler: Handler) -> None:
        handler.raw(data)
        handler.hang_up(rudely=rudely)

    return play


def stall(data: bytes = b"") -> Play:
    """Sends these bytes, then nothing more."""

    def play(handler: Handler) -> None:
        handler.raw(data)
        handler.stall()

    return play


class FakeTime:
    """A clock that moves only when slept on. `naps`: every sleep, in seconds."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.seconds = start
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Moves the clock."""
        self.naps.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        """Seconds; never goes back."""
        return self.seconds

    def now(self) -> int:
        """Microseconds since 1970."""
        return int(self.seconds * 1e6)


TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no certificates. Created once, because loading the system's certificates takes a while."""
SHORT = ClientLimits(connect=5.0, read=5.0, whole=20.0)
"""Short enough for tests, long enough for a busy machine."""


def client(server: Server | None = None, time: FakeTime | None = None, **settings: Any) -> PoliteHttpClient:
    """A client that may send requests to this server, and never really sleeps."""
    time = time or FakeTime()
    defaults: dict[str, Any] = {
        "base_addresses": [server.base] if server else [], "reserve": HostPacer(time.monotonic),
        "sleep": time.sleep, "clock": time.now, "limits": SHORT, "context": TRUST, "pace": {"127.0.0.1": 0.0},
    }  # fmt: skip
    return PoliteHttpClient("hotpapers/0 (+https://operator.example/)", **(defaults | settings))


def request_error(http_client: PoliteHttpClient, url: str, **more: Any) -> NetError:
    """The error that a request raises."""
    with pytest.raises(NetError) as excinfo:
        http_client.get(url, **more)
    return excinfo.value
