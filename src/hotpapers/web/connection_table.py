"""How many connections a server takes, and who makes room when all places are taken: decisions, without a socket."""

from __future__ import annotations

import resource
from collections import Counter
from typing import NamedTuple, Protocol

OTHERS = 128
"""Files that the process needs beside its connections."""


class ConnectionLimits(NamedTuple):
    """How many connections there may be, in all and from one client, 0: as many as in all. In seconds: how long a
    request's head and its body may take, and how long an answer may wait to be read."""

    most: int = 1000
    share: int = 100
    head: float = 10.0
    body: float = 20.0
    reading: float = 30.0


def allowed_behind(proxies: int) -> ConnectionLimits:
    """What holds on this machine: behind a proxy all connections are the proxy's own, which bounds its clients."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    usual = ConnectionLimits()
    most = usual.most if files == resource.RLIM_INFINITY else max(16, min(usual.most, files - OTHERS))
    return usual._replace(most=most, share=0 if proxies else min(usual.share, most // 2))


class TableConnection(Protocol):
    """A connection. `who`: its client."""

    who: str

    def give_up(self) -> None:
        """Ends it at once."""


class ConnectionTable:
    """Who is connected, by client; and who has no whole request there, in the order in which they began to wait."""

    def __init__(self, allowed: ConnectionLimits) -> None:
        self.allowed = allowed
        self._clients: Counter[str] = Counter()
        self._waiting: dict[TableConnection, None] = {}

    def enter(self, connection: TableConnection) -> bool:
        """Whether a new connection has a place; then somebody else may have lost theirs."""
        own = self._clients[connection.who]
        if self.allowed.share and own >= self.allowed.share:
            return False
        if self._clients.total() >= self.allowed.most and not self._make_room():
            return False
        self._clients[connection.who] += 1
        return True

    def _make_room(self) -> bool:
        """Ends the connection that has waited longest."""
        for other in self._waiting:
            self.wait(other, waits=False)
            other.give_up()
            return True
        return False

    def wait(self, connection: TableConnection, *, waits: bool) -> None:
        """Notes whether a connection has no whole request there."""
        if not waits:
            self._waiting.pop(connection, None)
        elif connection not in self._waiting:
            self._waiting[connection] = None

    def leave(self, connection: TableConnection) -> None:
        """A connection that had a place is gone."""
        self._waiting.pop(connection, None)
        self._clients[connection.who] -= 1
        if not self._clients[connection.who]:
            del self._clients[connection.who]

    def __len__(self) -> int:
        """How many are connected."""
        return self._clients.total()
