"""The loopback internet without sockets: an HttpClient with a simulated clock, so that years pass in minutes.

Sources get the same answers and faults as over sockets; a fault of the connection becomes the error that the polite
client raises for it. Use a client in one thread only: sleeping, or listening to a stream, moves its clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from hotpapers.base.errors import NetError, RequestRefused, RetryLater, Stopped
from hotpapers.base.http.retry_policy import Retryable, check_status
from hotpapers.base.model import HttpClient, Response
from tests.loopback import sse
from tests.loopback.clock import SteppedClock
from tests.loopback.faults import SILENT, WIRE, Fault, Plan
from tests.loopback.hosts import HOSTS, STREAM, addresses, answer_request, refusal, with_fault, with_hole
from tests.loopback.network_state import NONE, NetworkState, Reply, Request, parse_request
from tests.loopback.script import NEVER, Script
from tests.loopback.stream import Tail

TRIES = 3
STALLED = 30.0
"""Seconds after which a client gives up on a stalled server, and after which it learns that a stream is silent."""
Answer = Callable[[Request, int], Reply]
"""How a host that is not a network answers a request at a moment."""
NO_OTHERS: Mapping[str, Answer] = {}
Change = Callable[[Request, Callable[[Request], Reply]], Reply | Retryable]
"""A network's answer to a request when its platform has changed, or the failure of the connection, given what would
have answered. A stream's messages are answers, too."""
_BROKEN = {"reset": "the connection was reset", "truncated": "the response ends early", "stall": "no data for 30 s"}


class DirectClient:
    """A `model.HttpClient`. `request_seconds`: how long each request takes. `stop_at`: from when on it raises Stopped.
    `others`: hosts that are no networks, such as another site or a room, by name. `change`: how platforms have changed.

    `bases`: addresses that only this client knows. `request_counts`: the number of requests by host.
    """

    def __init__(
        self,
        script: Script,
        clock: SteppedClock,
        plan: Plan | None = None,
        *,
        request_seconds: float = 0.0,
        stop_at: int = NEVER,
        others: Mapping[str, Answer] = NO_OTHERS,
        change: Change = lambda request, ask: ask(request),
    ) -> None:
        self.script, self.clock, self.plan = script, clock, plan or Plan()
        self.stop_at, self.request_counts = stop_at, Counter[str]()
        self._request_seconds, self._others, self._change = request_seconds, others, change
        self._etags: dict[str, str] = {}
        self.bases = {name: _base(name, address) for name, address in addresses(dict.fromkeys(HOSTS, 0)).items()}
        self._hosts = {urlsplit(base).netloc: name for name, base in self.bases.items()}

    # ---- the clock ---------------------------------------------------------------------------------------

    def now(self) -> int:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises Stopped from `stop_at` on."""
        self.clock.advance(seconds)
        self._check_stop()

    def _check_stop(self) -> None:
        if self.now() >= self.stop_at:
            raise Stopped("the program was told to stop")

    # ---- the methods of model.HttpClient -----------------------------------------------------------------

    def get(
        self, url: str, *, params: Mapping[str, str] = NONE, headers: Mapping[str, str] = NONE,
        accept: Sequence[int] = (), with_body: bool = True,
    ) -> Response:  # fmt: skip
        full_url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
        conditions = {"if-none-match": self._etags[full_url]} if 304 in accept and full_url in self._etags else {}
        response = self._request_with_retries(full_url, {**headers, **conditions}, "GET", b"", accept)
        if "etag" in response.headers:
            self._etags[full_url] = response.headers["etag"]
        return response

    def post(
        self, url: str, *, form: Mapping[str, str] = NONE, body: bytes = b"", headers: Mapping[str, str] = NONE,
        accept: Sequence[int] = (), with_body: bool = True,
    ) -> Response:  # fmt: skip
        return self._request_with_retries(url, headers, "POST", body or urlencode(form).encode(), accept)

    def messages(self, url: str, *, headers: Mapping[str, str] = NONE) -> Iterator[bytes | None]:
        """A stream from its cursor on; after all past events, the clock moves on to each next one."""
        host, request = self._open_stream(url, headers)
        tail = Tail(self._state(host), request)
        while True:
            self._check_stop()
            state = self._state(host)
            fault = self.plan.at(host, request.path, state.now)
            if fault and fault.kind in SILENT:
                self.clock.advance(STALLED)
                yield None
            else:
                for message in self._new_messages(tail, state, fault):
                    yield self._changed(request, message)
                yield from self._wait_for_event(tail, host)

    def lines(self, url: str, *, headers: Mapping[str, str] = NONE) -> Iterator[bytes | None]:
        """The lines of a Mastodon server's stream, from now on."""
        host, request = self._open_stream(url, headers)
        refusal_reply = sse.refusal(request)
        if refusal_reply is not None:
            raise RequestRefused(f"{host}: answered {refusal_reply.status}", refusal_reply.status)
        tail = sse.Lines(self._state(host), request)
        while True:
            self._check_stop()
            fault = self.plan.at(host, request.path, self.now())
            if fault and (fault.kind in WIRE or refusal(self._state(host), fault)):
                self._fail(host, fault)
            yield from () if fault and fault.kind in SILENT else tail.until(self._state(host))
            yield from self._wait_for_event(tail, host)

    def _wait_for_event(self, tail: Tail | sse.Lines, host: str) -> Iterator[None]:
        """Move the clock on to the next event, by half a minute at most."""
        next_event = tail.next_at(self._state(host), self.now() + round(STALLED * 1e6))
        if next_event is None:
            self.clock.advance(STALLED)
            yield None
        else:
            self.clock.to(next_event)

    # ---- one request -------------------------------------------------------------------------------------

    def _request_with_retries(
        self, url: str, headers: Mapping[str, str], method: str, body: bytes, accept: Sequence[int]
    ) -> Response:
        """Try three times, as the polite client does; a POST is not repeated if the server may have acted on it."""
        failure, sent = Retryable("not sent"), 0
        for n in range(TRIES):
            if n:
                self.sleep(2.0 ** (n - 1))
            try:
                return self._request_once(url, headers, method, body, accept)._replace(tries=sent + 1)
            except Retryable as problem:
                failure, sent = problem, sent + problem.sent
            if failure.sent and method == "POST":
                break
        error = RetryLater(failure.seconds, failure.reason) if failure.seconds else NetError(failure.reason)
        error.tries = sent
        raise error

    def _request_once(
        self, url: str, headers: Mapping[str, str], method: str, body: bytes, accept: Sequence[int]
    ) -> Response:
        host, request = self._parse(url, headers, method, body)
        if host in self._others:
            reply = self._others[host](request, self.now())
        else:
            fault = self.plan.at(host, request.path, self.now())
            self._check_connection(host, fault)
            changed = self._change(request, lambda request: answer_request(self._state(host), request, fault).reply)
            if isinstance(changed, Retryable):
                raise changed
            reply = changed
        response_headers = {"content-type": reply.type, **reply.headers}
        if 300 <= reply.status < 400 and reply.status not in accept:
            target = response_headers.get("location", "")
            if method == "GET" and urlsplit(target).netloc in self._others:
                return self._request_once(target, NONE, method, body, accept)  # headers stay with their host
            if method == "POST" and urlsplit(target).netloc in self._others:
                raise RequestRefused(f"{url}: redirects a form to {target}")
            raise RequestRefused(f"{host}: resolves to an internal address not named in the settings")
        check_status(reply.status, response_headers, accept, self.now())
        return Response(reply.status, response_headers, reply.body, url, self.now())

    def _parse(
        self, url: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> tuple[str, Request]:
        self.clock.advance(self._request_seconds)
        self._check_stop()
        parts = urlsplit(url)
        host = parts.netloc if parts.netloc in self._others else self._hosts.get(parts.netloc)
        if host is None:
            raise NetError(f"{parts.netloc}: no such host here")
        self.request_counts[host] += 1
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return host, parse_request(target, {name.lower(): value for name, value in headers.items()}, method, body)

    def _check_connection(self, host: str, fault: Fault | None) -> None:
        """Raises the client's error for a failing connection, and NetError for an answer that is too large."""
        if fault is None:
            return
        if fault.kind == "refused":
            raise Retryable(f"{host}: the connection was refused", sent=False)
        if fault.kind == "oversized":
            raise NetError(f"{host}: the response has more than 64,000,000 bytes")
        if fault.kind == "slow":
            self.clock.advance(fault.value)
        if fault.kind == "stall":
            self.clock.advance(STALLED)
        if fault.kind in _BROKEN:
            raise Retryable(f"{host}: {_BROKEN[fault.kind]}")

    def _state(self, host: str) -> NetworkState:
        return NetworkState(self.script, self.now(), host, self.bases)

    # ---- a stream ----------------------------------------------------------------------------------------

    def _open_stream(self, url: str, headers: Mapping[str, str]) -> tuple[str, Request]:
        """The host and the request, if the host opens the stream. Raises RetryLater, RequestRefused and NetError."""
        host, request = self._parse(url, headers)
        fault = self.plan.at(host, request.path, self.now())
        if request.path != STREAM and not request.path.startswith(sse.PATH):
            raise RequestRefused(f"{host}: no stream there", 404)
        replacement = refusal(self._state(host), fault)
        if replacement is not None:
            reason = f"{host}: answered {replacement.status} instead of opening a websocket"
            try:
                if replacement.status >= 400:
                    check_status(replacement.status, replacement.headers, (), self.now())
            except Retryable as problem:
                reason = problem.reason
            raise NetError(reason)
        if fault and fault.kind in ("refused", "reset", "stall"):
            self._fail(host, fault)
        return host, request

    def _changed(self, request: Request, message: bytes) -> bytes:
        """A stream's message as the changed platform sends it."""
        changed = self._change(request, lambda request: Reply(200, message))
        if isinstance(changed, Retryable):
            raise NetError(changed.reason)
        return changed.body

    def _fail(self, host: str, fault: Fault) -> NoReturn:
        self.clock.advance(STALLED if fault.kind == "stall" else 0.0)
        raise NetError(f"{host}: {_BROKEN.get(fault.kind, 'the connection was refused')}")

    def _new_messages(self, tail: Tail, state: NetworkState, fault: Fault | None) -> Iterator[bytes]:
        """The messages until now, changed by the fault. Raises NetError if the fault ends the connection."""
        kind = fault.kind if fault else ""
        if fault and (kind in ("refused", "reset") or refusal(state, fault)):
            self._fail(state.host, fault)
        if fault and kind == "replayed":
            tail.position = min(tail.position, with_fault(state, fault).now)
        for message in tail.until(with_fault(state, fault)._replace(now=state.now)):
            if kind in ("truncated", "oversized"):
                raise NetError(f"{state.host}: {kind} message")
            yield with_hole(message) if kind == "malformed" else message


def _base(name: str, address: str) -> str:
    return f"{address.partition('://')[0]}://{name.replace('.', '-')}.loopback"


def _is_a_net(http: DirectClient) -> HttpClient:
    """Lets mypy check that DirectClient implements HttpClient."""
    return http
