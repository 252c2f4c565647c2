"""Which addresses may be requested, judged by their text and by the addresses of their host name.

Internal addresses are refused unless the operator's settings name them. A name is resolved and checked here, once.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpx2

from hotpapers.base.errors import NetError, RequestRefused, SettingsError

HTTP = ("http", "https")
WEBSOCKET = ("ws", "wss")
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""Like `socket.getaddrinfo`."""

# Not on the public internet, although some version of Python calls them global.
INSIDE_4 = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15")))
OPEN_6 = ip_network("2000::/3")
INSIDE_6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# The last 32 bits are an IPv4 address: mapped, or translated (RFC 6052).
HOLDS_4 = tuple(map(ip_network, ("::ffff:0:0/96", "64:ff9b::/96")))


def is_inside(text: str) -> bool:
    """Whether an IP address is anything but a single host on the public internet.

    Inside are loopback, private, link-local, shared (RFC 6598), multicast, reserved, unspecified and documentation
    addresses, and every IPv6 address that embeds such an IPv4 address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if any(address in network for network in HOLDS_4):
            return is_inside(str(IPv4Address(int(address) & 0xFFFF_FFFF)))
        return address not in OPEN_6 or any(address in network for network in INSIDE_6)
    return not address.is_global or address.is_multicast or any(address in network for network in INSIDE_4)


class AddressGuard:
    """Resolves names. `base_addresses`: those in the operator's settings; only their hosts and ports may be inside."""

    def __init__(self, base_addresses: Iterable[str], resolve: Resolve) -> None:
        self._own_hosts = frozenset(map(_host_and_port, base_addresses))
        self._resolve = resolve

    def checked(self, host: str, port: int) -> tuple[str, ...]:
        """The IP addresses of a host, all of them allowed. Raises RequestRefused, or OSError if the host has none."""
        try:
            answers = self._resolve(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:  # labels that are empty or too long
            raise RequestRefused(f"{host} is not a host name") from None
        addresses = tuple(dict.fromkeys(str(row[4][0]) for row in answers))
        inside = [address for address in addresses if is_inside(address)]
        # a single internal address among public ones may be an attack
        if inside and (host, port) not in self._own_hosts:
            raise RequestRefused(f"{host} port {port} is an internal address ({inside[0]}) not named in the settings")
        return addresses

    def check_name(self, host: str, port: int) -> None:
        """For a host that a proxy looks up: judges its name alone. Raises RequestRefused."""
        if (host, port) not in self._own_hosts and is_inside_name(host):
            raise RequestRefused(f"{host} port {port} is an internal address not named in the settings")


_INSIDE_DOMAINS = frozenset(
    ("alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localhost")
)
"""Domains that are not on the public internet (RFC 2606, 6761, 6762, 8375, 9476; ICANN's `internal`), or are usual
inside."""


def is_inside_name(host: str) -> bool:
    """Whether a host is inside by its name: an inside IP address, however it is written; a name without a domain, or
    below a domain that the public internet does not have."""
    name = host.rstrip(".")
    try:
        return is_inside(name)
    except ValueError:
        last = name.rpartition(".")[2].lower()
        is_number = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) is not None  # an IPv4 address in another notation
        return is_number or "." not in name or last in _INSIDE_DOMAINS


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        return host_and_port(read_address(address, tuple(PORTS)))
    except RequestRefused:
        reason = "a base address must begin with http://, https://, ws:// or wss://, name a host and have no password"
        raise SettingsError(reason) from None


def host_and_port(url: httpx2.URL) -> tuple[str, int]:
    """The host as it is looked up, and the port (the scheme's default if none is given)."""
    return url.raw_host.decode("ascii"), url.port if url.port is not None else PORTS[url.scheme]


# ---- addresses as text -------------------------------------------------------------------------------


def read_address(text: str, schemes: Collection[str]) -> httpx2.URL:
    """Parse an address, allowing it by its text alone. Raises RequestRefused, without showing the address: it may
    contain secrets."""
    try:
        url = httpx2.URL(text)
        is_usable = url.scheme in schemes and url.raw_host and not url.userinfo
        if is_usable and (url.port is None or 0 < url.port < 65_536):
            return url.copy_with(fragment=None)
    except (httpx2.InvalidURL, UnicodeError):
        pass
    raise RequestRefused(
        f"not an {' or '.join(f'{scheme}://' for scheme in schemes)} address without user and password"
    )


def require_address(text: str) -> None:
    """Raises ValueError, as msgspec expects, if a setting is not an address that may be requested."""
    try:
        read_address(text, HTTP)
    except RequestRefused:
        shown = "this address" if "@" in text else repr(text[:100])
        raise ValueError(
            f"{shown} is not usable; write a full address, without a password: https://host.example/"
        ) from None


_NOT_ASCII = re.compile(r"[\x80-\xff]")


def onward_from(url: httpx2.URL, location: str) -> httpx2.URL:
    """The target of a redirect. `location`: as received, bytes as Latin-1. Raises RequestRefused, and NetError if there
    is no target."""
    if not location:
        raise NetError("redirects without a target")
    try:
        target = str(url.join(_NOT_ASCII.sub(lambda sign: f"%{ord(sign[0]):02X}", location)))
    except (httpx2.InvalidURL, ValueError):
        raise RequestRefused("redirects to something that is not an address") from None
    try:
        onward = read_address(target, HTTP)
    except RequestRefused as problem:
        raise RequestRefused(f"redirects to something that is {problem.reason}") from None
    if url.scheme == "https" and onward.scheme == "http":
        raise RequestRefused("redirects from https to http")
    return onward


_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]?")
"""A host name or an IP address."""


def address_of(listen: str, setting: str = "run.listen") -> tuple[str, int]:
    """`127.0.0.1:9464` or `[::1]:9464` as host and port. `setting`: its name for errors. Raises SettingsError."""
    host, _, port = listen.rpartition(":")
    if not (_HOST.fullmatch(host) and port.isascii() and port.isdigit() and int(port) < 65536):
        raise SettingsError(f"{setting}: {listen!r} is not an address; write it like 127.0.0.1:9464")
    return host.strip("[]"), int(port)
