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
AlterAnswer = Callable[[bytes], Sequence[bytes]]
"""Turns a UDP answer into the datagrams actually sent."""


class DnsQuery(NamedTuple):
    """One query, and over which transport it came."""

    transport: str
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


def _query_of(question: bytes) -> tuple[str, int, int]:
    """Name, record type, and where the question ends."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels), struct.unpack_from("!H", question, at + 1)[0], at + 5


class NameServer:
    """`zone`: the records; `queries`: what was received; `alter`: alters UDP answers; `largest`: their maximum size in
    bytes; `cut_off`: whether TCP answers are cut off."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.queries: list[DnsQuery] = []
        self.alter: AlterAnswer = lambda answer: [answer]
        self.largest, self.cut_off = 1232, False
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))

    def answer(self, question: bytes, transport: str) -> bytes:
        """The answer to a question."""
        name, kind, end = _query_of(question)
        self.queries.append(DnsQuery(transport, name, kind))
        values_by_type = self.zone.get(name.lower())
        record_type = next(record_type for record_type, number in KINDS.items() if number == kind)
        values = [_value(record_type, value) for value in (values_by_type or {}).get(record_type, ())]
        hint = b"\xc0\x0c" + struct.pack("!HHIH", 13, 1, 60, 4) + b"\x01a\x01b"  # a record of another type before them
        records = hint + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(value)) + value for value in values
        )
        number = question[:2]
        reply = number + struct.pack("!5H", 0x8180 | (0 if values_by_type is not None else 3), 1, len(values) + 1, 0, 0)
        reply += question[12:end] + records
        if transport == "udp" and len(reply) > self.largest:
            return number + struct.pack("!5H", 0x8380, 1, 0, 0, 0) + question[12:end]
        return reply

    def serve_udp(self) -> None:
        """Serves until the socket is closed."""
        with suppress(OSError):
            while True:
                question, sender = self.udp.recvfrom(4096)
                if not question:  # it is being closed
                    return
                for datagram in self.alter(self.answer(question, "udp")):
                    self.udp.sendto(datagram, sender)

    def serve_tcp(self) -> None:
        """Serves until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.tcp.accept()
                with connection:
                    size = int.from_bytes(connection.recv(2), "big")
                    reply = self.answer(connection.recv(size), "tcp")
                    connection.sendall(len(reply).to_bytes(2, "big") + (b"" if self.cut_off else reply))


@contextmanager
def serving_dns(zone: Zone) -> Iterator[NameServer]:
    """Runs a name server until the block ends."""
    server = NameServer(zone)
    threads = [threading.Thread(target=serve, daemon=True) for serve in (server.serve_udp, server.serve_tcp)]
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
