"""An archive scanned on Spark, on the cores of this machine, beside the same function on one core.

The archive is files of lines as in the benchmark of finding; the function gives how often each paper is named in a
file. On one core the files go through it one after the other, in a process of their own; Spark (local mode, a worker
process a core, warmed up) maps it over the files and adds up. Both must find the same. Linear is as many times the
rate of one core as there are cores; what else runs on the machine counts against both.

Spark is no part of what is installed: `pip install pyspark`, and a Java, make this benchmark run.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import bench_find, measure

FILES = 64
SIZE = 100_000_000
"""Bytes of a file."""
ROUNDS = 3
GOAL = 0.8
Papers = dict[str, int]


def run(scale: float = 1.0) -> dict[str, Any]:
    """Rates, and the share of linear; `scale` times 64 files of 100 MB."""
    for name, there in (("pyspark", importlib.util.find_spec("pyspark")), ("Java", shutil.which("java"))):
        if not there:
            return {"skipped": f"{name} is not installed"}
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, _Spark(cores) as spark:
        files = _archive(Path(folder), int(SIZE * scale))
        size = sum(Path(file).stat().st_size for file in files) / 1e6
        spark.scan(files[:cores])  # the workers are there, and have loaded the scanner
        same = spark.scan(files) == added_up(map(papers_in, files))
        alone, together = measure.by_turns(
            ROUNDS,
            partial(measure.seconds, lambda: added_up(map(papers_in, files))),
            partial(measure.seconds, lambda: spark.scan(files)),
        )
    if not same:
        raise RuntimeError("Spark and one core found different papers")
    what = f"an archive scan on Spark with {cores} cores, against {cores} times one core; identical result"
    return {
        "cores": cores,
        "share_of_linear": round(alone / together / cores, 3),
        "lines": [measure.at_least(what, size / together, size / alone * cores, "MB", GOAL)],
        "method": __doc__,
    }


def papers_in(file: str) -> Papers:
    """How often each paper is named in a file."""
    from hotpapers.ids.mentions.bulk import USUAL, scan_file

    with open(file, "rb", buffering=0) as stream:
        return dict(Counter(found.id for _, found in scan_file(stream, USUAL)))


def papers_in_all(files: Iterable[str]) -> list[Papers]:
    """The same for several files, added up where they are read."""
    return [added_up(map(papers_in, files))]


def added_up(parts: Iterable[Papers]) -> Papers:
    """The sum of what several files name."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


class _Spark:
    """Spark on this machine's cores."""

    def __init__(self, cores: int) -> None:
        from pyspark import SparkConf, SparkContext  # type: ignore[import-not-found]

        conf = SparkConf().setMaster(f"local[{cores}]").setAppName("hotpapers-bench")
        conf = conf.set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1")
        conf = conf.set("spark.ui.showConsoleProgress", "false")
        self._tasks = 2 * cores
        self._context = SparkContext(conf=conf)
        self._context.setLogLevel("ERROR")

    def __enter__(self) -> _Spark:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.stop()

    def scan(self, files: Sequence[str]) -> Papers:
        """The papers that files name, with how often. Few tasks: scanning a file takes less than starting one."""
        return added_up(self._context.parallelize(list(files), self._tasks).mapPartitions(papers_in_all).collect())


def _archive(folder: Path, size: int) -> list[str]:
    """One file of lines, and copies under other names: each is read and scanned by itself."""
    first = folder / "part-00.txt"
    bench_find.generate(first, size)
    others = [folder / f"part-{number:02}.txt" for number in range(1, FILES)]
    for other in others:
        os.link(first, other)
    return [str(file) for file in (first, *others)]
