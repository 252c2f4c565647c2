"""The program's log: one line per event, as text for people or as JSON (RFC 8259) for machines.

An event has a name and fields: `log_event("source failed", job="lobsters", reason="…")`. Fields never contain secrets:
network errors are raised without tokens.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
from io import TextIOBase
from typing import Literal, TextIO

LOG = logging.getLogger("hotpapers")
DEFAULT_STREAM: TextIOBase | None = None
"""Where the log goes if not to standard error itself: set once, by a command line that also shows progress."""
Form = Literal["text", "json"]


def log_event(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Logs an event."""
    LOG.log(level, "%s", event, extra={"fields": fields})


def start_logging(form: Form, stream: TextIO | TextIOBase | None = None) -> None:
    """Starts logging to a stream, standard error by default."""
    handler = logging.StreamHandler(stream or DEFAULT_STREAM or sys.stderr)
    handler.setFormatter(_Formatter(form))
    LOG.handlers[:] = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


class _Formatter(logging.Formatter):
    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="seconds")
        event = record.getMessage()
        if self._form == "json":
            line = {**fields, "at": at, "level": record.levelname.lower(), "event": event}
            return json.dumps(line, default=str)
        text = "  ".join(f"{name}={_plain(value)}" for name, value in fields.items())
        return f"{at[:19].replace('T', ' ')}  {event}" + (f"  {text}" if text else "")


def _plain(value: object) -> str:
    """A value on one line, quoted if it contains spaces, with control characters escaped."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
