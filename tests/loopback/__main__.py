"""`python -m tests.loopback`: simulates every network on 127.0.0.1 until stopped, and counts the requests received."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hotpapers.base.errors import InputError
from hotpapers.base.file_modes import PRIVATE, write_atomically
from hotpapers.base.model import DAY
from hotpapers.jobs.loop import stopped_by_signals
from tests.loopback.clock import RunningClock, moment
from tests.loopback.faults import Plan, parse
from tests.loopback.hosts import check_host
from tests.loopback.network_state import utc
from tests.loopback.preprints import PreprintReaders
from tests.loopback.run_program import Pace
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml
from tests.loopback.world import World
from tests.seeds import seed_of

SUMMARY_EVERY = 5.0
"""Real seconds between two lines about requests."""


def main(command_line: Sequence[str]) -> int:
    """Serve until Ctrl-C, or for `--seconds`."""
    arguments = _parser().parse_args(command_line)
    try:
        now = moment(arguments.at) if arguments.at else time.time_ns() // 1000
        faults = [check_host(parse(text)) for text in arguments.fault]
        plan = Plan(faults, arguments.seed if arguments.faults == "random" else None)
    except (InputError, ValueError) as problem:
        print(f"loopback: {problem}", file=sys.stderr)
        return 2
    start = utc(now - arguments.days * DAY).date().isoformat()
    arxiv_world = World(arguments.seed, start, papers=arguments.papers, post_rate=arguments.post_rate)
    world = PreprintReaders(arxiv_world, share=arguments.preprints) if arguments.preprints else arxiv_world
    pace = Pace(now, time.time(), arguments.speed)
    folder = Path(arguments.write or tempfile.mkdtemp(prefix="hotpapers-loopback-"))
    clock = RunningClock(pace.start, pace.speed)
    with stopped_by_signals() as stop, Loopback(world, clock, plan, port=arguments.port) as loopback:
        _write(folder, loopback, pace)
        _print_introduction(
            arguments, start, folder, loopback, is_accelerated=arguments.speed != 1 or bool(arguments.at)
        )
        _watch(loopback, stop, arguments.seconds)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.loopback", description="Simulates all networks that Hot Papers reads, on 127.0.0.1."
    )
    add = parser.add_argument
    add("--port", type=int, default=8700, help="port of the first host; the others follow (default 8700; 0: any)")
    add("--speed", type=float, default=1.0, help="how many times faster than real time (default 1)")
    add("--at", default="", help="the simulated time at the start, such as 2026-03-10T04:00 (default now)")
    add("--days", type=int, default=14, help="days of history before the start (default 14)")
    add("--seed", type=int, default=seed_of(1), help="seed of everything that is made up (default SEED, else 1)")
    add("--papers", type=int, default=40, help="papers per day, on average (default 40)")
    add("--post-rate", type=float, default=1.0, help="how much people post about them; 2 is twice as much (default 1)")
    add(
        "--faults", choices=("none", "random"), default="none", help="random: random faults, by the seed (default none)"
    )
    fault_help = "a fault, such as bluesky=429:120@…/30m; may be repeated"
    add("--fault", action="append", default=[], metavar="HOST=KIND…", help=fault_help)
    preprints_help = "share of the messages that are about papers of bioRxiv and medRxiv instead (default 0)"
    add("--preprints", type=float, default=0.0, help=preprints_help)
    add("--write", metavar="DIR", help="folder for hotpapers.toml (default a new folder)")
    add("--seconds", type=float, default=None, help="stop after this many real seconds (default never)")
    return parser


def _write(folder: Path, loopback: Loopback, pace: Pace) -> None:
    """Write the settings and the clock."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "hotpapers.toml", settings_toml(loopback.bases).encode(), PRIVATE)
    pace.write(folder)


def _print_introduction(
    arguments: argparse.Namespace, start: str, folder: Path, loopback: Loopback, *, is_accelerated: bool
) -> None:
    command = (
        f"{sys.executable} -m tests.loopback.run_program {shlex.quote(str(folder))} -- run" if is_accelerated
        else f"{Path(sys.executable).with_name('hotpapers')} run --config {folder / 'hotpapers.toml'}"
    )  # fmt: skip
    ports = ", ".join(f"{name} {base.rpartition(':')[2]}" for name, base in loopback.bases.items() if name != "trap")
    print(
        f"Made-up networks, seed {arguments.seed}, {arguments.papers} papers per day since {start}, "
        f"speed {arguments.speed:g}."
    )
    print(f"Ports on 127.0.0.1: {ports}")
    faults = ", ".join([arguments.faults, *arguments.fault])
    print(f"Faults: {faults}. Stop with Ctrl-C. Meanwhile, run:\n\n  {command}\n", flush=True)


def _watch(loopback: Loopback, stop: threading.Event, seconds: float | None) -> None:
    """Print a line every few seconds, with the requests since the last one."""
    end = time.monotonic() + (seconds if seconds is not None else 1e9)
    earlier_counts: Counter[tuple[str, int]] = Counter()
    while not stop.wait(min(SUMMARY_EVERY, max(0.0, end - time.monotonic()))) and time.monotonic() < end:
        counts = loopback.request_counts()
        print(summary_line(loopback.clock.now(), counts - earlier_counts, _total_bytes_sent(loopback)), flush=True)
        earlier_counts = counts


def _total_bytes_sent(loopback: Loopback) -> int:
    return sum(loopback.bytes_sent.values())


def summary_line(now: int, counts: Counter[tuple[str, int]], bytes_sent: int) -> str:
    """A line with the simulated time, requests by host, statuses other than 101 and 200, and megabytes sent so far."""
    by_host: Counter[str] = Counter()
    by_status: Counter[int] = Counter()
    for (host, status), count in counts.items():
        by_host[host] += count
        by_status[status] += count
    parts = [f"{host} {count}" for host, count in sorted(by_host.items())]
    parts += [f"status {status}: {count}" for status, count in sorted(by_status.items()) if status not in (101, 200)]
    return " · ".join([f"{utc(now):%Y-%m-%d %H:%M:%S}", *(parts or ["quiet"]), f"{bytes_sent / 1e6:.1f} MB sent"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
