"""PoliteHttpClient: sends requests, follows redirects itself, retries, returns the response or raises why not."""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, Self, TypeVar

import httpcore2
import httpx2
from websockets.sync.client import ClientConnection

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.http import streams
from hotpapers.base.http.address_guard import (
    HTTP,
    WEBSOCKET,
    AddressGuard,
    Resolve,
    host_and_port,
    onward_from,
    read_address,
)
from hotpapers.base.http.proxies import NO_PROXIES, Proxies, Proxy, direct_pool, open_tunnel, proxied_pool
from hotpapers.base.http.redact_errors import SecretRedactor, public_url
from hotpapers.base.http.retry_policy import (
    HeaderListener,
    Headers,
    HostPacer,
    Retryable,
    backoff_seconds,
    check_status,
    pace_of,
    plain_reason,
    refused_by_proxy,
)
from hotpapers.base.http.streams import LineStream, decompress_body, read_body, with_heartbeat
from hotpapers.base.http.transport import ClientLimits, Deadline, GuardedBackend, TrafficCounter
from hotpapers.base.model import Response
from hotpapers.base.text.domains import with_ascii_domains
from hotpapers.base.version import __version__

T = TypeVar("T")
NOTHING: Headers = MappingProxyType({})
REDIRECTS = frozenset((301, 302, 303, 307, 308))
# The only headers sent on to another server: all others may be secrets.
PUBLIC = frozenset(("user-agent", "accept", "accept-encoding", "accept-language"))

UNREACHED = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
"""The request never reached the server."""
BROKEN = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, zlib.error)
"""The response broke off, stalled, or cannot be read."""


class _OpenResponse(NamedTuple):
    """A response whose body has not been read yet."""

    url: httpx2.URL
    status: int
    headers: Headers
    response: httpcore2.Response

    @property
    def coding(self) -> str:
        return self.headers.get("content-encoding", "").strip().lower()


def user_agent(contact: str) -> str:
    """The User-Agent, with the operator's public contact: `hotpapers/0.1.0 (+https://example.org/)`."""
    comment = "".join(c for c in with_ascii_domains(contact) if " " <= c <= "~" and c not in "()\\").strip()
    return f"hotpapers/{__version__} (+{comment})" if comment else f"hotpapers/{__version__}"


def bearer_header(token: str) -> dict[str, str]:
    """The header that a request with a token has (RFC 6750); none without one."""
    return {"authorization": f"Bearer {token}"} if token else {}


def wall_clock() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


class PoliteHttpClient:
    """Implements `model.HttpClient` for one source and one thread. Close it after use.

    `agent`: the User-Agent (see user_agent). `pace`: least seconds between the starts of two requests, by host; an
    entry covers the host's subdomains too; 1 for all others. `reserve(host, pace)`: reserves the host's next slot and
    returns the seconds to wait; by default for this client alone. `base_addresses`: from the operator's settings;
    only the hosts and ports named there may be internal addresses. `clock`: µs UTC. `sleep`: waits seconds.
    `stop`: once set, anything that waits raises Stopped. `secrets`: kept out of all errors. `resolve`: like
    socket.getaddrinfo. `context`: which certificates to trust; the system's authorities by default. `on_headers`:
    called with each response's headers. `proxies`: through which requests go; names are then looked up by them.
    """

    def __init__(
        self,
        agent: str,
        *,
        pace: Mapping[str, float] = MappingProxyType({}),
        reserve: Callable[[str, float], float] | None = None,
        base_addresses: Sequence[str] = (),
        clock: Callable[[], int] = wall_clock,
        sleep: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
        secrets: Sequence[str] = (),
        limits: ClientLimits | None = None,
        resolve: Resolve = socket.getaddrinfo,
        context: ssl.SSLContext | None = None,
        on_headers: HeaderListener | None = None,
        proxies: Proxies = NO_PROXIES,
    ) -> None:
        stop = stop or threading.Event()
        self.traffic = TrafficCounter()
        self._agent = agent
        self._pace = pace
        self._clock = clock
        self._on_headers = on_headers
        self._reserve = reserve or HostPacer()
        self._sleep = sleep or stop.wait
        self._proxies = proxies
        hidden = [secret for proxy in proxies.distinct for secret in proxy.secrets]
        self._redact = SecretRedactor((*secrets, *hidden))
        self._limits = limits or ClientLimits()
        self._deadline = Deadline(stop)
        self._resolve = resolve
        self._guard = AddressGuard(base_addresses, resolve)
        self._backend = GuardedBackend(self._guard, self._deadline, self.traffic)
        self._context = context or httpcore2.default_ssl_context()
        self._pools = {proxy: self._new_pool(proxy) for proxy in (None, *proxies.distinct)}
        self._validators = OrderedDict[str, dict[str, str]]()  # by address, the latest last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    # ---- the HttpClient protocol ---------------------------------------------------------------------

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] = NOTHING,
        headers: Headers = NOTHING,
        accept: Sequence[int] = (),
        with_body: bool = True,
    ) -> Response:
        """The response, if its status is 2xx or in `accept`; not `with_body`: without its body, which may be damaged.
        Your headers are not sent on to other servers.

        With 304 in `accept`, the request carries the ETag or date of the last response; 304 then means unchanged.
        Tried up to `limits.tries` times. Raises RetryLater, RequestRefused, NetError, Stopped.
        """
        address = read_address(url, HTTP)
        request_headers = self._headers(headers)
        target = address.copy_merge_params(dict(params)) if params else address
        open_response = partial(self._open, target, request_headers, accept)
        return self._with_retries(lambda: self._read_response(open_response(), with_body=with_body))

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] = NOTHING,
        body: bytes = b"",
        headers: Headers = NOTHING,
        accept: Sequence[int] = (),
        with_body: bool = True,
    ) -> Response:
        """The response to a form, or to a body whose type is in `headers`, if its status is 2xx or in `accept`; not
        `with_body`: without its body, which may be damaged.

        Sent once: retried only if no server was reached. Redirects are refused.
        """
        address = read_address(url, HTTP)
        request_headers = self._headers(headers)
        request = partial(httpx2.Request, "POST", address, headers=request_headers)

        def send(pool: httpcore2.ConnectionPool) -> Response:
            outcome = self._ask(pool, request(content=body) if body else request(data=dict(form)), accept)
            if isinstance(outcome, httpx2.URL):
                raise RequestRefused(self._redact(f"{public_url(address)}: redirects a form to {public_url(outcome)}"))
            return self._read_response(outcome, with_body=with_body)

        # an idle connection may have died, and then there is no telling whether the form arrived: use a new one
        with self._new_pool(self._proxies.of(address)) as pool:
            return self._with_retries(partial(send, pool), resend=False)

    def messages(self, url: str, *, headers: Headers = NOTHING) -> Iterator[bytes | None]:
        """The messages of a websocket, text as UTF-8; None after 30 s without one. Raises NetError when it ends."""
        address = read_address(url, WEBSOCKET)
        request_headers = self._headers(headers)
        with (
            self._names_address(address),
            self._with_retries(lambda: self._connect_websocket(address, request_headers)) as connection,
            closing(connection),  # first of all, so that the server is told that it is at an end
        ):
            take = partial(streams.next_message, connection)
            yield from with_heartbeat(take, self._deadline, self._limits.silence, math.inf)

    def lines(self, url: str, *, headers: Headers = NOTHING) -> Iterator[bytes | None]:
        """The lines of a response, without their ends, as they arrive; None after 30 s without one.

        Ends when the response ends. Raises NetError if it breaks off or stays silent for five minutes.
        """
        address = read_address(url, HTTP)
        request_headers = self._headers({**headers, "accept-encoding": "identity"})
        open_response = self._with_retries(lambda: self._open(address, request_headers, (), patient=True))
        chunks = decompress_body(open_response.response.iter_stream(), open_response.coding)
        with (
            self._names_address(open_response.url),
            closing(open_response.response),
            closing(LineStream(chunks, self._deadline, self._limits.line)) as stream,
        ):
            try:
                yield from with_heartbeat(stream.take, self._deadline, self._limits.silence, self._limits.longest)
            except BROKEN as problem:
                raise NetError(str(problem)) from None

    def now(self) -> int:
        return self._clock()

    def sleep(self, seconds: float) -> None:
        self._deadline.check()
        if seconds > 0:
            self._sleep(seconds)
            self._deadline.check()

    def forget(self) -> None:
        """Forget all ETags and dates: for when a response arrived but could not be kept."""
        self._validators.clear()

    # ---- one attempt ---------------------------------------------------------------------------------

    def _connect_websocket(self, url: httpx2.URL, headers: Headers) -> ClientConnection:
        self._begin(url)
        proxy = self._proxies.of(url)
        stream: httpcore2.NetworkStream
        try:
            if proxy is None:
                stream = self._backend.connect_tcp(*host_and_port(url), self._limits.connect)
            else:
                self._judge(url)
                self._deadline.until = time.monotonic() + self._limits.whole
                pool = direct_pool(self._backend_to(proxy), self._context)
                stream = open_tunnel(proxy, pool, *host_and_port(url), self._limits.connect)
        except httpcore2.ProxyError as problem:
            raise refused_by_proxy(problem, str) from None
        except (*UNREACHED, *BROKEN) as problem:
            raise Retryable(plain_reason(problem)) from None
        headers = {name: value for name, value in headers.items() if name != "accept-encoding"}
        return streams.open_websocket(
            url, stream.get_extra_info("socket"), self._context, headers, self.traffic, self._limits, self.now(),
            is_in_tls=proxy is not None and proxy.url.scheme == "https",
        )  # fmt: skip

    def _open(
        self, url: httpx2.URL, headers: Headers, accept: Collection[int], *, patient: bool = False
    ) -> _OpenResponse:
        """Send a GET and follow redirects. `patient`: the body may pause for any length of time."""
        for _ in range(self._limits.redirects + 1):
            conditions = self._validators.get(str(url), NOTHING) if 304 in accept else NOTHING
            request = httpx2.Request("GET", url, headers={**headers, **conditions})
            outcome = self._ask(self._pools[self._proxies.of(url)], request, accept, patient=patient)
            if not isinstance(outcome, httpx2.URL):
                return outcome
            if outcome.origin != url.origin:
                headers = {name: value for name, value in headers.items() if name in PUBLIC}
            url = outcome
        raise RequestRefused(self._redact(f"{public_url(url)}: more than {self._limits.redirects} redirects"))

    def _ask(
        self, pool: httpcore2.ConnectionPool, request: httpx2.Request, accept: Collection[int], *, patient: bool = False
    ) -> _OpenResponse | httpx2.URL:
        """Send one request: a response with its body unread, or the target of a redirect."""
        limits = self._limits
        url = request.url
        self._begin(url)
        read = None if patient else limits.read
        timeout = {"connect": limits.connect, "pool": limits.connect, "write": limits.read, "read": read}
        self._deadline.until = time.monotonic() + limits.whole
        with self._names_address(url), ExitStack() as stack:
            self._judge(url)
            response = pool.handle_request(
                httpcore2.Request(
                    request.method,
                    httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.read(),
                    extensions={"timeout": timeout},
                )
            )
            stack.callback(response.close)
            headers = dict(httpx2.Headers(response.headers, encoding="latin-1").items())  # else quadratic
            if self._on_headers is not None:
                self._on_headers(headers, self.now())
            if response.status in REDIRECTS and response.status not in accept:
                return onward_from(url, headers.get("location", ""))
            check_status(response.status, headers, accept, self.now())
            stack.pop_all()
            return _OpenResponse(url, response.status, headers, response)

    def _begin(self, url: httpx2.URL) -> None:
        """Wait for the host's next slot, then count the request."""
        host, port = host_and_port(url)
        self.sleep(self._reserve(*pace_of(host, port, self._pace)))
        self.traffic.count(requests=1)

    def _judge(self, url: httpx2.URL) -> None:
        """Judges the name of a host that a proxy looks up; all others are judged when they are connected to. Raises
        RequestRefused."""
        if self._proxies.of(url):
            self._guard.check_name(*host_and_port(url))

    def _read_response(self, open_response: _OpenResponse, *, with_body: bool) -> Response:
        """Read the body, if there is one. Its ETag is remembered only once the whole body has arrived."""
        url, status, headers, response = open_response
        if not with_body:
            response.close()
            return Response(status, headers, b"", str(url), self.now())
        with self._names_address(url), closing(response):
            if int(headers.get("content-length", "0")) > self._limits.size:
                raise NetError(f"the response has more than {self._limits.size:,} bytes")
            body = read_body(response.iter_stream(), open_response.coding, self._limits.size)
        if status == 200:
            conditions = {
                "if-none-match": headers.get("etag", ""),
                "if-modified-since": headers.get("last-modified", ""),
            }
            self._validators.pop(str(url), None)
            if usable := {name: value for name, value in conditions.items() if value and value.isascii()}:
                self._validators[str(url)] = usable
            while len(self._validators) > self._limits.remembered:
                self._validators.popitem(last=False)
        return Response(status, headers, body, str(url), self.now())

    # ---- retries, errors, headers --------------------------------------------------------------------

    def _with_retries(self, attempt: Callable[[], T], *, resend: bool = True) -> T:
        """Try until it works or no attempts are left. Without `resend`, stop if a server may have acted on it."""
        retryable = Retryable("never sent")
        sent_requests = 0
        for n in range(self._limits.tries):
            if n:
                self.sleep(backoff_seconds(n, self._limits.backoff))
            try:
                outcome = attempt()
                return outcome._replace(tries=sent_requests + 1) if isinstance(outcome, Response) else outcome
            except Retryable as failure:
                retryable = failure
                sent_requests += failure.sent
            if retryable.sent and not resend:
                break
        reason = retryable.reason
        problem = RetryLater(retryable.seconds, reason) if retryable.seconds else NetError(reason)
        problem.tries = sent_requests
        raise problem

    @contextmanager
    def _names_address(self, url: httpx2.URL) -> Iterator[None]:
        """Add the address to errors raised inside, and redact them. Their cause is dropped: it may contain secrets. A
        failing connection is raised as Retryable."""
        try:
            yield
        except RetryLater as problem:
            raise type(problem)(problem.seconds, self._describe(url, problem.reason)) from None
        except RequestRefused as problem:
            raise RequestRefused(self._describe(url, problem.reason), problem.status) from None
        except NetError as problem:
            raise NetError(self._describe(url, problem), problem.tries) from None
        except Retryable as problem:
            raise Retryable(self._describe(url, problem), sent=problem.sent, seconds=problem.seconds) from None
        except httpcore2.ProxyError as problem:
            raise refused_by_proxy(problem, partial(self._describe, url)) from None
        except (*UNREACHED, *BROKEN) as problem:
            raise Retryable(
                self._describe(url, plain_reason(problem)), sent=not isinstance(problem, UNREACHED)
            ) from None

    def _describe(self, url: httpx2.URL, problem: object) -> str:
        proxy = self._proxies.of(url)
        return self._redact(f"{public_url(url)}{f' through {proxy}' if proxy else ''}: {problem}")

    def _headers(self, extra: Headers) -> dict[str, str]:
        headers = {"user-agent": self._agent, "accept": "*/*", "accept-encoding": "gzip"}
        headers |= {name.lower(): value for name, value in extra.items()}
        for name, value in headers.items():
            if not all(" " <= c <= "~" for c in value):
                raise NetError(f"the header {name} contains a character not allowed in headers, such as a line break")
        return headers

    def _new_pool(self, proxy: Proxy | None) -> httpcore2.ConnectionPool:
        """The connections of requests: to their servers, or to a proxy."""
        if proxy is None:
            return direct_pool(self._backend, self._context)
        return proxied_pool(proxy, self._backend_to(proxy), self._context)

    def _backend_to(self, proxy: Proxy) -> GuardedBackend:
        """Opens connections to a proxy, which the operator has named, and to nothing else inside."""
        return GuardedBackend(AddressGuard((proxy.origin,), self._resolve), self._deadline, self.traffic)
