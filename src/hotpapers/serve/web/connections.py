"""Limits for connections: time to send a request, time to read the response, and number per client.

uvicorn waits forever for the rest of a request and accepts any number of connections. Here, a request's head and body
have fixed deadlines, whatever arrives meanwhile, and a response that is not read is dropped. When all places are taken,
the connection waiting longest without a complete request is closed, so idle ones cannot lock others out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from hotpapers.serve.web.connection_table import ConnectionLimits, ConnectionTable
from hotpapers.serve.web.rate_limits import client_of

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
        self._table, self._has_place, self.client_key = table, False, ""
        # the expected part of a request: `head`, `body`, or empty if the request is complete; and until when
        self._phase, self._deadline = "", inf
        self._request_timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts waiting for a request; closes the connection at once if there is no place."""
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
        """Closes an idle connection; what was written may still have to be read."""
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


def guarded(allowed: ConnectionLimits) -> Callable[..., GuardedProtocol]:
    """The protocol factory for a server."""
    return partial(GuardedProtocol, table=ConnectionTable(allowed))


def is_refused_already(problem: BaseException | None) -> bool:
    """Whether an answer failed because its request was refused meanwhile."""
    return isinstance(problem, h11.LocalProtocolError) and "MUST_CLOSE" in str(problem)
