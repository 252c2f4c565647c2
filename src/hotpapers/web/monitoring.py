"""What machines ask a running program: `/metrics` for Prometheus, `/health` for whoever restarts it.

On an address of its own, for the operator's own network: nothing here is for readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler

from hotpapers.jobs.isolation import describe_error, is_defect, log_defect
from hotpapers.schedule.health import SiteHealth
from hotpapers.web.background_server import background_server


def monitor(listen: str, ask: Callable[[], SiteHealth], metrics: Callable[[], str]) -> AbstractContextManager[int]:
    """Answers on an address until the end of the context, which gives its port. Entering raises SettingsError."""
    return background_server(listen, _handler(ask, metrics), "monitor")


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
                health = {"ok": False, "problems": [f"store: {describe_error(problem)}"], "failing": []}
                self._say(503, "application/json", json.dumps(health))

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
