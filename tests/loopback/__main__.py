"""`python -m tests.loopback`: simulates every network on 127.0.0.1 until stopped, and prints the requests received."""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hotpapers.cli.stop_signals import stopped_by_signals
from hotpapers.errors import InputError
from hotpapers.file_modes import open_private
from hotpapers.model import DAY
from tests.loopback import stream
from tests.loopback.clock import RunningClock, moment
from tests.loopback.faults import Plan, parse
from tests.loopback.hosts import known
from tests.loopback.hurry import Pace
from tests.loopback.scene import utc
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml
from tests.loopback.world import World

TOLD_EVERY = 5.0
"""Real seconds between two lines about requests."""


def main(words: Sequence[str]) -> int:
    """Serve until Ctrl-C, or for `--seconds`."""
    given = _parser().parse_args(words)
    try:
        now = moment(given.at) if given.at else time.time_ns() // 1000
        faults = [known(parse(text)) for text in given.fault]
        plan = Plan(faults, given.seed if given.faults == "some" else None)
    except (InputError, ValueError) as problem:
        print(f"loopback: {problem}", file=sys.stderr)
        return 2
    start = utc(now - given.days * DAY).date().isoformat()
    world = World(given.seed, start, papers=given.papers, talk=given.talk)
    pace = Pace(now, time.time(), given.speed)
    folder = Path(given.write or tempfile.mkdtemp(prefix="hotpapers-loopback-"))
    over = threading.Event()
    clock = RunningClock(pace.start, pace.speed)
    with stopped_by_signals(over), Loopback(world, clock, plan, port=given.port) as loopback:
        _write(folder, loopback, pace)
        _introduce(given, start, folder, loopback, hurried=given.speed != 1 or bool(given.at))
        _watch(loopback, over, given.seconds)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.loopback", description="Simulates all networks that Hot Papers reads, on 127.0.0.1."
    )
    add = parser.add_argument
    add("--port", type=int, default=8700, help="port of the first host; the others follow (default 8700; 0: any)")
    add("--speed", type=float, default=1.0, help="how many times faster than real time (default 1)")
    add("--at", default="", help="the simulated time at the start, such as 2026-03-10T04:00; default now")
    add("--days", type=int, default=14, help="days of history before the start (default 14)")
    add("--seed", type=int, default=1, help="seed of everything that is made up (default 1)")
    add("--papers", type=int, default=40, help="papers per day, on average (default 40)")
    add("--talk", type=float, default=1.0, help="how much people say about them; 2 is twice as much (default 1)")
    add("--faults", choices=("none", "some"), default="none", help="some: random faults, from the seed (default none)")
    told = "a fault, such as bluesky=429:120@…/30m; may be repeated"
    add("--fault", action="append", default=[], metavar="HOST=KIND…", help=told)
    add("--write", metavar="DIR", help="folder to write hotpapers.toml to; default a new folder")
    add("--seconds", type=float, default=None, help="stop after this many real seconds; default never")
    return parser


def _write(folder: Path, loopback: Loopback, pace: Pace) -> None:
    """Write the settings, the clock, and the dictionary of compressed messages."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_private(folder / "hotpapers.toml") as file:
        file.write(settings_toml(loopback.bases, folder=str(folder.resolve())).encode())
    (folder / "dictionary").write_bytes(stream.DICTIONARY)
    pace.write(folder)


def _introduce(given: argparse.Namespace, start: str, folder: Path, loopback: Loopback, *, hurried: bool) -> None:
    command = (
        f"{sys.executable} -m tests.loopback.hurry {folder} -- run" if hurried
        else f"{Path(sys.executable).with_name('hotpapers')} run --config {folder / 'hotpapers.toml'}"
    )  # fmt: skip
    ports = ", ".join(f"{name} {base.rpartition(':')[2]}" for name, base in loopback.bases.items() if name != "trap")
    print(f"Made-up networks, seed {given.seed}, {given.papers} papers per day since {start}, speed {given.speed:g}.")
    print(f"Ports on 127.0.0.1: {ports}")
    faults = ", ".join([given.faults, *given.fault])
    print(f"Faults: {faults}. Stop with Ctrl-C. Meanwhile, run:\n\n  {command}\n", flush=True)


def _watch(loopback: Loopback, over: threading.Event, seconds: float | None) -> None:
    """Print a line every few seconds: the requests since the last one."""
    end = time.monotonic() + (seconds if seconds is not None else 1e9)
    before: Counter[tuple[str, int]] = Counter()
    while not over.wait(min(TOLD_EVERY, max(0.0, end - time.monotonic()))) and time.monotonic() < end:
        asked = loopback.counted()
        print(told(loopback.clock.now(), asked - before, _sent(loopback)), flush=True)
        before = asked


def _sent(loopback: Loopback) -> int:
    return sum(loopback.sent.values())


def told(now: int, asked: Counter[tuple[str, int]], sent: int) -> str:
    """The line: the simulated time, requests by host, other statuses than 101 and 200, and megabytes sent so far."""
    hosts_asked: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    for (host, status), many in asked.items():
        hosts_asked[host] += many
        statuses[status] += many
    parts = [f"{host} {many}" for host, many in sorted(hosts_asked.items())]
    parts += [f"status {status}: {many}" for status, many in sorted(statuses.items()) if status not in (101, 200)]
    return " · ".join([f"{utc(now):%Y-%m-%d %H:%M:%S}", *(parts or ["quiet"]), f"{sent / 1e6:.1f} MB sent"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
