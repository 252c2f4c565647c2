"""A witness over HTTP: `POST /add-checkpoint` for logs, `GET /health` for its operator."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler

from hotpapers.errors import LogError
from hotpapers.logs import log_event
from hotpapers.transparency.witness import LogWitness, WitnessAnswer
from hotpapers.transparency.witness_protocol import LARGEST_REQUEST, PATH
from hotpapers.web.background_server import background_server

PER_MINUTE = 120
"""Requests that are answered in a minute, of all logs together: each asks once for a checkpoint."""


class _Rate:
    """Whether there is room for one more request within a minute."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=PER_MINUTE)
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        with self._lock:
            at = time.monotonic()
            if len(self._times) == PER_MINUTE and at - self._times[0] < 60:
                return False
            self._times.append(at)
            return True


def witness_server(witness: LogWitness, listen: str) -> AbstractContextManager[int]:
    """Answers on an address until the end of the context, which gives its port. Entering raises SettingsError."""
    return background_server(listen, _handler(witness, _Rate()), "witness", "--listen")


def _handler(witness: LogWitness, rate: _Rate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            """How the witness is doing: 503 after a log has rewritten its past."""
            if self.path != "/health":
                return self._say(WitnessAnswer(404, f"ask for /health, or post to /{PATH}\n"))
            state = {"ok": not witness.alarms, "problems": witness.alarms}
            self._say(WitnessAnswer(503 if witness.alarms else 200, json.dumps(state), "application/json"))

        def do_POST(self) -> None:
            """A checkpoint to cosign."""
            length = self.headers.get("content-length", "")
            if self.path != f"/{PATH}":
                return self._say(WitnessAnswer(404, f"post to /{PATH}\n"))
            if not (length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= LARGEST_REQUEST):
                return self._say(WitnessAnswer(413, f"at most {LARGEST_REQUEST} bytes, with their number\n"))
            if not rate.has_room():
                return self._say(WitnessAnswer(429, "too many requests; come again in a minute\n"))
            body = self.rfile.read(int(length))
            try:
                self._say(witness.add_checkpoint(body, int(time.time())))
            except (LogError, OSError) as problem:
                log_event("nothing cosigned", reason=problem)
                self._say(WitnessAnswer(500, "the witness cannot remember what it would cosign\n"))

        def _say(self, answer: WitnessAnswer) -> None:
            self.close_connection = True
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("content-type", answer.type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: what matters is logged as an alarm."""

    return Handler
