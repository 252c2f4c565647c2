"""Stopping long-running commands by signal, from a service manager or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """SIGINT and SIGTERM set an event, which it yields.

    They set it in a new thread. A handler can interrupt anything, even the setting of the event for an earlier signal,
    and would then wait forever for a lock held by the code that it interrupted.
    """
    stop = threading.Event()
    handlers = {
        number: signal.signal(number, lambda *_: start_new_thread(stop.set, ()))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
