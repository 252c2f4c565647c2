"""A small DNS client: what a domain says of its mail. RFC 1035, RFC 6891 (larger answers), RFC 7766 (over TCP).

It asks a resolver, which does the work. What comes back is bounded in size and time, and not trusted to be well-formed.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import NetError, UsageError

A, MX, TXT, AAAA, OPT = 1, 15, 16, 28, 41
INTERNET = 1
PORT = 53
SIZE = 1232
"""Bytes of an answer by UDP that pass every network."""
WAIT, TRIES = 3.0, 2
"""Seconds for an answer, and how often each resolver is asked."""
LONGEST_NAME = 253
JUMPS = 20
"""So often may a name in an answer go on elsewhere in it."""

Server = tuple[str, int]


class DnsAnswer(NamedTuple):
    """What a resolver said. `code`: 0 fine, 3 no such name. `values`: texts, addresses or hosts."""

    code: int
    truncated: bool
    values: tuple[str, ...]


class DnsResolver:
    """Asks resolvers, those of this machine by default."""

    def __init__(self, servers: Sequence[Server] = (), wait: float = WAIT) -> None:
        self._servers, self._wait = tuple(servers) or system_servers(), wait

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a name; none where there is no such name. Raises NetError where nobody can say."""
        return self._asked(name, TXT)

    def exchangers(self, name: str) -> tuple[str, ...]:
        """The hosts that take a domain's mail."""
        return self._asked(name, MX)

    def addresses(self, name: str) -> tuple[str, ...]:
        """The IP addresses of a host."""
        return (*self._asked(name, A), *self._asked(name, AAAA))

    def _asked(self, name: str, kind: int) -> tuple[str, ...]:
        problem = "no resolver"
        for server in self._servers * TRIES:
            number = secrets.randbelow(1 << 16)
            try:
                answer = self._ask(server, question(number, name, kind), number, kind)
            except (OSError, ValueError) as trouble:
                problem = str(trouble) or "no answer"
                continue
            if answer.code in (0, 3):
                return answer.values
            problem = f"answered with code {answer.code}"
        raise NetError(f"{name}: its records cannot be read: {problem}")

    def _ask(self, server: Server, asked: bytes, number: int, kind: int) -> DnsAnswer:
        answer = read_answer(self._by_udp(server, asked, number), asked, kind)
        return read_answer(self._by_tcp(server, asked), asked, kind) if answer.truncated else answer

    def _by_udp(self, server: Server, asked: bytes, number: int) -> bytes:
        """The datagram that answers; others are passed over."""
        with socket.socket(_family(server), socket.SOCK_DGRAM) as sock:
            sock.connect(server)
            sock.send(asked)
            until = time.monotonic() + self._wait
            while (left := until - time.monotonic()) > 0:
                sock.settimeout(left)
                data = sock.recv(4096)
                if data[:2] == number.to_bytes(2, "big"):
                    return data
        raise OSError("no answer")

    def _by_tcp(self, server: Server, asked: bytes) -> bytes:
        until = time.monotonic() + self._wait
        with socket.create_connection(server, self._wait) as sock:
            sock.sendall(len(asked).to_bytes(2, "big") + asked)
            size = int.from_bytes(_received(sock, 2, until), "big")
            return _received(sock, size, until)


def _family(server: Server) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in server[0] else socket.AF_INET


def _received(sock: socket.socket, size: int, until: float) -> bytes:
    data = b""
    while len(data) < size:
        sock.settimeout(max(until - time.monotonic(), 0.001))
        more = sock.recv(size - len(data))
        if not more:
            raise OSError("the answer breaks off")
        data += more
    return data


def system_servers(file: Path = Path("/etc/resolv.conf")) -> tuple[Server, ...]:
    """The resolvers of this machine."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    named = [one[1] for one in words if len(one) > 1 and one[0] == "nameserver"]
    return tuple((name, PORT) for name in named[:3]) or (("127.0.0.1", PORT),)


def server_of(text: str) -> Server:
    """A resolver as people write it: `9.9.9.9`, `127.0.0.1:5353`, `[::1]:53`. Raises UsageError."""
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", str(PORT))
    try:
        return str(ip_address(host.strip("[]"))), int(port)
    except ValueError:
        raise UsageError(f"{text}: no resolver; write its IP address, such as 127.0.0.1:53") from None


# ---- the wire ------------------------------------------------------------------------------------------


def question(number: int, name: str, kind: int) -> bytes:
    """A question as it goes over the wire. Raises ValueError for what is no name."""
    head = struct.pack("!6H", number, 0x0100, 1, 0, 0, 1)
    larger = b"\0" + struct.pack("!HHIH", OPT, SIZE, 0, 0)
    return head + _name(name) + struct.pack("!HH", kind, INTERNET) + larger


def _name(name: str) -> bytes:
    labels = name.rstrip(".").encode("ascii").split(b".")
    if len(name) > LONGEST_NAME or not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"{name[:80]}: no name of a host")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_answer(data: bytes, asked: bytes, kind: int) -> DnsAnswer:
    """What an answer says. Raises ValueError for what is none to this question."""
    try:
        number, flags, questions, answers, _, _ = struct.unpack_from("!6H", data)
        if number != int.from_bytes(asked[:2], "big") or not flags & 0x8000 or questions != 1:
            raise ValueError("an answer to something else")
        _, at = _read_name(data, 12)
        if data[12 : at + 4].lower() != asked[12 : at + 4].lower():
            raise ValueError("an answer to something else")
        values = _records(data, at + 4, answers, kind) if not flags & 0x0200 else ()
        return DnsAnswer(flags & 15, bool(flags & 0x0200), values)
    except (struct.error, IndexError):
        raise ValueError("an answer that cannot be read") from None


def _records(data: bytes, at: int, answers: int, kind: int) -> tuple[str, ...]:
    values = []
    for _ in range(answers):
        _, at = _read_name(data, at)
        found, _, _, size = struct.unpack_from("!HHIH", data, at)
        at += 10
        if at + size > len(data):
            raise ValueError("an answer that breaks off")
        if found == kind:
            values.append(_value(data, at, size, kind))
        at += size
    return tuple(values)


def _value(data: bytes, at: int, size: int, kind: int) -> str:
    value = data[at : at + size]
    if kind == A:
        return str(IPv4Address(value))
    if kind == AAAA:
        return str(IPv6Address(value))
    if kind == MX:
        return _read_name(data, at + 2)[0]
    pieces, offset = [], 0
    while offset < size:
        length = value[offset]
        pieces.append(value[offset + 1 : offset + 1 + length])
        offset += 1 + length
    return b"".join(pieces).decode("utf-8", "replace")


def _read_name(data: bytes, at: int) -> tuple[str, int]:
    """A name in an answer, and where what follows it begins. It may go on elsewhere (RFC 1035 §4.1.4)."""
    labels: list[str] = []
    after = 0
    for _ in range(JUMPS + LONGEST_NAME // 2):
        length = data[at]
        if length >= 0xC0:
            after = after or at + 2
            at = (length & 0x3F) << 8 | data[at + 1]
            continue
        if length == 0:
            return ".".join(labels), after or at + 1
        if length > 63:
            raise ValueError("a name that is none")
        labels.append(data[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    raise ValueError("a name that does not end")
