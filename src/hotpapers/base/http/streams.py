"""Endless responses, with a heartbeat that tells the reader of silence; and websockets over a checked connection, with
pings, size limits, compression and traffic counts."""

from __future__ import annotations

import logging
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import httpx2
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from hotpapers.base.durations import duration
from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.http.bodies import LineSplitter
from hotpapers.base.http.retry_policy import Retryable, check_status, plain_reason
from hotpapers.base.http.transport import SLICE, CountedSocket, Deadline, TrafficCounter

AHEAD = 16
"""Chunks that are read ahead of the consumer; then the server waits."""


Take = Callable[[float], Sequence[bytes] | None]
"""Gets seconds; what arrived within them, perhaps nothing, or None at the end. Raises any error from reading."""


def with_heartbeat(take: Take, deadline: Deadline, silence: float, longest: float) -> Iterator[bytes | None]:
    """A stream's messages, and None after `silence` seconds without. Raises NetError after `longest`, and Stopped."""
    last_line_at = last_message_at = time.monotonic()
    while True:
        deadline.check()
        messages = take(min(SLICE, silence))
        if messages is None:
            return
        if messages:
            yield from messages
            last_line_at = last_message_at = time.monotonic()
            continue
        now = time.monotonic()
        if now - last_line_at >= longest:
            raise NetError(f"nothing received for {duration(longest)}")
        if now - last_message_at >= silence:
            yield None
            last_message_at = time.monotonic()


class LineStream:
    """The lines of a response, read in a thread of its own: a blocked read could not report silence."""

    def __init__(self, chunks: Iterator[bytes], deadline: Deadline, limit: int) -> None:
        self._chunks, self._deadline = chunks, deadline
        self._lines = LineSplitter(limit)
        self._queue: queue.Queue[bytes | Exception | None] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._read, name="hotpapers-lines", daemon=True)
        self._thread.start()

    def take(self, seconds: float) -> Sequence[bytes] | None:
        """The lines that arrived; see Take. A last line without an end counts as a line."""
        if self._ended:
            return None
        try:
            chunk = self._queue.get(timeout=seconds)
        except queue.Empty:
            return []
        if isinstance(chunk, Exception):
            raise chunk
        if chunk is not None:
            return self._lines.feed(chunk)
        self._ended = True
        last_line = self._lines.partial_line()
        return [last_line] if last_line else None

    def close(self) -> None:
        """Stop reading. Closing the connection is up to the caller."""
        self._stopped.set()
        self._thread.join()

    def _read(self) -> None:
        """In the thread: queue every chunk, then None or the error."""
        self._deadline.stop_events = (*self._deadline.stop_events, self._stopped)
        last: Exception | None = None
        try:
            for chunk in self._chunks:
                self._put(chunk)
        except Exception as problem:  # raised again in `take`
            last = problem
        self._put(last)

    def _put(self, chunk: bytes | Exception | None) -> None:
        while not self._stopped.is_set():
            try:
                return self._queue.put(chunk, timeout=SLICE)
            except queue.Full:
                continue


CLOSING = 2.0
"""Seconds that a server has to answer the closing handshake."""

# At level DEBUG the library logs every header, including tokens: give it a silent logger.
_SILENT = logging.getLogger("hotpapers.base.http.websocket")
_SILENT.setLevel(logging.CRITICAL + 1)


def open_websocket(
    url: httpx2.URL,
    sock: socket.socket,
    context: ssl.SSLContext,
    headers: Mapping[str, str],
    *,
    traffic: TrafficCounter,
    timeout: float,
    ping: float,
    limit: int,
    now: int,
) -> ClientConnection | Retryable:
    """Open a websocket over a connected socket, and close the socket with it. Raises RetryLater and RequestRefused.
    Redirects are not followed."""

    def create_connection(sock: socket.socket, *args: Any, **settings: Any) -> ClientConnection:
        return ClientConnection(cast("socket.socket", CountedSocket(sock, traffic)), *args, **settings)

    try:
        return connect(
            str(url),
            sock=sock,
            ssl=context if url.scheme == "wss" else None,
            proxy=None,
            compression="deflate",
            user_agent_header=None,
            additional_headers=headers,
            logger=_SILENT,
            max_size=limit,
            open_timeout=timeout,
            ping_interval=ping,
            ping_timeout=ping,
            close_timeout=CLOSING,
            create_connection=cast("type[ClientConnection]", create_connection),
        )
    except InvalidStatus as problem:
        response = problem.response
        response_headers = {name.lower(): value for name, value in response.headers.raw_items()}
        return check_status(response.status_code, response_headers, (), now) or Retryable(
            f"answered {response.status_code} instead of opening a websocket"
        )
    except (OSError, WebSocketException) as problem:
        return Retryable(plain_reason(problem))
    except ValueError:  # the library's error when a redirect would need a socket other than ours
        raise RequestRefused("redirects, which are not followed for websockets") from None


def next_message(connection: ClientConnection, seconds: float) -> Sequence[bytes]:
    """The next message, text as UTF-8; empty if none came in time. Raises NetError once the connection has closed."""
    try:
        return (connection.recv(timeout=seconds, decode=False),)
    except TimeoutError:
        return ()
    except ConnectionClosed as problem:
        raise NetError(f"closed: {problem}") from None
