"""An HTTP server for a witness: `POST /add-checkpoint` for logs, `GET /health` for the operator."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from starlette.requests import Request
from starlette.routing import Route

from hotpapers.base.errors import LogError
from hotpapers.base.logs import log_event
from hotpapers.serve.web.connection_table import ConnectionLimits
from hotpapers.serve.web.http_messages import CLOSE, PRIVATE, Reply, bounded_body, reply, retry_after
from hotpapers.serve.web.rate_limits import TokenBuckets
from hotpapers.serve.web.responders import Responder, health_reply
from hotpapers.serve.web.server import background_server
from hotpapers.wings.proof.witness import SHARED_LIMIT, LogWitness, WitnessAnswer
from hotpapers.wings.proof.witness_protocol import MAX_REQUEST_BYTES, PATH

PER_LOG = 30
"""New checkpoints per log and minute; a log sends each of them once or twice."""
PER_MINUTE = 120
"""All other requests per minute: not signed by a known log, cosigned before, or without a proof. Anyone can send
these."""
MAX_CHECKPOINTS_A_MINUTE = 600
"""New checkpoints of all logs per minute."""


class WitnessRates:
    """Rate limits per log, for all logs, and for all other requests, so a flood of one kind does not block the others.
    `clock`: in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._shared, self._logs, self._all = map(TokenBuckets, (PER_MINUTE, PER_LOG, MAX_CHECKPOINTS_A_MINUTE))

    def wait(self, log: str) -> int:
        """Seconds until a request is allowed; 0 if it is allowed now, which counts it."""
        with self._lock:
            at = self._clock()
            if log == SHARED_LIMIT:
                return self._shared.take(SHARED_LIMIT, 1, at)
            return self._logs.take(log, 1, at) or self._all.take("", 1, at)


def witness_server(
    witness: LogWitness, listen: str, allowed: ConnectionLimits | None = None
) -> AbstractContextManager[int]:
    """Serves on an address until the end of the context, which yields the port. `allowed`: limits for connections.
    Entering raises SettingsError."""

    def health() -> Reply:
        """The witness's health: 503 while there are open alarms."""
        try:
            problems = list(map(str, witness.alarms))
        except LogError as problem:
            problems = [str(problem)]
        return health_reply({"ok": not problems, "problems": problems})

    def cosign(body: bytes) -> Reply:
        try:
            answer = witness.add_checkpoint(body, int(time.time()))
        except (LogError, OSError) as problem:
            log_event("nothing cosigned", reason=problem)
            answer = WitnessAnswer(500, "the witness cannot store the checkpoint, so it does not cosign it\n")
        headers = PRIVATE | CLOSE | retry_after(answer.wait)  # others wait for a place, and a log asks once
        return reply(answer.status, {**headers, "content-type": answer.type}, answer.body.encode())

    async def answer_health(request: Request) -> Reply:
        return await asyncio.to_thread(health)

    async def answer_log(request: Request) -> Reply:
        return await asyncio.to_thread(cosign, await bounded_body(request, MAX_REQUEST_BYTES))

    routes = [
        Route("/health", Responder(answer_health)),
        Route(f"/{PATH}", Responder(answer_log, methods=("POST",))),
    ]
    return background_server(listen, routes, f"not found; GET /health or POST to /{PATH}", "--listen", allowed)
