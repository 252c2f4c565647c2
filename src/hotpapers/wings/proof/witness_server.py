"""An HTTP server for a witness: `POST /add-checkpoint` for logs, `GET /health` for the operator."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from hotpapers.base.errors import LogError
from hotpapers.base.logs import log_event
from hotpapers.serve.web.background_server import GuardedHandler, background_server
from hotpapers.serve.web.connection_table import ConnectionLimits
from hotpapers.serve.web.rate_limits import TokenBuckets
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

    class Handler(GuardedHandler):
        largest = MAX_REQUEST_BYTES

        def do_GET(self) -> None:  # noqa: N802
            """The witness's health: 503 while there are open alarms."""
            if self.path != "/health":
                return self._answer(WitnessAnswer(404, f"not found; GET /health or POST to /{PATH}\n"))
            try:
                problems = list(map(str, witness.alarms))
            except LogError as problem:
                problems = [str(problem)]
            state = {"ok": not problems, "problems": problems}
            self._answer(WitnessAnswer(503 if problems else 200, json.dumps(state), "application/json"))

        do_HEAD = do_GET  # noqa: N815

        def do_POST(self) -> None:  # noqa: N802
            """Handles a checkpoint to cosign."""
            if self.path != f"/{PATH}":
                return self._answer(WitnessAnswer(404, f"not found; POST to /{PATH}\n"))
            if (body := self.read_body()) is None:
                return self._answer(
                    WitnessAnswer(413, f"the body must have a Content-Length of at most {MAX_REQUEST_BYTES} bytes\n")
                )
            try:
                self._answer(witness.add_checkpoint(body, int(time.time())))
            except (LogError, OSError) as problem:
                log_event("nothing cosigned", reason=problem)
                self._answer(WitnessAnswer(500, "the witness cannot store the checkpoint, so it does not cosign it\n"))

        def _answer(self, answer: WitnessAnswer) -> None:
            self.close_connection = True
            self.reply(
                answer.status, answer.type, answer.body, **({"retry_after": str(answer.wait)} if answer.wait else {})
            )

    return background_server(listen, Handler, "witness", "--listen", allowed)
