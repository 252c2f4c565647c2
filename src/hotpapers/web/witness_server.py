"""A witness over HTTP: `POST /add-checkpoint` for logs, `GET /health` for its operator."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from hotpapers.errors import LogError
from hotpapers.logs import log_event
from hotpapers.transparency.witness import SHARED_LIMIT, LogWitness, WitnessAnswer
from hotpapers.transparency.witness_protocol import LARGEST_REQUEST, PATH
from hotpapers.web.background_server import GuardedHandler, background_server
from hotpapers.web.connection_table import ConnectionLimits
from hotpapers.web.rate_limits import TokenBuckets

PER_LOG = 30
"""Checkpoints that are news to the witness, of one log in a minute: each asks once or twice for one."""
PER_MINUTE = 120
"""All other requests in a minute: what no known log signed, and what was cosigned before, which anybody can send."""
MOST_PER_MINUTE = 600
"""News of all logs together."""


class WitnessRates:
    """How much is answered: to each log, to all, and to anybody, so that a flood of one kind holds up no other.
    `clock`: in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._shared, self._logs, self._all = map(TokenBuckets, (PER_MINUTE, PER_LOG, MOST_PER_MINUTE))

    def wait(self, log: str) -> int:
        """Seconds until there is room for a request; 0 when it is taken."""
        with self._lock:
            at = self._clock()
            if log == SHARED_LIMIT:
                return self._shared.take(SHARED_LIMIT, 1, at)
            return self._logs.take(log, 1, at) or self._all.take("", 1, at)


def witness_server(
    witness: LogWitness, listen: str, allowed: ConnectionLimits | None = None
) -> AbstractContextManager[int]:  # fmt: skip
    """Answers on an address until the end of the context, which gives its port. `allowed`: what connections may take.
    Entering raises SettingsError."""
    return background_server(listen, _handler(witness), "witness", "--listen", allowed)


def _handler(witness: LogWitness) -> type[GuardedHandler]:
    class Handler(GuardedHandler):
        largest = LARGEST_REQUEST

        def do_GET(self) -> None:  # noqa: N802
            """How the witness is doing: 503 while an alarm stands."""
            if self.path != "/health":
                return self._say(WitnessAnswer(404, f"ask for /health, or post to /{PATH}\n"))
            try:
                problems = list(map(str, witness.alarms))
            except LogError as problem:
                problems = [str(problem)]
            state = {"ok": not problems, "problems": problems}
            self._say(WitnessAnswer(503 if problems else 200, json.dumps(state), "application/json"))

        def do_POST(self) -> None:  # noqa: N802
            """A checkpoint to cosign."""
            if self.path != f"/{PATH}":
                return self._say(WitnessAnswer(404, f"post to /{PATH}\n"))
            if (body := self.read_body()) is None:
                return self._say(WitnessAnswer(413, f"at most {LARGEST_REQUEST} bytes, with their number\n"))
            try:
                self._say(witness.add_checkpoint(body, int(time.time())))
            except (LogError, OSError) as problem:
                log_event("nothing cosigned", reason=problem)
                self._say(WitnessAnswer(500, "the witness cannot remember what it would cosign\n"))

        def _say(self, answer: WitnessAnswer) -> None:
            self.close_connection = True
            self.say(
                answer.status, answer.type, answer.body, **({"retry_after": str(answer.wait)} if answer.wait else {})
            )

    return Handler
