"""Runs long simulations with new seeds for an hour, and keeps those that fail: `python -m tools.new_seeds`.

A seed that failed is a line of the file `.failed-seeds`: the command that repeats it, as the run printed it. Run every
night, it tries other schedules, faults and moments of kills than `make test-long`, which always tries the same ones.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
KEPT = ".failed-seeds"
RUNS = (
    ("years", "--short"),
    ("drift", ""),
    ("torture", "-k killed"),
    ("sites", "1"),
)  # fmt: skip
"""Targets of the Makefile that take a seed, with their arguments, in turns."""
KILLS = "20"
"""Kills of a run of `torture`, which by default has a thousand."""
_REPLAY = re.compile(r"^replay: .*", re.M)


class Run(NamedTuple):
    """One run of a target. `seed`: what it draws from."""

    target: str
    arguments: str
    seed: int


class Failure(NamedTuple):
    """A run that failed. `replay`: the command that repeats it."""

    run: Run
    replay: str


def runs_from(seed: int) -> Iterator[Run]:
    """The targets in turns, each with the next seed, without end."""
    for number, (target, arguments) in enumerate(itertools.cycle(RUNS)):
        yield Run(target, arguments, seed + number)


def replay_in(output: str, run: Run) -> str:
    """The command that repeats a run that failed: as it printed it, or by its target if it ended before it did."""
    match = _REPLAY.search(output)
    return match[0] if match else f'replay: SEED={run.seed} make {run.target} ARGS="{run.arguments}"'


def failures_until(
    end: float, runs: Iterator[Run], try_one: Callable[[Run], tuple[int, str]], now: Callable[[], float]
) -> Iterator[Failure]:
    """The runs that fail, of those that begin before `end`. When each target in turn has failed, no seed is the cause,
    and there are no more."""
    in_a_row = 0
    for run in itertools.takewhile(lambda _: now() < end, runs):
        status, output = try_one(run)
        in_a_row = in_a_row + 1 if status else 0
        if status:
            yield Failure(run, replay_in(output, run))
        if in_a_row == len(RUNS):
            return


def try_one(run: Run) -> tuple[int, str]:
    """The status and the output of a run, which is also printed."""
    sys.stdout.write(f"SEED={run.seed} make {run.target} {run.arguments}\n")
    sys.stdout.flush()
    environment = os.environ | {"SEED": str(run.seed), "HOTPAPERS_TORTURE_KILLS": KILLS}
    command = ["make", "--no-print-directory", run.target, f"ARGS={run.arguments}"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.stdout.write(done.stdout[-4_000:])
    return done.returncode, done.stdout


def main(command_line: Sequence[str]) -> int:
    """Runs for some minutes; returns 1 if a run failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.new_seeds", description="Tries new seeds, keeps failing ones."
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--from", dest="first", type=int, default=int(time.time()) // 60, help="the first seed")
    arguments = parser.parse_args(command_line)
    end = time.monotonic() + arguments.minutes * 60
    failures = 0
    for failure in failures_until(end, runs_from(arguments.first), try_one, time.monotonic):
        failures += 1
        with (ROOT / KEPT).open("a", encoding="utf-8") as file:
            file.write(f"{failure.replay.removeprefix('replay: ')}\n")
    sys.stdout.write(f"{failures} runs failed; see {KEPT}\n" if failures else "no run failed\n")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
