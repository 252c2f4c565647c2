"""Runs that draw from a seed repeat what they printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PLANTED = """
import time
from tests.seeds import generator

def test_that_fails_for_some_schedules():
    schedule = [generator(4).randrange(100) for _ in range(3)] + [generator(n).randrange(100) for n in range(9)]
    assert min(schedule) > 20, f"schedule {schedule}"
"""


def outcome(folder: Path, seed: str) -> tuple[int, str, str]:
    """Status, the schedule that failed, and the line that repeats it, of a run with a planted fault."""
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.torture.conftest")
    command = [sys.executable, "-m", "pytest", *options, str(folder / "test_planted.py")]
    environment = os.environ | {"SEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    schedule = re.search(r"schedule (\[[\d, ]+\])", process.stdout)
    line = re.search(r"replay: .*", process.stdout)
    return process.returncode, schedule[1] if schedule else "", line[0] if line else ""


@pytest.mark.long
def test_a_planted_fault_is_replayed_twice_from_the_line_that_was_printed(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED, "utf-8")
    runs = (outcome(tmp_path, str(seed)) for seed in range(1, 40))
    failures = [run for run in runs if run[0]][:3]
    assert len({schedule for _, schedule, _ in failures}) == 3
    for _, schedule, line in failures:
        match = re.search(r"SEED=(\d+) make torture ARGS=\"-k (\w+)\"", line)
        assert match and match[2] == "test_that_fails_for_some_schedules" and "git switch --detach " in line
        assert [outcome(tmp_path, match[1])[1] for _ in range(2)] == [schedule, schedule]


def test_without_a_seed_a_run_is_the_one_that_it_usually_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import seeds

    monkeypatch.setattr(seeds, "SEED", "")
    assert seeds.seed_of(4) == 4
    monkeypatch.setattr(seeds, "SEED", "7")
    assert (seeds.seed_of(4), seeds.seed_of(5)) == (7004, 7005)
