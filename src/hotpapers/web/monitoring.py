"""What machines ask a running program: `/metrics` for Prometheus, `/health` for whoever restarts it.

On an address of its own, for the operator's own network: nothing here is for readers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hotpapers.errors import SettingsError
from hotpapers.jobs.isolation import describe_error, is_defect, log_defect
from hotpapers.schedule.health import SiteHealth


def address_of(listen: str) -> tuple[str, int]:
    """`127.0.0.1:9464` or `[::1]:9464` as host and port. Raises SettingsError."""
    host, _, port = listen.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise SettingsError(f"run.listen: {listen!r} is no address; write it as 127.0.0.1:9464.")
    return host.strip("[]"), int(port)


@contextmanager
def monitor(listen: str, ask: Callable[[], SiteHealth], metrics: Callable[[], str]) -> Iterator[int]:
    """Answers on an address until the end of the context; gives its port. Raises SettingsError."""
    try:
        server = ThreadingHTTPServer(address_of(listen), _handler(ask, metrics))
    except OSError as problem:
        raise SettingsError(f"run.listen: {listen}: {problem.strerror}; choose another address.") from problem
    thread = threading.Thread(target=server.serve_forever, name="monitor", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(ask: Callable[[], SiteHealth], metrics: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            """The two addresses; 503 where somebody must look, or the store cannot be asked."""
            try:
                if self.path == "/metrics":
                    self._say(200, "text/plain; version=0.0.4; charset=utf-8", metrics())
                elif self.path == "/health":
                    state = ask()
                    self._say(200 if state.ok else 503, "application/json", json.dumps(state._asdict()))
                else:
                    self._say(404, "text/plain; charset=utf-8", "ask for /metrics or /health\n")
            except ConnectionError:
                pass  # whoever asked is gone
            except Exception as problem:
                if is_defect(problem):
                    log_defect("monitor", problem)
                told = {"ok": False, "problems": [f"store: {describe_error(problem)}"], "failing": []}
                self._say(503, "application/json", json.dumps(told))

        def _say(self, status: int, type: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("content-type", type)
            self.send_header("content-length", str(len(body)))
            self.send_header("cache-control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: whoever watches asks every few seconds."""

    return Handler
