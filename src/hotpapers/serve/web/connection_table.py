"""Decides how many connections a server accepts, and which one is closed when all places are taken. Uses no sockets."""

from __future__ import annotations

import resource
from collections import Counter
from typing import NamedTuple, Protocol

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
    total = default.total if files == resource.RLIM_INFINITY else max(16, min(default.total, files - OTHERS))
    return default._replace(total=total, per_client=0 if proxies else min(default.per_client, total // 2))


class TableConnection(Protocol):
    """A connection. `client_key`: tells clients apart."""

    client_key: str

    def give_up(self) -> None:
        """Closes it at once."""


class ConnectionTable:
    """The number of connections by client; and the connections without a complete request, longest waiting first."""

    def __init__(self, allowed: ConnectionLimits) -> None:
        self.allowed = allowed
        self._clients: Counter[str] = Counter()
        self._waiting: dict[TableConnection, None] = {}

    def enter(self, connection: TableConnection) -> bool:
        """Whether a new connection gets a place. If so, another one may have been closed for it."""
        if self.allowed.per_client and self._clients[connection.client_key] >= self.allowed.per_client:
            return False
        if self._clients.total() >= self.allowed.total and not self._make_room():
            return False
        self._clients[connection.client_key] += 1
        return True

    def _make_room(self) -> bool:
        """Closes the connection that has waited longest. Returns whether there was one."""
        for connection in self._waiting:
            self.set_waiting(connection, False)
            connection.give_up()
            return True
        return False

    def set_waiting(self, connection: TableConnection, is_waiting: bool) -> None:
        """Notes whether a connection is waiting for a complete request."""
        if not is_waiting:
            self._waiting.pop(connection, None)
        elif connection not in self._waiting:
            self._waiting[connection] = None

    def leave(self, connection: TableConnection) -> None:
        """Frees the place of a connection that has ended."""
        self._waiting.pop(connection, None)
        self._clients[connection.client_key] -= 1
        if not self._clients[connection.client_key]:
            del self._clients[connection.client_key]

    def __len__(self) -> int:
        """The number of connections."""
        return self._clients.total()
