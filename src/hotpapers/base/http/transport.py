"""Connections to exactly the address that was checked. Every read checks the deadline and the stop event, and is
counted."""

from __future__ import annotations

import logging
import math
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import httpcore2

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import Stopped
from hotpapers.base.http.address_guard import AddressGuard

SLICE = 0.25
"""Seconds between a waiting read's checks whether the program has to stop."""

# At level DEBUG the library logs every header, including cookies and addresses with tokens.
logging.getLogger("httpcore2").setLevel(logging.CRITICAL + 1)


class ClientLimits(NamedTuple):
    """Time, size and retry limits.

    `connect`, `read`, `whole`: seconds to connect, between two reads, for one response. `size`, `message`, `line`:
    most bytes of a response, a websocket message, a line. `redirects`: most that are followed. `tries`: attempts, with
    `backoff` × 1, 2 … seconds between them, ±50% at random. `silence`: seconds until a heartbeat; `longest`: seconds of
    silence after which a stream of lines is given up. `ping`: seconds between websocket pings, and for each reply.
    `remembered`: addresses whose ETags are kept.
    """

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0
    size: int = 10_000_000
    message: int = 3_000_000
    line: int = 4_000_000
    redirects: int = 5
    tries: int = 3
    backoff: float = 1.0
    silence: float = 30.0
    longest: float = 300.0
    ping: float = 20.0
    remembered: int = 1000


class TrafficCount(NamedTuple):
    """Traffic so far: bytes received and sent (compressed, with headers, without TLS), and requests."""

    bytes_in: int = 0
    bytes_out: int = 0
    requests: int = 0


class TrafficCounter:
    """Counts a client's traffic, in any thread."""

    def __init__(self) -> None:
        self._total = TrafficCount()
        self._lock = threading.Lock()

    def count(self, *, received: int = 0, sent: int = 0, requests: int = 0) -> None:
        """Adds bytes and requests."""
        with self._lock:
            before = self._total
            self._total = TrafficCount(before.bytes_in + received, before.bytes_out + sent, before.requests + requests)

    def totals(self) -> TrafficCount:
        return self._total


class Deadline(threading.local):
    """How long this thread goes on reading: until a `time.monotonic` time, or until one of its events is set."""

    def __init__(self, stop: threading.Event) -> None:
        self.until = math.inf
        self.stop_events: tuple[threading.Event, ...] = (stop,)

    def check(self) -> None:
        if any(event.is_set() for event in self.stop_events):
            raise Stopped("the program was told to stop")


class GuardedStream(httpcore2.NetworkStream):
    """A connection that checks its thread's deadline before it waits."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline, traffic: TrafficCounter) -> None:
        self._stream = stream
        self._deadline = deadline
        self._traffic = traffic

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The bytes received. Trickling a byte now and then does not extend the deadline."""
        silent_at = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            self._deadline.check()
            now = time.monotonic()
            if now >= self._deadline.until:
                raise httpcore2.ReadTimeout("the whole response took too long")
            if now >= silent_at:
                raise httpcore2.ReadTimeout(f"no data for {format_duration(timeout or 0)}")
            try:
                data = self._stream.read(max_bytes, min(SLICE, silent_at - now, self._deadline.until - now))
            except httpcore2.ReadTimeout:
                continue
            self._traffic.count(received=len(data))
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._traffic.count(sent=len(buffer))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> GuardedStream:
        """This connection, encrypted; the certificate must match the requested host."""
        return GuardedStream(
            self._stream.start_tls(ssl_context, server_hostname, timeout), self._deadline, self._traffic
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections. Names are resolved only here, so connections go to exactly the addresses that were checked."""

    def __init__(self, guard: AddressGuard, deadline: Deadline, traffic: TrafficCounter) -> None:
        self._guard = guard
        self._deadline = deadline
        self._traffic = traffic
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> GuardedStream:
        """A connection to the first of a host's addresses that accepts one. Raises RequestRefused, ConnectError,
        ConnectTimeout."""
        try:
            addresses = self._guard.checked(host, port)
        except OSError as problem:
            raise httpcore2.ConnectError(f"the host {host} has no address ({problem})") from problem
        end = time.monotonic() + (timeout or math.inf)
        for n, address in enumerate(addresses, 1):
            # the remaining time is divided evenly among the remaining addresses
            share = (end - time.monotonic()) / (len(addresses) - n + 1)
            try:
                stream = self._backend.connect_tcp(address, port, None if share == math.inf else max(share, 0.001))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                self._deadline.check()
                if n == len(addresses):
                    raise
            else:
                return GuardedStream(stream, self._deadline, self._traffic)
        raise httpcore2.ConnectError(f"the host {host} has no address")


class CountedSocket:
    """A socket that counts its bytes, for websockets."""

    def __init__(self, sock: socket.socket, traffic: TrafficCounter) -> None:
        self._socket = sock
        self._traffic = traffic

    def recv(self, size: int) -> bytes:
        data = self._socket.recv(size)
        self._traffic.count(received=len(data))
        return data

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)
        self._traffic.count(sent=len(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
