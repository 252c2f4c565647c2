"""Monitoring of a running program: `/metrics` for Prometheus, `/health` for supervisors.

Served on a separate address for the operator's own network, not for readers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from starlette.requests import Request
from starlette.routing import Route

from hotpapers.jobs.isolation import describe_error, is_defect, log_defect
from hotpapers.publish.schedule.health import SiteHealth
from hotpapers.serve.http_messages import PRIVATE, Reply, Responder, build_reply, health_reply
from hotpapers.serve.server import background_server

METRICS = "text/plain; version=0.0.4; charset=utf-8"


def serve_monitoring(
    listen: str, ask: Callable[[], SiteHealth], metrics: Callable[[], str]
) -> AbstractContextManager[int]:
    """Serves on an address until the end of the context, which yields the port. Entering raises SettingsError."""

    def health() -> Reply:
        return health_reply(ask()._asdict())

    def figures() -> Reply:
        return build_reply(200, PRIVATE | {"content-type": METRICS}, metrics().encode())

    async def answer(make: Callable[[], Reply], request: Request) -> Reply:
        """The reply; 503 if there are problems or the store is unavailable."""
        try:
            return await asyncio.to_thread(make)
        except Exception as problem:
            if is_defect(problem):
                log_defect("monitor", problem)
            return health_reply({"ok": False, "problems": [f"store: {describe_error(problem)}"], "failing": []})

    route = Route("/metrics", Responder(partial(answer, figures)))
    routes = [
        route,
        Route("/health", Responder(partial(answer, health))),
    ]
    return background_server(listen, routes, "not found; use /metrics or /health", "run.listen")
