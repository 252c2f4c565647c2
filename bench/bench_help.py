"""`hotpapers --help`, against `python -c pass`.

The console script with its output discarded, and the same Python starting and exiting; with compiled files, median.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import measure

TURNS = 61


def script() -> Path | None:
    """The console script of this environment."""
    file = Path(sys.executable).with_name("hotpapers")
    return file if file.exists() else None


def seconds_of(*command: str) -> float:
    """Seconds that a command takes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def start() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    return measure.seconds(start)


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    program = script()
    if program is None:
        return {"skipped": "no hotpapers command beside this Python: run it by `make bench`"}
    own, plain = measure.medians(
        max(int(TURNS * scale), 7),
        lambda: seconds_of(str(program), "--help"),
        lambda: seconds_of(sys.executable, "-c", "pass"),
    )
    return {"lines": [measure.at_most("hotpapers --help", own, plain, 4)], "method": __doc__}
