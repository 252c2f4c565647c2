"""The signals by which a service manager or Ctrl-C end what runs until it is stopped."""

from __future__ import annotations

import signal
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set an event.

    In a thread: a handler breaks in anywhere, also while the event is being set for the signal before, and would wait
    for ever for a lock that it holds itself.
    """
    before = {
        number: signal.signal(number, lambda *_: start_new_thread(stop.set, ()))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
