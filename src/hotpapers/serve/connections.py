"""Limits for connections: time to send a request, time to read the response, and number per client; and for the
requests of a client in a minute (`TokenBuckets`).

uvicorn waits forever for the rest of a request and accepts any number of connections. Here, a request's head and body
have fixed deadlines, whatever arrives meanwhile, and a response that is not read is dropped. When all places are taken,
the connection waiting longest without a complete request is closed, so idle ones cannot lock others out.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import inf
from typing import Any, NamedTuple, Protocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

OTHERS = 128
"""File descriptors that the process needs besides its connections."""


class ConnectionLimits(NamedTuple):
    """`total`: connections in total; `per_client`: 0 for no separate limit. In seconds, `head` and
    `body`: how long a request's head and body may take; `reading`: how long a response may wait to be read."""

    total: int = 1000
    per_client: int = 100
    head: float = 10.0
    body: float = 20.0
    reading: float = 30.0


def allowed_behind(proxies: int) -> ConnectionLimits:
    """The limits for this machine. Behind a proxy, all connections come from the proxy, which limits its clients."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    default = ConnectionLimits()
    if files == resource.RLIM_INFINITY:
        total = default.total
    else:
        total = max(16, min(default.total, files - OTHERS))
    per_client = 0 if proxies else min(default.per_client, total // 2)
    return default._replace(total=total, per_client=per_client)


class TableConnection(Protocol):
    """A connection. `client_key`: distinguishes clients."""

    client_key: str

    def give_up(self) -> None:
        """Closes it immediately."""


class ConnectionTable:
    """The number of connections by client; and the connections without a complete request, longest waiting first."""

    def __init__(self, allowed: ConnectionLimits) -> None:
        self.allowed = allowed
        self._clients = Counter[str]()
        self._waiting: dict[TableConnection, None] = {}

    def enter(self, connection: TableConnection) -> bool:
        """Whether a new connection gets a place. If so, another one may have been closed for it."""
        if self.allowed.per_client and self._clients[connection.client_key] >= self.allowed.per_client:
            return False
        if self._clients.total() >= self.allowed.total:
            longest_waiting = next(iter(self._waiting), None)
            if longest_waiting is None:
                return False
            self.set_waiting(longest_waiting, False)
            longest_waiting.give_up()
        self._clients[connection.client_key] += 1
        return True

    def set_waiting(self, connection: TableConnection, is_waiting: bool) -> None:
        """Notes whether a connection is waiting for a complete request."""
        if is_waiting:
            self._waiting.setdefault(connection)
        else:
            self._waiting.pop(connection, None)

    def leave(self, connection: TableConnection) -> None:
        """Frees the place of a connection that has ended."""
        self._waiting.pop(connection, None)
        self._clients[connection.client_key] -= 1
        if not self._clients[connection.client_key]:
            del self._clients[connection.client_key]

    def __len__(self) -> int:
        """The number of connections."""
        return self._clients.total()


MAX_HEAD_BYTES = 64 * 1024
"""Most bytes of a request's head."""
_PHASES = {h11.IDLE: "head", h11.SEND_BODY: "body"}
"""The expected part of a request by the client's state: a name of ConnectionLimits."""
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class GuardedProtocol(H11Protocol):
    """A connection with enforced limits."""

    def __init__(self, *args: Any, table: ConnectionTable, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn = h11.Connection(h11.SERVER, MAX_HEAD_BYTES)
        self._table = table
        self._has_place = False
        self.client_key = ""
        # the expected part of a request: `head`, `body`, or empty if the request is complete; and until when
        self._phase = ""
        self._deadline = inf
        self._request_timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts waiting for a request; closes the connection immediately if there is no place."""
        super().connection_made(transport)
        self.client_key = client_of(self.client[0] if self.client else "", (), 0)
        self._has_place = self._table.enter(self)
        if self._has_place:
            self._update_phase()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._request_timer, self._reading_timer):
            if timer is not None:
                timer.cancel()
        if self._has_place:
            self._has_place = False
            self._table.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update_phase()

    def on_response_complete(self) -> None:
        """Continues with the next request, which may already have arrived."""
        super().on_response_complete()
        self._update_phase()

    def pause_writing(self) -> None:
        """Starts the reading deadline when the client does not read the response."""
        super().pause_writing()
        self._start_reading_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading_timer is not None and not self.transport.is_closing():
            self._reading_timer.cancel()
            self._reading_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Closes an idle connection; written bytes may still have to be read."""
        super().timeout_keep_alive_handler()
        self._start_reading_timer()

    def give_up(self) -> None:
        self.transport.abort()

    def _update_phase(self) -> None:
        """Sets the deadline for the part of a request that is expected, once per part."""
        if not self._has_place or self.transport.is_closing():
            self._start_reading_timer()
            return
        phase = _PHASES.get(self.conn.their_state, "")
        if phase == self._phase:
            return
        self._phase = phase
        self._table.set_waiting(self, bool(phase))
        self._deadline = self.loop.time() + (getattr(self._table.allowed, phase) if phase else inf)
        # one timer serves many requests: a new one for each would take as long as reading its head
        if self._request_timer is None or self._deadline < self._request_timer.when():
            self._start_request_timer()

    def _start_request_timer(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
        is_waiting = self._deadline < inf
        self._request_timer = self.loop.call_at(self._deadline, self._check_deadline) if is_waiting else None

    def _check_deadline(self) -> None:
        """Closes the connection after the deadline, with a 408 unless a response has started."""
        if self.loop.time() < self._deadline:
            self._start_request_timer()
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(_TOO_SLOW)
        self.transport.close()
        self._start_reading_timer()

    def _start_reading_timer(self) -> None:
        """Drops the response if it is not read in time."""
        if self._reading_timer is None:
            self._reading_timer = self.loop.call_later(self._table.allowed.reading, self.transport.abort)


def guarded_protocol(allowed: ConnectionLimits) -> Callable[..., GuardedProtocol]:
    """The protocol factory for a server."""
    return partial(GuardedProtocol, table=ConnectionTable(allowed))


def is_refused_already(problem: BaseException | None) -> bool:
    """Whether an answer failed because its request was refused meanwhile."""
    return isinstance(problem, h11.LocalProtocolError) and "MUST_CLOSE" in str(problem)


# ---- requests of a client ----------------------------------------------------------------------------


MAX_CLIENTS = 50_000
"""Most buckets kept: about 10 MB. Beyond that, the least recently used one is dropped, and so counts as full again."""


class TokenBuckets:
    """Rate limits, in memory, per process: a bucket per client with `rate` tokens, refilled within `period` seconds. A
    rate of 0 means no limit."""

    def __init__(self, rate: int, period: int = 60) -> None:
        self._rate = rate
        self._period = period
        self._buckets = OrderedDict[str, tuple[float, float]]()  # tokens, and since when in seconds

    def take(self, client: str, cost: int, at: float) -> int:
        """Takes tokens at a moment in seconds. Returns 0 if taken, or the seconds to wait if there are too few.

        A request that costs more than a full bucket takes a full bucket.
        """
        if not self._rate:
            return 0
        tokens, since = self._buckets.pop(client, (self._rate, at))
        tokens = min(self._rate, tokens + (at - since) * self._rate / self._period)
        cost = min(cost, self._rate)
        enough = tokens >= cost
        self._buckets[client] = (tokens - cost if enough else tokens, at)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        if enough:
            return 0
        return int((cost - tokens) * self._period / self._rate) + 1

    def __len__(self) -> int:
        return len(self._buckets)


def client_of(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """The client that limits count for: the address that the outermost of the trusted proxies saw; without proxies, the
    peer's address.

    `forwarded`: the values of X-Forwarded-For, in order. Entries written by a client itself are further left than those
    of the proxies, and are ignored. IPv6 addresses are reduced to their /64 network, which belongs to one client.
    """
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    if 0 < proxies <= len(entries):
        address = entries[-proxies]
    else:
        address = peer
    return _client_key(address) or peer


@lru_cache(10_000)
def _client_key(address: str) -> str:
    """The client of an address; empty for an invalid address."""
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(client, ipaddress.IPv6Address):
        if client.ipv4_mapped is not None:
            return str(client.ipv4_mapped)
        return str(ipaddress.ip_network((client, 64), strict=False))
    return str(client)
