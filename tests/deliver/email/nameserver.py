"""A small name server on loopback, over UDP and TCP, that answers from a table and simulates faults."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import NamedTuple

KINDS = {"A": 1, "MX": 15, "TXT": 16, "AAAA": 28}
Zone = Mapping[str, Mapping[str, Sequence[str]]]
"""Values by name and record type."""
Spoil = Callable[[bytes], Sequence[bytes]]
"""Turns a UDP answer into the datagrams actually sent."""


class Asked(NamedTuple):
    """One query, and over which transport it came."""

    way: str
    name: str
    kind: int


def _name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def _value(kind: str, value: str) -> bytes:
    if kind in ("A", "AAAA"):
        return ip_address(value).packed
    if kind == "MX":
        return struct.pack("!H", 10) + _name(value)
    pieces = [value.encode()[n : n + 255] for n in range(0, len(value.encode()), 255)] or [b""]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _asked(question: bytes) -> tuple[str, int, int]:
    """Name, record type, and where the question ends."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels), struct.unpack_from("!H", question, at + 1)[0], at + 5


class NameServer:
    """`zone`: the records; `asked`: the queries received; `spoil`: alters UDP answers; `most`: their maximum size in
    bytes; `broken`: TCP answers are cut off."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[Asked] = []
        self.spoil: Spoil = lambda answer: [answer]
        self.most, self.broken = 1232, False
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))

    def answer(self, question: bytes, way: str) -> bytes:
        """The answer to a question."""
        name, kind, end = _asked(question)
        self.asked.append(Asked(way, name, kind))
        known = self.zone.get(name.lower())
        word = next(word for word, number in KINDS.items() if number == kind)
        found = [_value(word, value) for value in (known or {}).get(word, ())]
        hint = b"\xc0\x0c" + struct.pack("!HHIH", 13, 1, 60, 4) + b"\x01a\x01b"  # a record of another type before them
        records = hint + b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(one)) + one for one in found)
        number = question[:2]
        whole = number + struct.pack("!5H", 0x8180 | (0 if known is not None else 3), 1, len(found) + 1, 0, 0)
        whole += question[12:end] + records
        if way == "udp" and len(whole) > self.most:
            return number + struct.pack("!5H", 0x8380, 1, 0, 0, 0) + question[12:end]
        return whole

    def serve_udp(self) -> None:
        """Serves until the socket is closed."""
        with suppress(OSError):
            while True:
                question, sender = self.udp.recvfrom(4096)
                if not question:  # it is being closed
                    return
                for said in self.spoil(self.answer(question, "udp")):
                    self.udp.sendto(said, sender)

    def serve_tcp(self) -> None:
        """Serves until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.tcp.accept()
                with connection:
                    size = int.from_bytes(connection.recv(2), "big")
                    said = self.answer(connection.recv(size), "tcp")
                    connection.sendall(len(said).to_bytes(2, "big") + (b"" if self.broken else said))


@contextmanager
def naming(zone: Zone) -> Iterator[NameServer]:
    """Runs a name server until the block ends."""
    server = NameServer(zone)
    threads = [threading.Thread(target=one, daemon=True) for one in (server.serve_udp, server.serve_tcp)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for sock in (server.udp, server.tcp):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in threads:
            thread.join(5)
