"""A small HTTP server on a separate address, running beside the program's work: for health checks, or a witness.

One thread per connection, with the same limits on number and time as `connections` sets for the site. When all places
are taken, the connection waiting longest without a complete request is closed, so idle ones cannot lock others out.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hotpapers.base.errors import SettingsError
from hotpapers.base.http.listen_address import address_of
from hotpapers.base.struct_types import learn_structs
from hotpapers.collect.jobs.isolation import log_defect
from hotpapers.serve.web.connection_table import ConnectionLimits, ConnectionTable, allowed_behind
from hotpapers.serve.web.rate_limits import client_of
from hotpapers.serve.web.request_target import path_of

MAX_HEAD_BYTES = 1 << 14
"""Largest request head, bytes."""


class GuardedConnection:
    """A connection with its thread. `deadline`: in seconds of the monotonic clock."""

    def __init__(self, sock: socket.socket, client_key: str, deadline: float) -> None:
        self.sock, self.client_key, self.deadline = sock, client_key, deadline

    def give_up(self) -> None:
        """Closes it at once: readers see its end."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class GuardedServer(ThreadingHTTPServer):
    """A server that enforces limits on connections."""

    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: type[GuardedHandler], allowed: ConnectionLimits, name: str
    ) -> None:
        self._table, self._name = ConnectionTable(allowed), name
        self._open: dict[socket.socket, GuardedConnection] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Starts waiting for a request; closes the connection at once if there is no place."""
        deadline = time.monotonic() + self._table.allowed.head
        connection = GuardedConnection(request, client_of(client_address[0], (), 0), deadline)
        with self._lock:
            has_place = self._table.enter(connection)
            if has_place:
                self._open[request] = connection
                self._table.set_waiting(connection, True)
        if has_place:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def note_head(self, sock: socket.socket) -> None:
        """Notes that the head of a request has arrived and its body is expected."""
        self._note(sock, self._table.allowed.body, is_waiting=True)

    def note_request(self, sock: socket.socket) -> None:
        """Notes that a request is complete and is being answered."""
        self._note(sock, self._table.allowed.reading, is_waiting=False)

    def _note(self, sock: socket.socket, seconds: float, *, is_waiting: bool) -> None:
        with self._lock:
            connection = self._open[sock]
            connection.deadline = time.monotonic() + seconds
            self._table.set_waiting(connection, is_waiting)

    def service_actions(self) -> None:
        """Closes connections past their deadline, whatever they still send."""
        at = time.monotonic()
        with self._lock:
            overdue = [connection for connection in self._open.values() if connection.deadline < at]
        for connection in overdue:
            connection.give_up()

    def close_request(self, request: Any) -> None:
        """Closes a connection and frees its place."""
        with self._lock:
            connection = self._open.pop(request, None)
            if connection is not None:
                self._table.leave(connection)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs defects; ignores clients that disconnected."""
        problem = sys.exception()
        if problem is not None and not isinstance(problem, OSError):
            log_defect(self._name, problem)


class _BoundedReader(io.RawIOBase):
    """Reads at most `limit` bytes from a connection."""

    def __init__(self, sock: socket.socket, limit: int) -> None:
        self._sock, self._remaining = sock, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._sock.recv_into(memoryview(buffer)[: self._remaining]) if self._remaining else 0
        self._remaining -= count
        return count


class GuardedHandler(BaseHTTPRequestHandler):
    """Handles one request of a connection. `path`: its path, without a query. `largest`: most bytes of its body."""

    timeout = 10
    largest = 0
    server: GuardedServer

    def setup(self) -> None:
        """Limits how much is read from the connection."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_BoundedReader(self.connection, MAX_HEAD_BYTES + self.largest))

    def parse_request(self) -> bool:
        """Parses the head of a request. Returns whether it is valid."""
        is_head = super().parse_request()
        if is_head:
            self.path = path_of(self.path)
        if is_head and self.command == "POST":
            self.server.note_head(self.connection)
        else:
            self.server.note_request(self.connection)
        return is_head

    def read_body(self) -> bytes | None:
        """The request's body; None if it is too long or its length is unknown."""
        length = self.headers.get("content-length", "") if "transfer-encoding" not in self.headers else ""
        if not (length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= self.largest):
            return None
        body = self.rfile.read(int(length))
        self.server.note_request(self.connection)
        return body

    def reply(self, status: int, type: str, text: str, **headers: str) -> None:
        """Sends one response; to a HEAD request, as some monitors send, without its body."""
        body = text.encode()
        self.send_response(status)
        for name, value in {"content-type": type, "content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing: monitors send a request every few seconds."""


@contextmanager
def background_server(
    listen: str,
    handler: type[GuardedHandler],
    name: str,
    setting: str = "run.listen",
    allowed: ConnectionLimits | None = None,
) -> Iterator[int]:
    """Serves on an address until the end of the context; yields the port. `name`: the thread's. `allowed`: limits for
    connections, by default what this machine can handle, where all may come from one proxy. Raises SettingsError."""
    try:
        server = GuardedServer(address_of(listen, setting), handler, allowed or allowed_behind(1), name)
    except OSError as problem:
        raise SettingsError(f"{setting}: {listen}: {problem.strerror}; choose another address") from problem
    learn_structs()
    thread = threading.Thread(target=server.serve_forever, name=name, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
