"""Monitoring of a running program: `/metrics` for Prometheus, `/health` for supervisors.

Served on a separate address for the operator's own network, not for readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

from hotpapers.collect.jobs.isolation import describe_error, is_defect, log_defect
from hotpapers.publish.schedule.health import SiteHealth
from hotpapers.serve.web.background_server import GuardedHandler, background_server

NO_STORE = {"cache_control": "no-store"}


def monitor(listen: str, ask: Callable[[], SiteHealth], metrics: Callable[[], str]) -> AbstractContextManager[int]:
    """Serves on an address until the end of the context, which yields the port. Entering raises SettingsError."""

    class Handler(GuardedHandler):
        def do_GET(self) -> None:  # noqa: N802
            """Answers both addresses; 503 if there are problems or the store is unavailable."""
            try:
                if self.path == "/metrics":
                    self.reply(200, "text/plain; version=0.0.4; charset=utf-8", metrics(), **NO_STORE)
                elif self.path == "/health":
                    state = ask()
                    self.reply(200 if state.ok else 503, "application/json", json.dumps(state._asdict()), **NO_STORE)
                else:
                    self.reply(404, "text/plain; charset=utf-8", "not found; use /metrics or /health\n", **NO_STORE)
            except ConnectionError:
                pass  # the client has disconnected
            except Exception as problem:
                if is_defect(problem):
                    log_defect("monitor", problem)
                health = {"ok": False, "problems": [f"store: {describe_error(problem)}"], "failing": []}
                self.reply(503, "application/json", json.dumps(health), **NO_STORE)

        do_HEAD = do_GET  # noqa: N815

    return background_server(listen, Handler, "monitor")
