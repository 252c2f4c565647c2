"""The program by the loopback internet's clock: `python -m tests.loopback.hurry DIR -- run`.

The program looks at the machine's clock. Here that clock is another one, which `python -m tests.loopback --write DIR`
has written down: its beginning and its speed. Whatever the program waits for becomes shorter by as much; how long it
waits for a server's answer stays as it is. Faster than some sixty times, its leases run out before they are renewed.
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
    """Simulated time: `start` (µs UTC) at the machine's own moment `real` (s), from then on `speed` times as fast."""

    start: int
    real: float
    speed: float

    def write(self, folder: Path) -> None:
        """Writes it down."""
        (folder / FILE).write_bytes(msgspec.json.encode(self._asdict()) + b"\n")

    def at(self, real: float) -> int:
        """The simulated moment, µs."""
        return self.start + round((real - self.real) * self.speed * 1e6)


def read(folder: Path) -> Pace:
    """What was written down."""
    return Pace(**msgspec.json.decode((folder / FILE).read_bytes()))


def hurry(pace: Pace) -> None:
    """This process goes by that clock from now on."""
    from hotpapers.http import retry_policy

    machine, wait = time.time, threading.Event.wait

    def waited(event: threading.Event, timeout: float | None = None) -> bool:
        ours = sys._getframe(1).f_globals.get("__name__", "").startswith("hotpapers.")
        return wait(event, timeout / pace.speed if ours and timeout is not None else timeout)

    time.time_ns = lambda: pace.at(machine()) * 1000
    time.time = lambda: pace.at(machine()) / 1e6
    threading.Event.wait = waited  # type: ignore[assignment]
    retry_policy.PACE /= pace.speed


def main(words: list[str]) -> int:
    """Runs the program's command in the words after `--`."""
    if len(words) < 3 or words[1] != "--":
        print("python -m tests.loopback.hurry DIR -- COMMAND…", file=sys.stderr)
        return 2
    folder = Path(words[0])
    hurry(read(folder))
    from hotpapers import cli

    return cli.run_command([*words[2:], "--config", str(folder / "hotpapers.toml")])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
