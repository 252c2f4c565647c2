"""What was found, as a table for the terminal and as docs/development/benchmarks.md."""

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

PAGE = ROOT / "docs" / "development" / "benchmarks.md"
COLUMNS = ("what", "ours", "peer", "ratio", "goal", "met")
Found = Mapping[str, dict[str, Any]]


def cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    """A line's columns as text."""
    met = {True: "yes", False: "no", None: ""}[line["met"]]
    ratio = "" if line["ratio"] is None else f"{line['ratio']:.2f}"
    return (line["what"], line["ours"], line["peer"], ratio, line["goal"], met)


def rows(found: Found) -> Iterator[tuple[str, ...]]:
    """All lines; what did not run is one with its reason."""
    for name, result in found.items():
        if "lines" in result:
            yield from map(cells, result["lines"])
        else:
            yield (name, "", "", "", "", result.get("skipped") or result.get("failed", ""))


def table(found: Found) -> str:
    """The lines under each other, for a terminal."""
    every = [COLUMNS, *rows(found)]
    widths = [max(len(row[n]) for row in every) for n in range(len(COLUMNS) - 1)]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in every)


# ---- the page ------------------------------------------------------------------------------------------


def write(found: Found, scale: float) -> None:
    """Renews docs/development/benchmarks.md; sections of benchmarks that were not run now stay as they are."""
    kept = _sections(PAGE.read_text("utf-8")) if PAGE.exists() else {}
    fresh = {name: section(name, result, scale) for name, result in found.items() if "lines" in result}
    sections = kept | fresh
    lines = [INTRODUCTION, *(sections[name] for name in sorted(sections))]
    PAGE.write_text("\n".join(lines).rstrip() + "\n", "utf-8")


INTRODUCTION = """# Benchmarks

Written by `make bench ARGS=--write`; `make bench` alone only prints. Every figure is a ratio against a limit or a peer
measured in the same run, by turns; none is a test. Ratios are ours divided by the peer's. Memory is the peak of a
process, interpreter included. *How* leads to the benchmark, whose docstring says what is measured and what the peer is.
Libraries are those of `requirements/dev.txt`.
"""


def _sections(page: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", page, flags=re.M)[1:]
    return {part.split("\n", 1)[0].removeprefix("## ").strip(): part.rstrip() + "\n" for part in parts}


def section(name: str, result: Mapping[str, Any], scale: float) -> str:
    """A benchmark's part of the page."""
    lines = [f"## {name}", "", _markdown_row(COLUMNS), _markdown_row(["---"] * len(COLUMNS))]
    lines += [_markdown_row(cells(line)) for line in result["lines"]]
    notes = [f"- {note}" for note in result.get("notes", ())]
    told = [*notes, f"- {circumstances(result, scale)}"]
    return "\n".join([*lines, "", *told, "", method(name, result["method"]), ""])


def method(name: str, docstring: str) -> str:
    """What is measured, in a sentence, and where the rest of it stands."""
    measured = " ".join(docstring.strip().split("\n\n")[0].split())
    return f"{measured} [How](../../bench/bench_{name}.py)."


def _markdown_row(columns: Any) -> str:
    return "| " + " | ".join(column.replace("|", "\\|") for column in columns) + " |"


def circumstances(result: Mapping[str, Any], scale: float) -> str:
    """When and where: the day, the scale, the machine and how busy it was."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    load = " to ".join(map(str, result.get("load", ["?"])))
    size = "" if scale == 1 else f" at scale {scale:g}"
    return f"{day}{size}; {machine()}; load {load}"


def machine() -> str:
    """Processor, cores, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, {python}"


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        named = re.search(r"^model name\s*:\s*(.+)$", described.read_text(), re.M)
        if named:
            return named[1].strip()
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()
