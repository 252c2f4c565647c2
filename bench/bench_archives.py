"""An archive of Bluesky's stream into a new record.

Made-up events in the mix of the benchmark `bluesky`, compressed by `zstd` in files of a million. One post in two
thousand links a paper; one reaction in five hundred is to one of the latest such posts. The command's start-up is
included, and it reads each file twice. The peers, by wall time, are one process, `zstd -dc | rg -c arxiv`, and DuckDB
counting the lines. Memory is that of the largest process, for the first file and for all.

*By processor time*: twice the events, divided by the processor seconds of all processes. This is the rate of two idle
cores, which hides that only one process writes.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from bench import bench_bluesky as stream
from bench import measure

EVENTS = 6_000_000
FILE = 1_000_000
ROUNDS = 2
GENERATED = 100_000
"""Events generated; they then repeat at later times, from other records."""
GOAL = 1_100_000
VARIED = re.compile(rb'(did:plc:|"rkey":"|feed\.post/)....')
PLACE = b"zzzz"


class ImportRun(NamedTuple):
    """Elapsed seconds, seconds of all processors, and the largest process's peak memory in bytes."""

    seconds: float
    busy: float
    peak: int


def run(scale: float = 1.0) -> dict[str, Any]:
    """Rates and their ratios; `scale` times six million events."""
    events = max(int(EVENTS * scale), GENERATED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = archive(folder, events)
        stores = iter(range(1000))
        runs: dict[int, list[ImportRun]] = {1: [], 2: []}
        busy_peer: list[float] = []
        peers = [task for task in (ripgrep(files, busy_peer), duckdb(files)) if task]
        imports = [partial(noted, runs[n], folder, stores, files, n) for n in runs]
        one_process, two_processes, *peer_times = measure.by_turns(ROUNDS, *imports, *peers)
        least = imported(folder, stores, files[:1], 2)
        content = sum(part.stat().st_size for part in files)
    label = "two processes"
    lines = [
        measure.at_least(f"{label}, against the goal", events / two_processes, GOAL, "events", 1.0),
        measure.at_least(f"{label}, against one", events / two_processes, events / one_process, "events", 1.8),
    ]
    rates = [events / peer_time for peer_time in peer_times]
    if busy_peer:
        lines.append(
            measure.at_least(f"{label}, against zstd | rg -c", events / two_processes, rates[0], "events", 0.5)
        )
    busy = {n: min(figures.busy for figures in runs[n]) for n in runs}
    rate, by_time = 2 * events / busy[2], "by processor time, against"
    lines += [
        measure.at_least(f"{by_time} the goal", rate, GOAL, "events", 1.0),
        measure.at_least(f"{by_time} one", rate, events / busy[1], "events", 1.8),
    ]
    if busy_peer:
        lines.append(measure.at_least(f"{by_time} zstd | rg -c", rate, 2 * events / min(busy_peer), "events", 0.5))
    peak = max(figures.peak for figures in runs[2])
    lines.append(measure.limit("memory of the largest process", peak / 1e6, 500, "MB"))
    counted = f"; DuckDB counts {measure.rate(rates[-1], 'events')}" if len(rates) > bool(busy_peer) else ""
    return {
        "events": events,
        "notes": [
            f"{events:,} events, {content / 1e9:.2f} GB packed; memory for the first million {least.peak / 1e6:.0f} MB"
            + counted
        ],
        "lines": lines,
        "method": __doc__,
    }


def noted(runs: list[ImportRun], folder: Path, stores: Iterator[int], files: Sequence[Path], workers: int) -> float:
    """Seconds for the command; its other figures are kept."""
    runs.append(imported(folder, stores, files, workers))
    return runs[-1].seconds


def imported(folder: Path, stores: Iterator[int], files: Sequence[Path], workers: int) -> ImportRun:
    """Run the command into a store of its own."""
    store = folder / f"store-{next(stores)}.db"
    words = ["jetstream", *map(str, files), "--store", str(store), "--workers", str(workers)]
    return ImportRun(*measure.child("bench.bench_archives", "import", *words))


def run_command(words: Sequence[str]) -> ImportRun:
    """Run the command from a process with little memory: a child's peak is never below its parent's."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "hotpapers", "import", *words],
        stdout=subprocess.DEVNULL, env=_environment(), cwd=measure.ROOT,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"import {words[0]}: exit status {os.waitstatus_to_exitcode(status)}")
    return ImportRun(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def ripgrep(files: Sequence[Path], busy: list[float]) -> Callable[[], float] | None:
    """Wall time to decompress and search for one word, with processor time in a list; None if a program is missing."""
    if not (shutil.which("zstd") and shutil.which("rg")):
        return None
    line = f"zstd -dcq {' '.join(map(str, files))} | rg -c arxiv"
    task = partial(_run, ["sh", "-c", line])
    return lambda: measure.seconds(lambda: busy.append(measure.processor_seconds(task)))


def duckdb(files: Sequence[Path]) -> Callable[[], float] | None:
    """Time for DuckDB to count the events by collection."""
    try:
        import duckdb as database
    except ImportError:
        return None
    names = [str(file) for file in files]
    sql = """SELECT commit.collection, count(*) FROM read_json(?, format = 'newline_delimited',
        columns = {commit: 'STRUCT(collection VARCHAR)'}) GROUP BY 1"""
    return lambda: measure.seconds(lambda: database.connect().execute(sql, [names]).fetchall())


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": f"{measure.ROOT / 'src'}:{os.environ.get('PYTHONPATH', '')}"}


def _run(command: list[str]) -> None:
    process = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, cwd=measure.ROOT)
    if process.returncode:
        raise RuntimeError(f"{command[:4]}: exit status {process.returncode}")


# ---- made-up archives --------------------------------------------------------------------------------------


def archive(folder: Path, events: int) -> list[Path]:
    """Files with this many events in all."""
    chance = random.Random(1207)
    block = made_up_events(chance)
    files, began = [], time.time_ns() // 1000 - 30 * 86_400_000_000
    for number in range(0, events, FILE):
        file = folder / f"{number:012}.jsonl.zst"
        with file.open("wb") as raw, zstandard.ZstdCompressor(level=3).stream_writer(raw) as stream_writer:
            for part in range(number, min(number + FILE, events), GENERATED):
                stream_writer.write(later(block, part // GENERATED, began + part * 2_000))
        files.append(file)
    return files


def made_up_events(chance: random.Random) -> list[bytes]:
    """Events, some of them reactions to posts that name papers; PLACE marks where repeats differ."""
    recent: deque[str] = deque(maxlen=40)
    lines = []
    for number in range(GENERATED):
        strangers = [stream._post_uri(chance) for _ in range(4 * (len(recent) or 1))]
        line = stream._event(chance, [*recent, *strangers], number)
        if b"arxiv.org" in line:
            did, rkey = line.partition(b'"did":"')[2][:32].decode(), line.partition(b'"rkey":"')[2][:13].decode()
            recent.append(f"at://{did}/app.bsky.feed.post/{rkey}")
        lines.append(VARIED.sub(rb"\1" + PLACE, line))
    return lines


def later(lines: Sequence[bytes], turn: int, at: int) -> bytes:
    """The events again, later: other records from other accounts."""
    mark = stream._code(random.Random(turn), 4).encode()
    parts = []
    for number, line in enumerate(lines):
        head, _, rest = line.partition(b'"time_us":')
        parts.append(head + b'"time_us":%d' % (at + number * 2_000) + rest[16:])
    return b"".join(parts).replace(PLACE, mark)


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        print(json.dumps(run_command(sys.argv[2:])))
    else:
        figures = run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
        print({name: value for name, value in figures.items() if name != "method"})
