"""A file whose reader is killed once. Spark's processes import this module too."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def kill_once(marker: str, victim: str) -> bool:
    """Stands in for the check whether a file changed while it was read; kills this process, or its executor."""
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return False
    if victim == "executor":
        daemon = os.getppid()
        executor = int(Path(f"/proc/{daemon}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(executor, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    return False
