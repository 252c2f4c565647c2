"""Runs the program by the loopback internet's clock: `python -m tests.loopback.run_program DIR -- run`.

The program reads the machine's clock. This replaces it with the clock whose start and speed
`python -m tests.loopback --write DIR` saved. All the program's waits become shorter accordingly, except timeouts for
servers' answers. At speeds above about sixty, leases expire before they are renewed.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

FILE = "clock.json"


class Pace(NamedTuple):
    """Simulated time: `start` (µs UTC) at the machine's time `real` (s), then `speed` times as fast as real time."""

    start: int
    real: float
    speed: float

    def write(self, folder: Path) -> None:
        """Save the clock in a folder."""
        (folder / FILE).write_bytes(msgspec.json.encode(self._asdict()) + b"\n")

    def at(self, real: float) -> int:
        """The simulated moment, µs."""
        return self.start + round((real - self.real) * self.speed * 1e6)


def read(folder: Path) -> Pace:
    """The clock saved in a folder."""
    return Pace(**msgspec.json.decode((folder / FILE).read_bytes()))


def use_clock(pace: Pace) -> None:
    """Make this process use the simulated clock from now on."""
    from hotpapers.base.http import retry_policy

    machine_time, wait = time.time, threading.Event.wait

    def wait_faster(event: threading.Event, timeout: float | None = None) -> bool:
        is_program = sys._getframe(1).f_globals.get("__name__", "").startswith("hotpapers.")
        return wait(event, timeout / pace.speed if is_program and timeout is not None else timeout)

    time.time_ns = lambda: pace.at(machine_time()) * 1000
    time.time = lambda: pace.at(machine_time()) / 1e6
    threading.Event.wait = wait_faster  # type: ignore[assignment]
    retry_policy.PACE /= pace.speed


def main(arguments: list[str]) -> int:
    """Run the program with the arguments after `--`."""
    if len(arguments) < 3 or arguments[1] != "--":
        print("usage: python -m tests.loopback.run_program DIR -- COMMAND…", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    use_clock(read(folder))
    from hotpapers import cli

    return cli.run_command([*arguments[2:], "--config", str(folder / "hotpapers.toml")])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
