"""Imports of an archive are killed, or one of their worker processes, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from hotpapers.record import Record
from tests.seeds import generator
from tests.torture import comparison
from tests.torture.comparison import Outcome
from tests.torture.table import KILLS, Report
from tests.wings.archives.archive_helpers import export_lines, write_archive

WORKERS = 2
SHARES = (0.3, 0.9)
"""When a process is killed, as a share of how long an undisturbed import takes."""


def start(store: Path, files: list[Path], workers: int = WORKERS) -> subprocess.Popen[bytes]:
    """Start an import."""
    command = [sys.executable, "-m", "hotpapers", "import", "jetstream", *map(str, files), "--store", str(store)]
    return subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)


def workers_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()]
    except OSError:  # it has ended
        return []


def kill(pid: int) -> bool:
    """Kill a process; False if it has ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def observations(store: Path) -> Counter[bytes]:
    """Everything in a store, and how often."""
    with Record(str(store)) as record:
        assert list(comparison.store_damage(record)) == []
        return Counter(export_lines(record).splitlines())


def difference(expected: Counter[bytes], actual: Counter[bytes]) -> Outcome:
    missing, more = expected - actual, actual - expected
    return Outcome(
        expected.total(),
        tuple(line.decode() for line in missing),
        tuple(line.decode() for line in more if line in expected),
        tuple(line.decode() for line in more if line not in expected),
    )


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="finds worker processes in /proc")
def test_killed_while_importing(tmp_path: Path, report: Report) -> None:
    """In turn the program itself, which is then started again, and a worker, whose part it must read again."""
    files, rng, kills, outcome = write_archive(tmp_path), generator(11), {"program": 0, "worker": 0}, Outcome()
    assert start(tmp_path / "whole.db", files, workers=1).wait() == 0
    expected = observations(tmp_path / "whole.db")
    began, store = time.monotonic(), tmp_path / "store.db"
    assert start(tmp_path / "undisturbed.db", files).wait() == 0
    duration, was_killed = time.monotonic() - began, False
    while sum(kills.values()) < max(KILLS // 5, 6) or store.exists():
        target = min(kills, key=kills.__getitem__)
        process, began = start(store, files), time.monotonic()
        time.sleep(rng.uniform(*SHARES) * duration)
        pids = [process.pid] if target == "program" else workers_of(process.pid)
        is_killed = bool(pids) and process.poll() is None and kill(rng.choice(pids))
        kills[target] += is_killed
        was_killed = was_killed or is_killed
        status = process.wait()
        assert status in (0, -signal.SIGKILL)
        if status == 0:
            if was_killed:
                outcome += difference(expected, observations(store))
            else:
                duration = min(duration, time.monotonic() - began)  # the first may have been slow
            was_killed = False
            store.unlink()
    report.add_row("an import killed", kills["program"], outcome)
    report.add_row("a worker of an import killed", kills["worker"])
    assert outcome.is_clean and outcome.posts > 0 and min(kills.values()) > 0, (outcome, kills)
