"""Shared by the benchmarks: timing in turns, peak memory, and the lines of the table."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


class Line(NamedTuple):
    """One line of the table. `goal`: as printed; `met`: None if there is no goal."""

    what: str
    ours: str
    peer: str
    ratio: float | None
    goal: str = ""
    met: bool | None = None


def at_least(label: str, own: float, peer: float, unit: str, goal: float | None) -> dict[str, Any]:
    """A line for rates; more is better, and the ratio is ours / peer."""
    ratio = own / peer
    printed_goal = "" if goal is None else f"≥ {goal:g}"
    met = None if goal is None else ratio >= goal
    return Line(label, rate(own, unit), rate(peer, unit), ratio, printed_goal, met)._asdict()


def at_most(label: str, own: float, peer: float, goal: float | None) -> dict[str, Any]:
    """A line for seconds; less is better, and the ratio is ours / peer."""
    ratio = own / peer
    printed_goal = "" if goal is None else f"≤ {goal:g}"
    met = None if goal is None else ratio <= goal
    return Line(label, span(own), span(peer), ratio, printed_goal, met)._asdict()


def limit(label: str, own: float, bound: float, unit: str) -> dict[str, Any]:
    """A line for a fixed limit; less is better."""
    return Line(label, f"{own:,.0f} {unit}", f"{bound:,.0f} {unit}", own / bound, "≤ 1", own <= bound)._asdict()


def rate(per_second: float, unit: str) -> str:
    """`61,200 items/s`."""
    return f"{per_second:,.0f} {unit}/s"


def span(seconds: float) -> str:
    """`12.3 ms`, `2.31 s`."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def seconds(task: Callable[[], object]) -> float:
    """How long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def processor_seconds(task: Callable[[], object]) -> float:
    """The processor time of the processes that a task starts and waits for."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    task()
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime


def by_turns(times: int, *tasks: Callable[[], float], take: Callable[[list[float]], float] = min) -> list[float]:
    """The best time of each task. Tasks return their own seconds and take turns, so that load affects all of them."""
    durations: list[list[float]] = [[] for _ in tasks]
    for _ in range(times):
        for task_times, task in zip(durations, tasks, strict=True):
            task_times.append(task())
    return [take(task_times) for task_times in durations]


def medians(times: int, *tasks: Callable[[], float]) -> list[float]:
    """The same with medians: for very short tasks, whose best time is luck."""
    return by_turns(times, *tasks, take=median)


def child(module: str, *words: str) -> Any:
    """Run `python -m module words…` in a fresh process and return its output, parsed as JSON."""
    command = [sys.executable, "-m", module, *words]
    process = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    return json.loads(process.stdout)


def peak_memory() -> int:
    """This process's peak memory in bytes.

    Linux carries a parent's peak over into `ru_maxrss` when it starts a process; the kernel's own high-water mark is
    for this process only.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
