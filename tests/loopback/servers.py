"""The loopback internet on real sockets: a port per host, all in this process."""

from __future__ import annotations

import http.server
import threading
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple, Self

from tests.loopback import sse
from tests.loopback.clock import Clock
from tests.loopback.faults import SILENT, WIRE, Fault, Plan
from tests.loopback.hosts import HOSTS, STREAMS, TRAP, Played, addresses, mangled, played, refusal, staged
from tests.loopback.scene import Reply, Request, Scene, request
from tests.loopback.script import Script
from tests.loopback.stream import Tail
from tests.loopback.wire import LARGE_MESSAGE, Websocket, break_off, head, send

TICK = 0.02
"""Real seconds between two looks at the clock, by streams and by the thread that opens and closes ports."""
REMEMBERED = 10_000


class Asked(NamedTuple):
    """A request received at a simulated moment, and the status of the answer; 101 for a stream."""

    at: int
    host: str
    method: str
    path: str
    status: int
    fault: str


class Loopback:
    """Serves a script by a clock, with faults. `port`: of the first host, the others follow; 0: any that are free.

    Use it in a `with` block. `bases`: the base address of each host. `asked`: the latest requests. `sent`: bytes
    of bodies and messages, by host. `profiles`: the profile texts of accounts, by id; may be changed at any time.
    """

    def __init__(self, script: Script, clock: Clock, plan: Plan | None = None, *, port: int = 0) -> None:
        self.script, self.clock, self.plan = script, clock, plan or Plan()
        self.over = threading.Event()
        self.asked: deque[Asked] = deque(maxlen=REMEMBERED)
        self._counted: Counter[tuple[str, int]] = Counter()
        self.sent: Counter[str] = Counter()
        self.profiles: dict[str, str] = {}
        self._doors = {name: Door(self, name, port + n if port else 0) for n, name in enumerate(HOSTS)}
        self._lock, self._keys = threading.Lock(), threading.Lock()
        self._guard = threading.Thread(target=self._keep_doors, name="loopback", daemon=True)
        self.bases: Mapping[str, str] = addresses({name: door.port for name, door in self._doors.items()})

    def __enter__(self) -> Self:
        self.settle()
        self._guard.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.over.set()
        self._guard.join()
        with ThreadPoolExecutor(len(self._doors)) as all_at_once:
            list(all_at_once.map(Door.shut, self._doors.values()))

    @property
    def trapped(self) -> int:
        """How many requests went to the address that nobody may contact."""
        return sum(count for (host, _), count in self.counted().items() if host == TRAP)

    def counted(self) -> Counter[tuple[str, int]]:
        """The number of requests by host and status."""
        with self._lock:
            return self._counted.copy()

    def settle(self) -> None:
        """Open and close ports according to the plan now, rather than at the next tick."""
        for name, door in self._doors.items():
            fault = self.plan.at(name, "", self.clock.now())
            with self._keys:
                if fault and fault.kind == "refused":
                    door.shut()
                else:
                    door.open()

    def _keep_doors(self) -> None:
        while not self.over.wait(TICK):
            self.settle()

    def scene(self, host: str) -> Scene:
        """The scene from which a host answers now."""
        return Scene(self.script, self.clock.now(), host, self.bases, profiles=self.profiles)

    def note(self, host: str, method: str, target: str, status: int, fault: Fault | None) -> None:
        """Record a request."""
        with self._lock:
            self.asked.append(Asked(self.clock.now(), host, method, target, status, fault.kind if fault else ""))
            self._counted[host, status] += 1


class Door:
    """A host's port, which may be closed at times."""

    def __init__(self, loopback: Loopback, host: str, port: int) -> None:
        self._loopback, self._host = loopback, host
        self._server: _Server | None = _Server(loopback, host, port)
        self.port: int = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start listening, if it does not yet."""
        if self._server is None:
            with suppress(OSError):  # another program is using the port just now
                self._server = _Server(self._loopback, self._host, self.port)
        if self._server is not None and self._thread is None:
            self._thread = threading.Thread(target=self._server.serve_forever, args=(TICK,), daemon=True)
            self._thread.start()

    def shut(self) -> None:
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors: a client that went away is not one here."""


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
        asked = request(self.path, headers, self.command, body)
        scene = loopback.scene(host)
        fault = loopback.plan.at(host, asked.path, scene.now)
        if headers.get("upgrade", "").lower() == "websocket" and asked.path in STREAMS:
            self._stream(scene, asked, fault)
        elif asked.path.startswith(sse.PATH) and host.startswith("mastodon"):
            self._lines(scene, asked, fault)
        else:
            self._answer(scene, played(scene, asked, fault), fault)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def _answer(self, scene: Scene, answer: Played, fault: Fault | None) -> None:
        loopback = self.server.loopback
        loopback.note(scene.host, self.command, self.path, answer.reply.status, fault)
        skewed = scene.claims(scene.now) if not fault or fault.kind != "skewed" else scene.now + fault.value * 1e6
        loopback.sent[scene.host] += len(answer.reply.body)
        try:
            again = send(self.connection, answer.reply, answer.wire, skewed / 1e6, loopback.over)
        except OSError:
            again = False
        if not again:
            self._end()

    def _end(self) -> None:
        """Close the connection, with a reset if one was prepared. The handler's own files must be closed too."""
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    # ---- websockets --------------------------------------------------------------------------------------

    def _stream(self, scene: Scene, asked: Request, fault: Fault | None) -> None:
        instead = refusal(scene, fault)
        if instead is not None or (fault and fault.kind in ("refused", "reset", "stall")):
            return self._answer(scene, Played(instead or Reply(), fault if instead is None else None), fault)
        loopback = self.server.loopback
        loopback.note(scene.host, "STREAM", self.path, 101, fault)
        handshake = f"{self.requestline}\r\n{self.headers}".replace("\r\n", "\n").replace("\n", "\r\n")
        with suppress(OSError):
            _Teller(loopback, scene.host, asked, Websocket(self.connection, handshake.encode())).tell()
        break_off(self.connection)
        self._end()

    # ---- lines -------------------------------------------------------------------------------------------

    def _lines(self, scene: Scene, asked: Request, fault: Fault | None) -> None:
        """An answer that does not end. The only faults are those that prevent its beginning, and silence."""
        instead = refusal(scene, fault) or sse.refused(asked)
        if instead is not None or (fault and fault.kind in WIRE):
            return self._answer(scene, Played(instead or Reply(), fault if instead is None else None), fault)
        loopback = self.server.loopback
        loopback.note(scene.host, "LINES", self.path, 200, fault)
        lines = sse.Lines(scene, asked)
        with suppress(OSError):
            self.connection.sendall(head(Reply(type="text/event-stream"), None, scene.now / 1e6))
            while not loopback.over.wait(TICK):
                now = loopback.scene(scene.host)
                silent = loopback.plan.at(scene.host, asked.path, now.now)
                told = [] if silent and silent.kind in SILENT else list(lines.until(now))
                self.connection.sendall(b"".join(line + b"\n" for line in told) or b":thump\n")
        self._end()


class _Teller:
    """Sends a stream until one side closes it."""

    def __init__(self, loopback: Loopback, host: str, asked: Request, socket: Websocket) -> None:
        self._loopback, self._host, self._path, self._socket = loopback, host, asked.path, socket
        self._tail = Tail(loopback.scene(host), asked)
        self._text = asked.path == STREAMS[0] and not self._tail.packed

    def tell(self) -> None:
        """Send what has happened since the last look at the clock, again and again."""
        while self._socket.listen():
            scene = self._loopback.scene(self._host)
            fault = self._loopback.plan.at(self._host, self._path, scene.now)
            if fault and (fault.kind in ("refused", "reset") or refusal(scene, fault)):
                return
            if not self._told(scene, fault):
                return
            if self._loopback.over.wait(TICK):
                return self._socket.close()

    def _told(self, scene: Scene, fault: Fault | None) -> bool:
        """Send what has happened until now; whether the stream continues."""
        kind = fault.kind if fault else ""
        if kind in SILENT:
            return True
        if kind == "replayed":
            self._tail.position = min(self._tail.position, staged(scene, fault).now)
        for message in self._tail.until(staged(scene, fault)._replace(now=scene.now)):
            if not (self._say(message, kind) and self._socket.listen()):
                return False
            if fault and kind == "slow":
                self._loopback.over.wait(fault.value / 10)
        if kind == "replayed":
            self._loopback.over.wait(TICK * 10)
        return self._loopback.over.is_set() is False

    def _say(self, message: bytes, kind: str) -> bool:
        """Send one message, changed by the fault; whether the stream continues."""
        self._loopback.sent[self._host] += len(message)
        if kind == "truncated":
            self._socket.send_half(message)
            return False
        if kind == "oversized":
            message = message + b" " * LARGE_MESSAGE
        self._socket.send(mangled(message) if kind == "malformed" else message, text=self._text)
        return not self._loopback.over.is_set()
