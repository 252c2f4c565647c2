"""Results as a table for the terminal and as bench/README.md."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.measure import ROOT

PAGE = ROOT / "bench" / "README.md"
COLUMNS = ("what", "ours", "peer", "ratio", "goal")
Results = Mapping[str, dict[str, Any]]


def cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    """A line's columns as text."""
    ratio = "" if line["ratio"] is None else f"{line['ratio']:.2f}"
    unit = " " + line["ours"].rpartition(" ")[2]  # not repeated if unchanged
    peer = line["peer"].removesuffix(unit)
    return (line["what"], line["ours"], peer, ratio, line["goal"] + ", missed" * (line["met"] is False))


def rows(results: Results) -> Iterator[tuple[str, ...]]:
    """All lines; a benchmark that was skipped has one with the reason."""
    for name, result in results.items():
        if "lines" in result:
            yield from ((f"{name}: {label}", *rest) for label, *rest in map(cells, result["lines"]))
        else:
            yield (name, "", "", "", result.get("skipped") or result.get("failed", ""))


def table(results: Results) -> str:
    """The lines as text for a terminal, then all notes."""
    lines = [COLUMNS, *rows(results)]
    widths = [max(len(row[n]) for row in lines) for n in range(len(COLUMNS) - 1)]
    texts = ["  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in lines]
    return "\n".join(
        [*texts, *(f"{name}: {note}" for name, result in results.items() for note in result.get("notes", ()))]
    )


# ---- the page ------------------------------------------------------------------------------------------


def write(results: Results, scale: float) -> None:
    """Update bench/README.md; sections of benchmarks that did not run stay as they are."""
    old_sections = _sections(PAGE.read_text("utf-8")) if PAGE.exists() else {}
    fresh = {name: section(name, result, scale) for name, result in results.items() if "lines" in result}
    sections = old_sections | fresh
    lines = [INTRODUCTION, *(sections[name] for name in sorted(sections))]
    PAGE.write_text("\n".join(lines).rstrip() + "\n", "utf-8")


INTRODUCTION = """# Benchmarks

`make bench ARGS=--write` updates this page. A ratio is ours divided by a limit or a peer's, in one run. Memory is a
process's peak. Machines: 2 cores, 24 GiB, Linux, CPython 3.11, `requirements/dev.txt`.
"""
USUAL = "2 cores, 24 GiB, Linux, CPython 3.11"
"""The usual machine, described at the top of the page."""


def _sections(page: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", page, flags=re.M)[1:]
    return {part.split("\n", 1)[0].removeprefix("## ").strip(): part.rstrip() + "\n" for part in parts}


def section(name: str, result: Mapping[str, Any], scale: float) -> str:
    """A benchmark's part of the page: the lines with a goal, or all if none has one, and when and where it ran."""
    lines = [line for line in result["lines"] if line["goal"]] or result["lines"]
    ran = f"[How](bench_{name}.py). {circumstances(result, scale)}"
    return "\n".join([f"## {name}", "", ran, "", *(f"- {shown(cells(line))}" for line in lines), ""])


def shown(columns: tuple[str, ...]) -> str:
    """`**0.72** (≥ 0.5): an issue's page, 5,707 answers/s against 7,968`."""
    label, own, peer, ratio, goal = columns
    figures = f"{label}, {own}" + (f" against {peer}" if peer else "")
    return f"**{ratio}**{f' ({goal})' if goal else ''}: {figures}" if ratio else figures


def circumstances(result: Mapping[str, Any], scale: float) -> str:
    """When and where it ran: the day, the scale, the machine and its load."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    load = max(result.get("load", ["?"]))
    size = "" if scale == 1 else f" at scale {scale:g}"
    return f"{day}{size}, {machine()}, load {load}"


def machine() -> str:
    """Processor, cores, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    details = f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, {python}"
    return _processor() if details.startswith(f"{USUAL}.") else f"{_processor()}, {details}"


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        model = re.search(r"^model name\s*:\s*(.+)$", file.read_text(), re.M)
        if model:
            return model[1].replace("(R)", "").removesuffix(" Processor").strip()
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()
