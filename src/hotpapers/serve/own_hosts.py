"""Whether a request is for this server and from its own pages, by the headers Host (RFC 9110 §7.2) and Origin (RFC 6454
§7): somebody's page can have its own name resolve to an inner address (DNS rebinding), and so read, as a page of the
same site, what is only served inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.types import Scope, Send

from hotpapers.base.http.address_guard import PORTS, is_inside_name
from hotpapers.base.text.domains import ascii_domain
from hotpapers.serve.http_messages import Refused, header_of

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@\s,]+)(?::([0-9]{0,5}))?", re.ASCII)
WRONG_HOST = "this server has another name; if it is one of yours, add it to `hosts` of [serve]"
WRONG_ORIGIN = "requests of other sites' pages are not answered"


class HostName(NamedTuple):
    """A host as it is compared: in lowercase, as DNS has it, IPv6 in brackets. `port`: 0 for that of the scheme."""

    name: str
    port: int

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """Its IP address; None if it is a name."""
        try:
            address = ip_address(self.name.strip("[]"))
        except ValueError:
            return None
        return getattr(address, "ipv4_mapped", None) or address

    @property
    def is_local(self) -> bool:
        """Whether it means the machine of the browser, which no DNS server can change (RFC 6761 §6.3)."""
        if self.name == "localhost":
            return True
        return self.ip is not None and self.ip.is_loopback


def read_host(text: str) -> HostName | None:
    """`Papers.Example.:8000`, `[::1]`; None for anything else."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    domain = match[1].lower().removesuffix(".")
    host = HostName(ascii_domain(domain), int(match[2] or 0))
    if host.name.startswith("["):
        if host.ip:
            name = f"[{ip_address(host.name[1:-1])}]"
            return host._replace(name=name)
        return None
    return host if host.name else None


class OwnHosts:
    """A server's names. `base`: its public address, empty if it has none; `others`: from the settings; `listens_on`:
    the IP address. IP addresses are taken if it listens beyond this machine: no DNS server gives them out."""

    def __init__(self, base: str, others: tuple[str, ...], listens_on: str) -> None:
        parts = urlsplit(base)
        public = read_host(parts.netloc)
        self.is_public = public is not None and not is_inside_name(public.name.strip("[]"))
        if public:
            port = public.port or PORTS[parts.scheme.lower()]
            named = [public._replace(port=port)]
        else:
            named = []
        self._hosts = (*named, *filter(None, map(read_host, others)))
        self._is_inside_only = ip_address(listens_on.partition("%")[0]).is_loopback

    def refusal(self, scope: Scope) -> Refused | None:
        """Why a request is not answered; None if it is."""
        if refused := self.host_refusal(scope):
            return refused
        origin = header_of(scope, b"origin")
        return Refused(403, WRONG_ORIGIN) if origin and not self._is_own_page(origin, scope) else None

    def host_refusal(self, scope: Scope) -> Refused | None:
        """Why a request is not for this server. One without a host comes from no browser, and is answered."""
        text = header_of(scope, b"host")
        host = read_host(text)
        is_own = host is not None and (
            host.is_local
            or host.name in {own.name for own in self._hosts}
            or (host.ip is not None and not self._is_inside_only)
        )
        return None if is_own or not text else Refused(421, WRONG_HOST)

    def _is_own_page(self, origin: str, scope: Scope) -> bool:
        scheme, _, text = origin.lower().partition("://")
        host = read_host(text)
        default = PORTS.get(scheme, 0)
        requested = read_host(header_of(scope, b"host"))
        own = {(known.name, known.port or default) for known in (*self._hosts, requested) if known}
        if scheme not in ("http", "https") or host is None:
            return False
        return (host.name, host.port or default) in own


def to_own_pages(send: Send) -> Send:
    """Sends replies of a server that is not public: without the headers that let pages of other sites read them
    (CORS)."""
    return partial(_send_closed, send)


async def _send_closed(send: Send, message: MutableMapping[str, Any]) -> None:
    if message["type"] == "http.response.start":
        message = {**message, "headers": list(_closed(message["headers"]))}
    await send(message)


def _closed(headers: Any) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        if not name.startswith(b"access-control-"):
            yield name, b"same-origin" if name == b"cross-origin-resource-policy" else value
