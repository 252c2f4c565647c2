"""Decides how many connections a server accepts, and which one is closed when all places are taken. Uses no sockets."""

from __future__ import annotations

import resource
from collections import Counter
from typing import NamedTuple, Protocol

OTHERS = 128
"""File descriptors that the process needs besides its connections."""


class ConnectionLimits(NamedTuple):
    """`most`: connections in total; `share`: connections per client, 0 for no separate limit. In seconds, `head` and
    `body`: how long a request's head and body may take; `reading`: how long a response may wait to be read."""

    most: int = 1000
    share: int = 100
    head: float = 10.0
    body: float = 20.0
    reading: float = 30.0


def allowed_behind(proxies: int) -> ConnectionLimits:
    """The limits for this machine. Behind a proxy, all connections come from the proxy, which limits its clients."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    usual = ConnectionLimits()
    most = usual.most if files == resource.RLIM_INFINITY else max(16, min(usual.most, files - OTHERS))
    return usual._replace(most=most, share=0 if proxies else min(usual.share, most // 2))


class TableConnection(Protocol):
    """A connection. `who`: its client."""

    who: str

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
        own = self._clients[connection.who]
        if self.allowed.share and own >= self.allowed.share:
            return False
        if self._clients.total() >= self.allowed.most and not self._make_room():
            return False
        self._clients[connection.who] += 1
        return True

    def _make_room(self) -> bool:
        """Closes the connection that has waited longest. Returns whether there was one."""
        for other in self._waiting:
            self.wait(other, waits=False)
            other.give_up()
            return True
        return False

    def wait(self, connection: TableConnection, *, waits: bool) -> None:
        """Notes whether a connection is waiting for a complete request."""
        if not waits:
            self._waiting.pop(connection, None)
        elif connection not in self._waiting:
            self._waiting[connection] = None

    def leave(self, connection: TableConnection) -> None:
        """Frees the place of a connection that has ended."""
        self._waiting.pop(connection, None)
        self._clients[connection.who] -= 1
        if not self._clients[connection.who]:
            del self._clients[connection.who]

    def __len__(self) -> int:
        """The number of connections."""
        return self._clients.total()
