"""A proxy in front of a database server that can refuse and break connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Proxy:
    """Listens on 127.0.0.1 and forwards to and from the server of a database."""

    def __init__(self, url: str) -> None:
        import psycopg

        with psycopg.connect(url) as connection:
            info = connection.info
            self._host, self._server_port, self._user, self._database = info.host, info.port, info.user, info.dbname
        self.port = 0
        self._listening: socket.socket | None = None
        self._inside: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    @property
    def url(self) -> str:
        """The database's address through this proxy."""
        return f"postgresql://{self._user}@127.0.0.1:{self.port}/{self._database}?sslmode=disable&gssencmode=disable"

    def open(self) -> None:
        """Accept connections."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._let_in, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        """Refuse new connections and break open ones."""
        listening, self._listening = self._listening, None
        if listening is not None:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        self.throw_out()

    def throw_out(self) -> None:
        """Break every connection."""
        with self._lock:
            inside, self._inside = self._inside, set()
        for one in inside:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _let_in(self, listening: socket.socket) -> None:
        while True:
            try:
                visitor, _ = listening.accept()
                server = self._reach()
            except OSError:
                return
            with self._lock:
                self._inside |= {visitor, server}
            for one, other in ((visitor, server), (server, visitor)):
                threading.Thread(target=_hand_on, args=(one, other), daemon=True).start()

    def _reach(self) -> socket.socket:
        if self._host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self._host}/.s.PGSQL.{self._server_port}")
            return server
        return socket.create_connection((self._host, self._server_port))


def _hand_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    for each in (one, other):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
