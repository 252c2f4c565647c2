"""DNS look-ups. The only file that imports a DNS library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from dns.exception import DNSException
from dns.nameserver import Do53Nameserver
from dns.resolver import NXDOMAIN, Resolver

from hotpapers.errors import NetError, UsageError

PORT = 53
SIZE = 1232
"""Bytes of a UDP answer that pass through any network; larger answers come by TCP."""
WAIT, TRIES = 3.0, 2
"""Seconds to wait for an answer, and how often each resolver is asked."""

Server = tuple[str, int]


class DnsResolver:
    """Queries resolvers, by default this machine's. Methods raise NetError if no resolver can answer."""

    def __init__(self, servers: Sequence[Server] = (), wait: float = WAIT) -> None:
        self._servers, self._wait = servers, wait

    def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name; none if the name does not exist."""
        return self._records(name, "TXT", lambda record: b"".join(record.strings).decode("utf-8", "replace"))

    def exchangers(self, name: str) -> tuple[str, ...]:
        return self._records(name, "MX", lambda record: record.exchange.to_text(omit_final_dot=True).rstrip("."))

    def addresses(self, name: str) -> tuple[str, ...]:
        return tuple(
            address for kind in ("A", "AAAA") for address in self._records(name, kind, lambda record: record.address)
        )

    def _records(self, name: str, kind: str, write: Callable[[Any], str]) -> tuple[str, ...]:
        try:
            answer = self._resolver().resolve(name, kind, search=False, raise_on_no_answer=False)
        except NXDOMAIN:
            return ()
        except (DNSException, OSError, ValueError) as problem:
            raise NetError(f"{name}: its records cannot be read: {problem}") from problem
        return tuple(write(record) for record in answer.rrset or ())

    def _resolver(self) -> Resolver:
        resolver = Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [Do53Nameserver(host, port) for host, port in self._servers]
        resolver.use_edns(0, 0, SIZE)
        resolver.timeout = self._wait
        resolver.lifetime = self._wait * TRIES * len(resolver.nameservers)
        return resolver


def server_of(text: str) -> Server:
    """Parses a resolver's address: `9.9.9.9`, `127.0.0.1:5353`, `[::1]:53`. Raises UsageError."""
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", str(PORT))
    try:
        server = str(ip_address(host.strip("[]"))), int(port)
    except ValueError:
        server = "", 0
    if not 0 < server[1] < 65_536:
        raise UsageError(f"{text}: not a resolver; write its IP address, such as 127.0.0.1:53")
    return server
