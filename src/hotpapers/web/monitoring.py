"""What machines ask a running program: `/metrics` for Prometheus, `/health` for whoever restarts it.

On an address of its own, for the operator's own network: nothing here is for readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

from hotpapers.jobs.isolation import describe_error, is_defect, log_defect
from hotpapers.schedule.health import SiteHealth
from hotpapers.web.background_server import GuardedHandler, background_server

NOT_KEPT = {"cache_control": "no-store"}


def monitor(listen: str, ask: Callable[[], SiteHealth], metrics: Callable[[], str]) -> AbstractContextManager[int]:
    """Answers on an address until the end of the context, which gives its port. Entering raises SettingsError."""
    return background_server(listen, _handler(ask, metrics), "monitor")


def _handler(ask: Callable[[], SiteHealth], metrics: Callable[[], str]) -> type[GuardedHandler]:
    class Handler(GuardedHandler):
        def do_GET(self) -> None:  # noqa: N802
            """The two addresses; 503 where somebody must look, or the store cannot be asked."""
            try:
                if self.path == "/metrics":
                    self.say(200, "text/plain; version=0.0.4; charset=utf-8", metrics(), **NOT_KEPT)
                elif self.path == "/health":
                    state = ask()
                    self.say(200 if state.ok else 503, "application/json", json.dumps(state._asdict()), **NOT_KEPT)
                else:
                    self.say(404, "text/plain; charset=utf-8", "ask for /metrics or /health\n", **NOT_KEPT)
            except ConnectionError:
                pass  # whoever asked is gone
            except Exception as problem:
                if is_defect(problem):
                    log_defect("monitor", problem)
                health = {"ok": False, "problems": [f"store: {describe_error(problem)}"], "failing": []}
                self.say(503, "application/json", json.dumps(health), **NOT_KEPT)

    return Handler
