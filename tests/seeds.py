"""One seed for all that is random in long runs, and the line that repeats a run that failed.

`SEED=7 make torture` draws schedules, faults and moments of kills from 7; without SEED they are always the same ones.
A process that is killed after so many seconds does not stop at the same instruction again: the schedule repeats, not
the machine's speed.
"""

from __future__ import annotations

import os
import random
import subprocess

from tests.conftest import ROOT

SEED = os.environ.get("SEED", "")


def seed_of(usual: int) -> int:
    """The run's own seed, where there is one; a different one for each of its parts, by the one that it usually has."""
    return int(SEED) * 1_000 + usual if SEED else usual


def generator(usual: int) -> random.Random:
    """A generator for a part of a run."""
    return random.Random(seed_of(usual))


def replay_line(target: str, arguments: str = "") -> str:
    """The command that repeats this run: at its commit, with its seed."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    given = f' ARGS="{arguments}"' if arguments else ""
    seed = f"SEED={SEED} " if SEED else ""
    return f"replay: git switch --detach {commit.stdout.strip() or 'HEAD'} && {seed}make {target}{given}"
