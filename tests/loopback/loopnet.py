"""The loopback internet without sockets: an HttpClient with a simulated clock, so that years pass in minutes.

Sources get the same answers and faults as over sockets; a fault of the connection becomes the error that the polite
client raises for it. It is for one thread: sleeping, or listening to a stream, moves the clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from hotpapers.errors import NetError, RequestRefused, RetryLater, Stopped
from hotpapers.http.retry_policy import Retryable, check_status
from hotpapers.model import HttpClient, Response
from tests.loopback import sse
from tests.loopback.clock import SteppedClock
from tests.loopback.faults import SILENT, WIRE, Fault, Plan
from tests.loopback.hosts import HOSTS, STREAMS, addresses, mangled, played, refusal, staged
from tests.loopback.scene import NONE, Request, Scene, request
from tests.loopback.script import NEVER, Script
from tests.loopback.stream import Tail

TRIES = 3
STALLED = 30.0
"""Seconds after which a client gives up on a stalled server, and after which it is told that a stream is silent."""
_BROKEN = {"reset": "the connection was reset", "truncated": "the response ends early", "stall": "no data for 30 s"}


class LoopClient:
    """A `model.HttpClient`. `took`: seconds that a request takes; `stop_at`: the moment from which Stopped is raised.

    `bases`: addresses valid only here. `asked`: number of requests by host. `waited`: seconds slept.
    """

    def __init__(
        self, script: Script, clock: SteppedClock, plan: Plan | None = None, *, took: float = 0.0, stop_at: int = NEVER
    ) -> None:
        self.script, self.clock, self.plan = script, clock, plan or Plan()
        self.stop_at, self.asked = stop_at, Counter[str]()
        self.waited = 0.0
        self._took = took
        self._etags: dict[str, str] = {}
        self.bases = {name: _base(name, address) for name, address in addresses(dict.fromkeys(HOSTS, 0)).items()}
        self._hosts = {urlsplit(base).netloc: name for name, base in self.bases.items()}

    # ---- the clock ---------------------------------------------------------------------------------------

    def now(self) -> int:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises Stopped from `stop_at` on."""
        self.waited += seconds
        self.clock.advance(seconds)
        self._heed()

    def _heed(self) -> None:
        if self.now() >= self.stop_at:
            raise Stopped("the program was told to stop")

    # ---- the methods of model.HttpClient -----------------------------------------------------------------

    def get(
        self, url: str, *, params: Mapping[str, str] = NONE, headers: Mapping[str, str] = NONE,
        accept: Sequence[int] = (),
    ) -> Response:  # fmt: skip
        whole = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
        known = {"if-none-match": self._etags[whole]} if 304 in accept and whole in self._etags else {}
        answer = self._persist(whole, {**headers, **known}, "GET", b"", accept)
        if "etag" in answer.headers:
            self._etags[whole] = answer.headers["etag"]
        return answer

    def post(
        self, url: str, *, form: Mapping[str, str] = NONE, body: bytes = b"", headers: Mapping[str, str] = NONE,
        accept: Sequence[int] = (),
    ) -> Response:  # fmt: skip
        return self._persist(url, headers, "POST", body or urlencode(form).encode(), accept)

    def messages(self, url: str, *, headers: Mapping[str, str] = NONE) -> Iterator[bytes | None]:
        """A stream from its cursor on; after all past events, the clock moves on to the next one."""
        host, asked = self._opened(url, headers)
        tail = Tail(self._scene(host), asked)
        while True:
            self._heed()
            scene = self._scene(host)
            fault = self.plan.at(host, asked.path, scene.now)
            if fault and fault.kind in SILENT:
                self.clock.advance(STALLED)
                yield None
            else:
                yield from self._told(tail, scene, fault)
                yield from self._silence(tail, host)

    def lines(self, url: str, *, headers: Mapping[str, str] = NONE) -> Iterator[bytes | None]:
        """The lines of a Mastodon server's stream, from now on."""
        host, asked = self._opened(url, headers)
        no = sse.refused(asked)
        if no is not None:
            raise RequestRefused(f"{host}: answered {no.status}", no.status)
        tail = sse.Lines(self._scene(host), asked)
        while True:
            self._heed()
            fault = self.plan.at(host, asked.path, self.now())
            if fault and (fault.kind in WIRE or refusal(self._scene(host), fault)):
                self._break(host, fault)
            yield from () if fault and fault.kind in SILENT else tail.until(self._scene(host))
            yield from self._silence(tail, host)

    def _silence(self, tail: Tail | sse.Lines, host: str) -> Iterator[None]:
        """Move the clock to the next event, by half a minute at most."""
        coming = tail.next_at(self._scene(host), self.now() + round(STALLED * 1e6))
        if coming is None:
            self.clock.advance(STALLED)
            yield None
        else:
            self.clock.to(coming)

    # ---- one request -------------------------------------------------------------------------------------

    def _persist(
        self, url: str, headers: Mapping[str, str], method: str, body: bytes, accept: Sequence[int]
    ) -> Response:
        """Try three times, as the polite client does; a POST is not repeated if the server may have acted on it."""
        trouble, sent = Retryable("never asked"), 0
        for n in range(TRIES):
            if n:
                self.sleep(2.0 ** (n - 1))
            outcome = self._once(url, headers, method, body, accept)
            if isinstance(outcome, Response):
                return outcome._replace(tries=sent + 1)
            trouble, sent = outcome, sent + outcome.sent
            if trouble.sent and method == "POST":
                break
        problem = RetryLater(trouble.seconds, trouble.reason) if trouble.seconds else NetError(trouble.reason)
        problem.tries = sent
        raise problem

    def _once(
        self, url: str, headers: Mapping[str, str], method: str, body: bytes, accept: Sequence[int]
    ) -> Response | Retryable:
        host, asked = self._asked(url, headers, method, body)
        fault = self.plan.at(host, asked.path, self.now())
        trouble = self._broken(host, fault)
        if trouble is not None:
            return trouble
        reply = played(self._scene(host), asked, fault).reply
        told = {"content-type": reply.type, **reply.headers}
        if 300 <= reply.status < 400 and reply.status not in accept:
            raise RequestRefused(f"{host}: resolves to an inside address not named in the settings")
        wrong = check_status(reply.status, told, accept, self.now())
        return wrong or Response(reply.status, told, reply.body, url, self.now())

    def _asked(
        self, url: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> tuple[str, Request]:
        self.clock.advance(self._took)
        self._heed()
        parts = urlsplit(url)
        host = self._hosts.get(parts.netloc)
        if host is None:
            raise NetError(f"{parts.netloc}: no such host here")
        self.asked[host] += 1
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return host, request(target, {name.lower(): value for name, value in headers.items()}, method, body)

    def _broken(self, host: str, fault: Fault | None) -> Retryable | None:
        """The client's error for a failing connection. Raises NetError for an answer that is too large."""
        if fault is None:
            return None
        if fault.kind == "refused":
            return Retryable(f"{host}: the connection was refused", sent=False)
        if fault.kind == "oversized":
            raise NetError(f"{host}: the response has more than 64,000,000 bytes")
        if fault.kind == "slow":
            self.clock.advance(fault.value)
        if fault.kind == "stall":
            self.clock.advance(STALLED)
        return Retryable(f"{host}: {_BROKEN[fault.kind]}") if fault.kind in _BROKEN else None

    def _scene(self, host: str) -> Scene:
        return Scene(self.script, self.now(), host, self.bases)

    # ---- a stream ----------------------------------------------------------------------------------------

    def _opened(self, url: str, headers: Mapping[str, str]) -> tuple[str, Request]:
        """The host and the request, if the host opens the stream. Raises RetryLater, RequestRefused and NetError."""
        host, asked = self._asked(url, headers)
        fault = self.plan.at(host, asked.path, self.now())
        if asked.path not in STREAMS and not asked.path.startswith(sse.PATH):
            raise RequestRefused(f"{host}: no stream there", 404)
        instead = refusal(self._scene(host), fault)
        if instead is not None:
            wrong = check_status(instead.status, instead.headers, (), self.now()) if instead.status >= 400 else None
            raise NetError(
                wrong.reason if wrong else f"{host}: answered {instead.status} instead of opening a websocket"
            )
        if fault and fault.kind in ("refused", "reset", "stall"):
            self._break(host, fault)
        return host, asked

    def _break(self, host: str, fault: Fault) -> NoReturn:
        self.clock.advance(STALLED if fault.kind == "stall" else 0.0)
        raise NetError(f"{host}: {_BROKEN.get(fault.kind, 'the connection was refused')}")

    def _told(self, tail: Tail, scene: Scene, fault: Fault | None) -> Iterator[bytes]:
        """Events until now, changed by the fault. Raises NetError if the fault ends the connection."""
        kind = fault.kind if fault else ""
        if fault and (kind in ("refused", "reset") or refusal(scene, fault)):
            self._break(scene.host, fault)
        if fault and kind == "replayed":
            tail.position = min(tail.position, staged(scene, fault).now)
        for message in tail.until(staged(scene, fault)._replace(now=scene.now)):
            if kind in ("truncated", "oversized"):
                raise NetError(f"{scene.host}: {kind} message")
            yield mangled(message) if kind == "malformed" else message


def _base(name: str, address: str) -> str:
    return f"{address.partition('://')[0]}://{name.replace('.', '-')}.loopback"


def _is_a_net(http: LoopClient) -> HttpClient:
    """Lets mypy check that LoopClient implements HttpClient."""
    return http
