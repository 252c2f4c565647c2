"""Signals stop the program whenever they arrive."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.run import environment

_SIGNAL_SCRIPT = """
import signal, threading
from hotpapers.jobs.loop import stopped_by_signals

handler = signal.getsignal(signal.SIGTERM)
with stopped_by_signals() as stop:
    with stop._cond:  # as while the event is being set, or waited for
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert stop.wait(20)
assert signal.getsignal(signal.SIGTERM) is handler
"""


def test_a_signal_ends_it_also_while_another_is_being_handled() -> None:
    command = [sys.executable, "-c", _SIGNAL_SCRIPT]
    assert subprocess.run(command, env=environment(), check=False, timeout=60).returncode == 0
