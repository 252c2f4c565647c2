"""Sends answers on a real connection, with its faults; and implements the server's side of a websocket."""

from __future__ import annotations

import socket
import struct
import threading
import zlib
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode
from websockets.http11 import Request as Handshake
from websockets.protocol import State
from websockets.server import ServerProtocol

from tests.loopback.faults import Fault
from tests.loopback.network_state import Reply

OVERSIZED = 80_000_000
"""Bytes of an answer that is too large; it is sent compressed."""
LARGE_MESSAGE = 9_000_000
LONGEST_STALL = 300.0
"""Seconds of silence after which a stalled connection ends."""
PIECES = 10
"""The number of pieces in which a slow answer is sent."""


@lru_cache(1)
def bomb() -> bytes:
    """A small compressed body that becomes large when it is decompressed."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(OVERSIZED // 1_000_000)) + packer.flush()


def head(reply: Reply, size: int | None, moment: float) -> bytes:
    """A reply's first lines. `size`: of the body, None for one that ends with the connection; `moment`: seconds since
    1970, by the server's clock."""
    lines = [f"HTTP/1.1 {reply.status} As-Planned", f"Date: {formatdate(moment, usegmt=True)}"]
    lines += [f"Content-Type: {reply.type}", *(f"{name}: {value}" for name, value in reply.headers.items())]
    lines += ["Connection: close"] if size is None else [f"Content-Length: {size}"] * (reply.status != 304)
    return "\r\n".join([*lines, "", ""]).encode()


def send(connection: socket.socket, reply: Reply, fault: Fault | None, moment: float, stop: threading.Event) -> bool:
    """Send an answer, changed by the fault. Return whether the connection can be used again."""
    kind = fault.kind if fault else ""
    if fault and kind in ("refused", "reset"):
        break_off(connection)
        return False
    if kind == "oversized":
        reply = reply._replace(body=bomb(), headers={**reply.headers, "content-encoding": "gzip"})
    body = reply.body
    if kind in ("truncated", "stall"):
        connection.sendall(head(reply, len(body) + 100, moment) + body[: len(body) // 2])
        return _leave_open(kind, stop)
    if fault and kind == "slow":
        return _send_slowly(connection, head(reply, len(body), moment) + body, fault.value, stop)
    connection.sendall(head(reply, len(body), moment) + body)
    return True


def _leave_open(kind: str, stop: threading.Event) -> bool:
    if kind == "stall":
        stop.wait(LONGEST_STALL)
    return False


def _send_slowly(connection: socket.socket, data: bytes, seconds: float, stop: threading.Event) -> bool:
    size = -(-len(data) // PIECES)
    for start in range(0, len(data), size):
        connection.sendall(data[start : start + size])
        stop.wait(seconds / PIECES)
    return True


def break_off(connection: socket.socket) -> None:
    """Make the next close a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Websocket:
    """The server's side of a websocket (RFC 6455), compressed if the client supports it."""

    def __init__(self, connection: socket.socket, handshake: bytes) -> None:
        self._connection = connection
        self._protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
        self._protocol.receive_data(handshake)
        request = self._protocol.events_received()[0]
        assert isinstance(request, Handshake)
        self._protocol.send_response(self._protocol.accept(request))
        self._flush()
        connection.setblocking(False)

    def send(self, message: bytes, *, text: bool) -> None:
        """Send one message."""
        (self._protocol.send_text if text else self._protocol.send_binary)(message)
        self._flush()

    def send_half(self, message: bytes) -> None:
        """Send the first half of a message, and nothing after it."""
        self._protocol.send_text(message)
        data = b"".join(self._protocol.data_to_send())
        self._sendall(data[: len(data) // 2])

    def listen(self) -> bool:
        """Answer ping and close frames. Return whether the client is still connected."""
        try:
            data = self._connection.recv(65_536)
        except BlockingIOError:
            return True
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._protocol.events_received()
        self._flush()
        return bool(data) and self._protocol.state is State.OPEN

    def close(self) -> None:
        """Send a close frame."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._flush()

    def _flush(self) -> None:
        self._sendall(b"".join(_data(self._protocol.data_to_send())))

    def _sendall(self, data: bytes) -> None:
        self._connection.setblocking(True)
        self._connection.sendall(data)
        self._connection.setblocking(False)


def _data(parts: Iterable[bytes]) -> list[bytes]:
    """The data to send, without the empty part by which the protocol marks the end of the connection."""
    return [part for part in parts if part]
