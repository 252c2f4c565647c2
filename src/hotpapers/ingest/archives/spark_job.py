"""Scans an archive on Spark: one task per part, with the results as Parquet.

Events are read in two passes. The first keeps what is relevant by itself and lists the posts to which others may refer;
the second, which runs only if there are such posts, keeps what refers to them. Lines are read once. Spark restarts lost
tasks, and uses only the rows of completed ones.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hotpapers.ingest.archives.event_findings import EventReader, EventRow, end_of
from hotpapers.ingest.archives.findings import ABOUT, LINES, REFERENCES, FilterJob
from hotpapers.ingest.archives.formats import EVENTS
from hotpapers.ingest.archives.line_findings import LineReader, LineRow

SCHEMAS: dict[type, str] = {
    LineRow: "part INT, block INT, kind STRING, number INT, from_byte BIGINT, to_byte BIGINT, content BINARY,"
    " ended BOOLEAN, cut BOOLEAN, problem STRING",
    EventRow: "part INT, number INT, kind STRING, at BIGINT, rank BIGINT, asks BIGINT, content BINARY,"
    " keys ARRAY<BINARY>, problem STRING",
}
"""The rows as Spark schemas."""
MOST_ROWS = 1_000
MOST_BYTES = 2**22
"""Maximum bytes in a batch of rows on its way to Java."""
GROUP = "hotpapers"
PAUSE = 0.5
"""Seconds between progress checks."""


class SparkRun(NamedTuple):
    """The result of a run on Spark: passes over the archive, tasks that were lost and restarted, and by file number why
    a file could not be read completely."""

    passes: int
    lost: int
    problems: dict[int, str]


def filter_files(session: Any, job: FilterJob, folder: str, progress: Callable[[float], object]) -> SparkRun:
    """Writes the findings of all parts into a folder, or below an address to which Spark can write. `progress` gets the
    fraction of the work done. Raises what PySpark raises."""
    session.sparkContext.setJobGroup(GROUP, "hotpapers import")
    passes = 2 if job.format in EVENTS else 1
    with _watched(session, passes * len(job.parts), progress):
        _write(session, job, f"{folder}/{LINES}")
        second = _second(session, job, f"{folder}/{LINES}") if job.format in EVENTS else None
        if second:
            _write(session, second, f"{folder}/{REFERENCES}")
    about = msgspec.json.encode(job.about(references=second is not None)).decode()
    session.createDataFrame([(about,)], "value STRING").coalesce(1).write.text(f"{folder}/{ABOUT}")
    lost = sum(stage.numFailedTasks for stage in _stages(session))
    return SparkRun(1 if second is None else 2, lost, _problems(session, job, f"{folder}/{LINES}"))


def _second(session: Any, job: FilterJob, table: str) -> FilterJob | None:
    """The job for the second pass, after the first; None if there is nothing to which others may refer."""
    ends = session.read.parquet(table).where("kind = 'end'").select("part", "content", "keys").collect()
    ends.sort(key=lambda row: row.part)
    known = dict.fromkeys([*job.known, *(bytes(key) for row in ends for key in row["keys"])])
    return job._replace(known=list(known), ends=[end_of(bytes(row.content)) for row in ends]) if known else None


def _write(session: Any, job: FilterJob, target: str) -> None:
    """One row goes in and one file comes out per part, with the same number."""
    shared, count = session.sparkContext.broadcast(job), len(job.parts)

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from _batches(_reader(shared).rows(number))

    numbers = session.range(0, count, 1, count)
    schema = SCHEMAS[EventRow if job.format in EVENTS else LineRow]
    numbers.mapInArrow(run, schema).write.option("compression", "zstd").parquet(target)
    shared.unpersist()


@lru_cache(maxsize=1)
def _reader(shared: Any) -> EventReader | LineReader:
    """One reader for all parts that a process gets, as its index takes a while to build."""
    job: FilterJob = shared.value
    return EventReader(job) if job.format in EVENTS else LineReader(job)


def _batches(rows: Iterable[EventRow | LineRow]) -> Iterator[Any]:
    pending: list[EventRow | LineRow] = []
    size = 0
    for row in rows:
        pending.append(row)
        size += len(row.content)
        if len(pending) >= MOST_ROWS or size >= MOST_BYTES:
            yield _batch(pending)
            pending, size = [], 0
    if pending:
        yield _batch(pending)


def _batch(rows: list[EventRow | LineRow]) -> Any:
    import pyarrow

    types = {
        "INT": pyarrow.int32(), "BIGINT": pyarrow.int64(), "STRING": pyarrow.string(), "BOOLEAN": pyarrow.bool_(),
        "BINARY": pyarrow.binary(), "ARRAY<BINARY>": pyarrow.list_(pyarrow.binary()),
    }  # fmt: skip
    names, kinds = zip(*(field.split() for field in SCHEMAS[type(rows[0])].split(", ")), strict=True)
    columns = [pyarrow.array(values, types[kind]) for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    return pyarrow.RecordBatch.from_arrays(columns, names)


def _problems(session: Any, job: FilterJob, table: str) -> dict[int, str]:
    ends = session.read.parquet(table).where("kind = 'end' AND problem <> ''").select("part", "problem").collect()
    return {job.parts[part].file: problem for part, problem in sorted(ends, reverse=True)}


@contextmanager
def staging(session: Any, place: str, target: Path) -> Iterator[str]:
    """A temporary folder in a place that all machines can reach, given by any Hadoop address. At the end, its content
    is moved to a folder on this machine, and the temporary folder is always deleted."""
    java, context = session.sparkContext._jvm, session.sparkContext._jsc
    folder = java.org.apache.hadoop.fs.Path(f"{place}/hotpapers-{uuid.uuid4().hex}")
    files = folder.getFileSystem(context.hadoopConfiguration())
    try:
        yield folder.toString()
        for name in (LINES, REFERENCES, ABOUT):
            table = java.org.apache.hadoop.fs.Path(folder, name)
            if files.exists(table):
                files.copyToLocalFile(False, table, java.org.apache.hadoop.fs.Path(f"file://{target}/{name}"), True)
    finally:
        files.delete(folder, True)


# ---- progress ------------------------------------------------------------------------------------------


def _stages(session: Any) -> Iterator[Any]:
    tracker = session.sparkContext.statusTracker()
    for number in tracker.getJobIdsForGroup(GROUP):
        job = tracker.getJobInfo(number)
        yield from filter(None, map(tracker.getStageInfo, job.stageIds if job else ()))


@contextmanager
def _watched(session: Any, tasks: int, progress: Callable[[float], object]) -> Iterator[None]:
    """Reports from time to time which fraction of the tasks is done."""
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(PAUSE):
            with suppress(Exception):  # a broken session is reported by the code that uses it
                progress(min(sum(stage.numCompletedTasks for stage in _stages(session)) / tasks, 1.0))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
