"""Bodies and lines, decompressed and size-limited as they arrive: a bomb fails at the first byte over the limit.

Endless responses, with a heartbeat that tells the reader of silence; and websockets over a checked connection, with
pings, size limits, compression and traffic counts.
"""

from __future__ import annotations

import logging
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import httpx2
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.http.retry_policy import Headers, Retryable, check_status, plain_reason
from hotpapers.base.http.transport import SLICE, ClientLimits, CountedSocket, Deadline, TrafficCounter

PIECE = 65_536
"""The most bytes decompressed at once."""


def read_body(chunks: Iterable[bytes], coding: str, limit: int) -> bytes:
    """The decompressed body; at most `limit` bytes before and after decompression. Raises NetError, and zlib.error
    for a damaged body."""
    return b"".join(_bounded(decompress_body(_bounded(chunks, limit), coding), limit))


def _bounded(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise NetError(f"the response has more than {limit:,} bytes")
        yield chunk


def decompress_body(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """The bytes of a body with this Content-Encoding: gzip or none, since we ask for no other."""
    if coding in ("", "identity"):
        yield from chunks
    elif coding in ("gzip", "x-gzip"):
        yield from _gunzip(chunks)
    else:
        raise NetError(f"the response is compressed as {coding}, which was not asked for")


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress one or more gzip members, as RFC 1952 allows; anything after them is padding. Raises zlib.error."""
    decompressor = None
    for data in chunks:
        while data:
            if decompressor is None or decompressor.eof:
                if decompressor is not None and data[0] != 0x1F:
                    break
                decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
            yield from _decompress(decompressor, data)
            data = decompressor.unused_data
    if decompressor is not None and not decompressor.eof:
        raise zlib.error("the compressed body ends early")


def _decompress(decompressor: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while True:
        piece = decompressor.decompress(data, PIECE)
        if piece:
            yield piece
        data = decompressor.unconsumed_tail
        if decompressor.eof or (not data and len(piece) < PIECE):
            return


class LineSplitter:
    """Splits incoming bytes into lines, without their ends (LF or CR LF), none longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._partial = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes. Raises NetError if a line is too long."""
        self._partial += chunk
        # a long line may come byte by byte, and must not be searched each time
        *ended, self._partial = self._partial.split(b"\n") if b"\n" in chunk else [self._partial]
        if any(len(line) > self._limit for line in (*ended, self._partial)):
            raise NetError(f"a line has more than {self._limit:,} bytes")
        return [bytes(line).removesuffix(b"\r") for line in ended]

    def partial_line(self) -> bytes:
        """The unfinished last line."""
        return bytes(self._partial)


# ---- endless responses --------------------------------------------------------------------------------

AHEAD = 16
"""Chunks that are read ahead of the consumer; then the server waits."""


Take = Callable[[float], Sequence[bytes] | None]
"""Gets seconds, and returns the bytes that arrived within them, perhaps none. Returns None at the end. Raises any error
from reading."""


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
            raise NetError(f"nothing received for {format_duration(longest)}")
        if now - last_message_at >= silence:
            yield None
            last_message_at = time.monotonic()


class LineStream:
    """The lines of a response, read in a thread of its own: a blocked read could not report silence."""

    def __init__(self, chunks: Iterator[bytes], deadline: Deadline, limit: int) -> None:
        self._chunks = chunks
        self._deadline = deadline
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
    headers: Headers,
    traffic: TrafficCounter,
    limits: ClientLimits,
    now: int,
    *,
    is_in_tls: bool,
) -> ClientConnection:
    """Open a websocket over a connected socket, and close the socket with it. `is_in_tls`: the socket is that of an
    encrypted connection to a proxy. Raises Retryable, RetryLater and RequestRefused. Redirects are not followed."""

    def create_connection(sock: socket.socket, *args: Any, **settings: Any) -> ClientConnection:
        return ClientConnection(cast("socket.socket", CountedSocket(sock, traffic)), *args, **settings)

    try:
        return connect(
            str(url),
            sock=sock,
            ssl=context if url.scheme == "wss" else None,
            proxy=None,
            proxy_ssl=context if is_in_tls else None,
            compression="deflate",
            user_agent_header=None,
            additional_headers=headers,
            logger=_SILENT,
            max_size=limits.message,
            open_timeout=limits.connect,
            ping_interval=limits.ping,
            ping_timeout=limits.ping,
            close_timeout=CLOSING,
            create_connection=cast("type[ClientConnection]", create_connection),
        )
    except InvalidStatus as problem:
        response = problem.response
        response_headers = {name.lower(): value for name, value in response.headers.raw_items()}
        check_status(response.status_code, response_headers, (), now)
        raise Retryable(f"answered {response.status_code} instead of opening a websocket") from None
    except (OSError, WebSocketException) as problem:
        raise Retryable(plain_reason(problem)) from None
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
