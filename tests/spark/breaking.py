"""A file whose reader gets killed, once. Spark's processes import this module too."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def altered(mark: str, whose: str) -> bool:
    """Stands in for the check whether a file changed while it was read: kills this process, or its executor."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return False
    if whose == "executor":
        daemon = os.getppid()
        executor = int(Path(f"/proc/{daemon}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(executor, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    return False
