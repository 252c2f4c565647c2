"""Files that end whoever reads them, once. Spark's processes import this too."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def altered(mark: str, whose: str) -> bool:
    """Whether a file was changed, asked when it was read: this process is killed, or what started it, the executor."""
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
