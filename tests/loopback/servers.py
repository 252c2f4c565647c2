"""The loopback internet on real sockets: a port per host, all in this process."""

from __future__ import annotations

import http.server
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple, Self

from tests.loopback import sse
from tests.loopback.clock import Clock
from tests.loopback.faults import SILENT, WIRE, Fault, Plan
from tests.loopback.hosts import HOSTS, STREAM, TRAP, Answer, addresses, answer_request, refusal, with_fault, with_hole
from tests.loopback.network_state import NetworkState, Reply, Request, parse_request
from tests.loopback.script import Account, Script
from tests.loopback.stream import Tail
from tests.loopback.wire import LARGE_MESSAGE, Websocket, break_off, head, send

TICK = 0.02
"""Real seconds after which streams, and the thread that opens and closes ports, look at the clock again."""
REMEMBERED = 10_000


class LoggedRequest(NamedTuple):
    """A request received at a simulated moment, and the status of the answer; 101 for a stream."""

    at: int
    host: str
    method: str
    path: str
    status: int
    fault: str


class Loopback:
    """Serves a script by a clock, with faults. `port`: of the first host; the others follow. 0: any free ports.

    Use it in a `with` block. `bases`: the base address of each host. `requests`: the latest ones. `bytes_sent`:
    bytes of bodies and messages, by host. `profiles`: the profile texts of accounts, by id; `lists`: lists of
    accounts, by name; both may be changed at any time.
    """

    def __init__(self, script: Script, clock: Clock, plan: Plan | None = None, *, port: int = 0) -> None:
        self.script, self.clock, self.plan = script, clock, plan or Plan()
        self.stop = threading.Event()
        self.requests: deque[LoggedRequest] = deque(maxlen=REMEMBERED)
        self._request_counts: Counter[tuple[str, int]] = Counter()
        self.bytes_sent: Counter[str] = Counter()
        self.profiles: dict[str, str] = {}
        self.lists: dict[str, Sequence[Account]] = {}
        self._ports = {name: Port(self, name, port + n if port else 0) for n, name in enumerate(HOSTS)}
        self._lock, self._ports_lock = threading.Lock(), threading.Lock()
        self._port_thread = threading.Thread(target=self._keep_ports_updated, name="loopback", daemon=True)
        self.bases: Mapping[str, str] = addresses({name: port.port for name, port in self._ports.items()})

    def __enter__(self) -> Self:
        self.update_ports()
        self._port_thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop.set()
        self._port_thread.join()
        with ThreadPoolExecutor(len(self._ports)) as executor:
            list(executor.map(Port.close, self._ports.values()))

    @property
    def trap_requests(self) -> int:
        """How many requests went to the address that no client may contact."""
        return sum(count for (host, _), count in self.request_counts().items() if host == TRAP)

    def request_counts(self) -> Counter[tuple[str, int]]:
        """The number of requests by host and status."""
        with self._lock:
            return self._request_counts.copy()

    def update_ports(self) -> None:
        """Open and close ports according to the plan now, rather than at the next tick."""
        for name, port in self._ports.items():
            fault = self.plan.at(name, "", self.clock.now())
            with self._ports_lock:
                if fault and fault.kind == "refused":
                    port.close()
                else:
                    port.open()

    def _keep_ports_updated(self) -> None:
        while not self.stop.wait(TICK):
            self.update_ports()

    def state(self, host: str) -> NetworkState:
        """What a host knows now."""
        return NetworkState(self.script, self.clock.now(), host, self.bases, profiles=self.profiles, lists=self.lists)

    def record(self, host: str, method: str, target: str, status: int, fault: Fault | None) -> None:
        """Record a request."""
        with self._lock:
            self.requests.append(
                LoggedRequest(self.clock.now(), host, method, target, status, fault.kind if fault else "")
            )
            self._request_counts[host, status] += 1


class Port:
    """A host's port, which may be closed at times."""

    def __init__(self, loopback: Loopback, host: str, port: int) -> None:
        self._loopback, self._host = loopback, host
        self._server: _Server | None = _Server(loopback, host, port)
        self.port: int = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start listening, unless it already does."""
        if self._server is None:
            with suppress(OSError):  # another program is using the port just now
                self._server = _Server(self._loopback, self._host, self.port)
        if self._server is not None and self._thread is None:
            self._thread = threading.Thread(target=self._server.serve_forever, args=(TICK,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop listening: connections are refused."""
        server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server is not None:
            if thread is not None:
                server.shutdown()
                thread.join()
            server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, loopback: Loopback, host: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.loopback, self.host = loopback, host

    def handle_error(self, parse_request: Any, client_address: Any) -> None:
        """Ignore errors: a client may go away at any time."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection: requests one after another, or a websocket."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer as the host does at this moment."""
        loopback, host = self.server.loopback, self.server.host
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = parse_request(self.path, headers, self.command, body)
        state = loopback.state(host)
        fault = loopback.plan.at(host, request.path, state.now)
        if headers.get("upgrade", "").lower() == "websocket" and request.path == STREAM:
            self._stream(state, request, fault)
        elif request.path.startswith(sse.PATH) and host.startswith("mastodon"):
            self._lines(state, request, fault)
        else:
            self._answer(state, answer_request(state, request, fault), fault)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def _answer(self, state: NetworkState, answer: Answer, fault: Fault | None) -> None:
        loopback = self.server.loopback
        loopback.record(state.host, self.command, self.path, answer.reply.status, fault)
        clock_time = (
            state.network_time(state.now) if not fault or fault.kind != "skewed" else state.now + fault.value * 1e6
        )
        loopback.bytes_sent[state.host] += len(answer.reply.body)
        try:
            is_reusable = send(self.connection, answer.reply, answer.wire, clock_time / 1e6, loopback.stop)
        except OSError:
            is_reusable = False
        if not is_reusable:
            self._end()

    def _end(self) -> None:
        """Close the connection, with a reset if one was prepared. The handler's own files must be closed too."""
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    # ---- websockets --------------------------------------------------------------------------------------

    def _stream(self, state: NetworkState, request: Request, fault: Fault | None) -> None:
        replacement = refusal(state, fault)
        if replacement is not None or (fault and fault.kind in ("refused", "reset", "stall")):
            return self._answer(state, Answer(replacement or Reply(), fault if replacement is None else None), fault)
        loopback = self.server.loopback
        loopback.record(state.host, "STREAM", self.path, 101, fault)
        handshake = f"{self.requestline}\r\n{self.headers}".replace("\r\n", "\n").replace("\n", "\r\n")
        with suppress(OSError):
            _StreamSender(loopback, state.host, request, Websocket(self.connection, handshake.encode())).run()
        break_off(self.connection)
        self._end()

    # ---- lines -------------------------------------------------------------------------------------------

    def _lines(self, state: NetworkState, request: Request, fault: Fault | None) -> None:
        """Send an answer that does not end. Faults either prevent it or make it silent."""
        replacement = refusal(state, fault) or sse.refusal(request)
        if replacement is not None or (fault and fault.kind in WIRE):
            return self._answer(state, Answer(replacement or Reply(), fault if replacement is None else None), fault)
        loopback = self.server.loopback
        loopback.record(state.host, "LINES", self.path, 200, fault)
        lines = sse.Lines(state, request)
        with suppress(OSError):
            self.connection.sendall(head(Reply(type="text/event-stream"), None, state.now / 1e6))
            while not loopback.stop.wait(TICK):
                current_state = loopback.state(state.host)
                current_fault = loopback.plan.at(state.host, request.path, current_state.now)
                new_lines = [] if current_fault and current_fault.kind in SILENT else list(lines.until(current_state))
                self.connection.sendall(b"".join(line + b"\n" for line in new_lines) or b":thump\n")
        self._end()


class _StreamSender:
    """Sends a stream until one side closes it."""

    def __init__(self, loopback: Loopback, host: str, request: Request, socket: Websocket) -> None:
        self._loopback, self._host, self._path, self._socket = loopback, host, request.path, socket
        self._tail = Tail(loopback.state(host), request)

    def run(self) -> None:
        """Send what has happened since the last look at the clock, again and again."""
        while self._socket.listen():
            state = self._loopback.state(self._host)
            fault = self._loopback.plan.at(self._host, self._path, state.now)
            if fault and (fault.kind in ("refused", "reset") or refusal(state, fault)):
                return
            if not self._send_new(state, fault):
                return
            if self._loopback.stop.wait(TICK):
                return self._socket.close()

    def _send_new(self, state: NetworkState, fault: Fault | None) -> bool:
        """Send what has happened until now. Return whether the stream continues."""
        kind = fault.kind if fault else ""
        if kind in SILENT:
            return True
        if kind == "replayed":
            self._tail.position = min(self._tail.position, with_fault(state, fault).now)
        for message in self._tail.until(with_fault(state, fault)._replace(now=state.now)):
            if not (self._send(message, kind) and self._socket.listen()):
                return False
            if fault and kind == "slow":
                self._loopback.stop.wait(fault.value / 10)
        if kind == "replayed":
            self._loopback.stop.wait(TICK * 10)
        return self._loopback.stop.is_set() is False

    def _send(self, message: bytes, kind: str) -> bool:
        """Send one message, changed by the fault. Return whether the stream continues."""
        self._loopback.bytes_sent[self._host] += len(message)
        if kind == "truncated":
            self._socket.send_half(message)
            return False
        if kind == "oversized":
            message = message + b" " * LARGE_MESSAGE
        self._socket.send(with_hole(message) if kind == "malformed" else message, text=True)
        return not self._loopback.stop.is_set()
