"""Which requests go through which proxy: by `[run] proxy`, or else by the environment, as other programs read it."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

import httpcore2
import httpx2

from hotpapers.base.errors import SettingsError

SCHEMES = ("http", "https")
FROM_SETTINGS = "[run] proxy"
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_VARIABLE_OF = {"https": "HTTPS_PROXY", "wss": "HTTPS_PROXY", "http": "HTTP_PROXY", "ws": "HTTP_PROXY"}


class Proxy(NamedTuple):
    """A proxy. `origin`: `http://proxy.example:3128`, without user and password, as people are shown it;
    `authorization`: the header of its user and password, empty without; `secrets`: texts that no error may contain;
    `named`: where its address comes from."""

    origin: str
    authorization: str
    secrets: tuple[str, ...]
    named: str

    @property
    def url(self) -> httpx2.URL:
        return httpx2.URL(self.origin)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that the proxy expects with each request; empty without credentials."""
        return [(b"Proxy-Authorization", self.authorization.encode())] if self.authorization else []

    def __str__(self) -> str:
        return f"the proxy {self.origin}"


class Proxies(NamedTuple):
    """The proxies for encrypted and for plain connections, and the hosts that are asked without one, as in NO_PROXY."""

    https: Proxy | None = None
    http: Proxy | None = None
    without: tuple[str, ...] = ()

    @classmethod
    def configured(cls, setting: str, environment: Mapping[str, str]) -> Self:
        """Those of `[run] proxy`, which stands for both, or else of the environment. Raises SettingsError."""
        named = {name: _variable(name, environment) for name in VARIABLES}
        without = tuple(filter(None, re.split(r"[,\s]+", named["NO_PROXY"].lower())))
        if setting:
            proxy = read_proxy(setting, FROM_SETTINGS)
            return cls(proxy, proxy, without)
        https, http = (read_proxy(named[name], name) if named[name] else None for name in VARIABLES[:2])
        return cls(https, http, without)

    def of(self, url: httpx2.URL) -> Proxy | None:
        """The proxy for an address; none for this machine itself."""
        proxy = self.https if _VARIABLE_OF[url.scheme] == "HTTPS_PROXY" else self.http
        if proxy is None or _is_this_machine(url.host) or any(_covers(entry, url) for entry in self.without):
            return None
        return proxy

    @property
    def distinct(self) -> list[Proxy]:
        """All, each once."""
        return list(dict.fromkeys(proxy for proxy in (self.https, self.http) if proxy))


NO_PROXIES = Proxies()


def _variable(name: str, environment: Mapping[str, str]) -> str:
    """A variable, small letters first. A web server sets HTTP_PROXY from a request's header (CVE-2016-5385)."""
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
        return environment.get(name.lower(), "")
    return environment.get(name.lower()) or environment.get(name, "")


def read_proxy(text: str, named: str) -> Proxy:
    """The proxy with an address such as `http://user:password@proxy.example:3128`, or without a scheme. Raises
    SettingsError, which never shows the address: it may hold a password."""
    with suppress(httpx2.InvalidURL, UnicodeError, ValueError):
        url = httpx2.URL(text if "://" in text else f"http://{text}")
        is_origin = url.path in ("", "/") and not url.query
        if url.scheme in SCHEMES and url.raw_host and is_origin and 0 < (url.port or 1) < 65_536:
            user, _, password = url.userinfo.decode("ascii").partition(":")
            default = 443 if url.scheme == "https" else 80
            origin = f"{url.scheme}://{_bracketed(url.raw_host.decode('ascii'))}:{url.port or default}"
            login = f"{unquote(user)}:{unquote(password)}"
            authorization = f"Basic {b64encode(login.encode()).decode()}" if user or password else ""
            secrets = (unquote(password), authorization.removeprefix("Basic "))
            return Proxy(origin, authorization, tuple(filter(None, secrets)), named)
    raise SettingsError(f"{named}: write the address of an HTTP proxy, such as http://proxy.example:3128")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ip_address(host.partition("%")[0]).is_loopback
    return False


def _covers(entry: str, url: httpx2.URL) -> bool:
    """Whether an entry of NO_PROXY is for a host: `*`, a domain with all below it, an address, a network of addresses;
    each may name a port."""
    if entry == "*":
        return True
    with suppress(ValueError):
        return ip_address(url.host) in ip_network(entry.strip("[]"), strict=False)
    with suppress(ValueError):
        ip_network(entry.strip("[]"), strict=False)
        return False
    domain, _, port = entry.removeprefix("*").removeprefix(".").partition(":")
    is_port = not port or port == str(url.port or {"https": 443, "wss": 443}.get(url.scheme, 80))
    return is_port and (url.host == domain or url.host.endswith(f".{domain}"))


# ---- connections -------------------------------------------------------------------------------------------

_KEPT: Mapping[str, Any] = MappingProxyType({"max_keepalive_connections": 4, "keepalive_expiry": 15})


def direct_pool(backend: httpcore2.NetworkBackend, context: ssl.SSLContext) -> httpcore2.ConnectionPool:
    """Connections to the servers that are asked. `context`: which certificates to trust."""
    return httpcore2.ConnectionPool(ssl_context=context, network_backend=backend, **_KEPT)


def proxied_pool(proxy: Proxy, backend: httpcore2.NetworkBackend, context: ssl.SSLContext) -> httpcore2.HTTPProxy:
    """Connections through a proxy: by CONNECT for https, else it is asked itself."""
    return httpcore2.HTTPProxy(
        proxy.origin,
        proxy_headers=proxy.headers,
        ssl_context=context,
        proxy_ssl_context=context if proxy.url.scheme == "https" else None,
        network_backend=backend,
        **_KEPT,
    )


def open_tunnel(
    proxy: Proxy, pool: httpcore2.ConnectionPool, host: str, port: int, seconds: float
) -> httpcore2.NetworkStream:
    """A connection to a host through a proxy, for connections other than requests, by CONNECT (RFC 9110 §9.3.6).
    `pool`: direct connections to the proxy. Raises ProxyError, which begins with the proxy's status, as httpcore2
    does."""
    target = f"{_bracketed(host)}:{port}".encode()
    url = httpcore2.URL(scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=target)
    timeout = dict.fromkeys(("connect", "pool", "write", "read"), seconds)
    headers = [(b"Host", target), *proxy.headers]
    response = pool.handle_request(httpcore2.Request(b"CONNECT", url, headers=headers, extensions={"timeout": timeout}))
    if not 200 <= response.status < 300:
        reason = response.extensions.get("reason_phrase", b"").decode("ascii", "replace")
        response.close()
        raise httpcore2.ProxyError(f"{response.status} {reason}")
    stream: httpcore2.NetworkStream = response.extensions["network_stream"]
    return stream
