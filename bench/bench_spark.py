"""An archive of Bluesky's stream with Spark on two cores, against our own two processes.

The archive is that of the benchmark `archives`; ours is the command with `--workers 2`. Spark's first line is measured
from a running session to the end of the writer, since start-up is paid once; the last line is `--spark local[2]`,
including start-up. Both read the archive twice and must leave the same record, by digest. Best times; on a busy
machine, the processor time of all processes says more.

Spark is not installed by default: run `make test-spark`, then this benchmark with PYTHONPATH=.spark/site.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import bench_archives, measure

EVENTS = 12_000_000
ROUNDS = 2
GOAL = 0.8


def run(scale: float = 1.0) -> dict[str, Any]:
    """Rates and their ratios; `scale` times twelve million events."""
    for name, program in (("pyspark", importlib.util.find_spec("pyspark")), ("Java", shutil.which("java"))):
        if not program:
            return {"skipped": f"{name} is not installed"}
    from hotpapers.wings.archives.spark import spark_workers

    events = max(int(EVENTS * scale), bench_archives.GENERATED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = bench_archives.archive(folder, events)
        stores = (folder / f"store-{number}.db" for number in range(1000))
        own = partial(_command, stores, files, "--workers", "2")
        with spark_workers("local[2]") as pool:
            ready = partial(_on_spark, pool, stores, files)
            _on_spark(pool, iter([folder / "warm.db"]), files[:2])  # start the processes and load our code in them
            own_time, spark = measure.by_turns(ROUNDS, own, ready)
            own_busy, spark_busy = measure.processor_seconds(own), _busy(ready)
        cold_time = _command(stores, files, "--spark", "local[2]")
        digests = {_digest(store) for store in sorted(folder.glob("store-*.db"))}
    if len(digests) != 1:
        raise RuntimeError("Spark and two processes left different records")
    label = "two cores"
    return {
        "events": events,
        "lines": [
            measure.at_least(f"{label}, against two processes", events / spark, events / own_time, "events", GOAL),
            measure.at_least(f"{label}, processor time", events / spark_busy, events / own_busy, "events", None),
            measure.at_least(f"{label}, Java's start counted", events / cold_time, events / own_time, "events", None),
        ],
        "method": __doc__,
    }


def _command(stores: Iterator[Path], files: Sequence[Path], *words: str) -> float:
    command = [sys.executable, "-m", "hotpapers", "import", "jetstream", *map(str, files), *words]
    return measure.seconds(lambda: bench_archives._run([*command, "--store", str(next(stores))]))


def _on_spark(pool: Any, stores: Iterator[Path], files: Sequence[Path]) -> float:
    """Seconds from the first part to the last batch."""
    from hotpapers.base.network_terms import TERMS
    from hotpapers.record import Record
    from hotpapers.wings.archives.cli import commands as archives
    from hotpapers.wings.archives.file_import import import_archives

    with Record(str(next(stores))) as record:
        start, now = time.perf_counter(), time.time_ns() // 1000
        inputs = [archives.file_of(str(file), None, None) for file in files]
        list(import_archives(record, "jetstream", inputs, TERMS["bluesky"], now, pool=pool))
        return time.perf_counter() - start


def _busy(task: Callable[[], object]) -> float:
    """Processor time of this process and all living processes below it."""
    start = _worked()
    task()
    return _worked() - start


def _worked() -> float:
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)], ticks[int(stat.parent.name)] = int(words[1]), sum(map(int, words[11:15]))
    below = {os.getpid()}
    while children := {process for process, parent in parents.items() if parent in below} - below:
        below |= children
    return sum(ticks[process] for process in below) / os.sysconf("SC_CLK_TCK")


def _digest(store: Path) -> str:
    from hotpapers.keep.transfer.jsonl import exporter
    from hotpapers.record import Record

    with Record(str(store)) as record:
        return hashlib.sha256(b"".join(exporter.record_lines(record, records_only=True))).hexdigest()
