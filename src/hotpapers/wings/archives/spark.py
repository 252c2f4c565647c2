"""Work on parts of archives by Spark: on this machine's cores or an existing cluster, whose machines share a folder.

Spark repeats lost tasks. Results have names that are used only once, and those of completed tasks count.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from hotpapers.base.errors import UsageError, require
from hotpapers.wings.archives.scan import Progress
from hotpapers.wings.archives.workers import Task, Work, WorkerSetup, read_result, run_task

MASTER = re.compile(r"local(\[(\*|\d+)(, *\d+)?\])?|local-cluster\[\d+, *\d+, *\d+\]|spark://.+|yarn|k8s://.+")
TRIES = 4
"""Times that a task is tried before the job fails: Spark's default for clusters, used here on a single machine too."""
PATIENCE = 10
"""Seconds in which a master must accept a connection."""
_REASON = re.compile(r"(?:Exception in thread \"main\" |Caused by: )?[\w.$]*(?:Exception|Error): (.+)")
_SETTINGS = {"spark.app.name": "hotpapers import", "spark.ui.showConsoleProgress": "false"}
_LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    # Java only passes names on: compiling thoroughly and collecting garbage in parallel cost more than they save.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def check_session(master: str) -> None:
    """Raises UsageError if no session can be started."""
    require(
        bool(MASTER.fullmatch(master)),
        f"--spark {master}: not a Spark master; use local[*], local[4], spark://HOST:7077, yarn or k8s://HOST:443",
    )
    require(bool(importlib.util.find_spec("pyspark")), "--spark needs PySpark: pip install 'hotpapers[spark]'")
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    require(bool(java), "--spark needs Java 17 or newer: install it (Debian: apt-get install openjdk-17-jre-headless)")
    require(
        not master.startswith("spark://") or any(map(_answers, master.removeprefix("spark://").split(","))),
        f"no Spark master answers at {master}; check the address and that it is running",
    )


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), PATIENCE):
        return True
    return False


class SparkWorkers:
    """A `Pool` of a session's processes, which open files by their paths."""

    opens_files = True

    def __init__(self, session: Any) -> None:
        self._context = session.sparkContext

    def map(
        self, work: Work, setup: WorkerSetup, tasks: Iterable[Task], progress: Progress
    ) -> Generator[tuple[Task, Any]]:
        """See `Pool`. Raises PySpark's errors."""
        all_tasks = list(tasks)
        if not all_tasks:
            return
        job = self._context.parallelize(all_tasks, len(all_tasks)).map(lambda task: run_task(work, setup, task, int))
        for task, name in zip(all_tasks, job.collect(), strict=True):
            part: Any = getattr(task, "part", task)
            end = part.end or os.path.getsize(part.path)
            progress(end - part.start)
            yield task, read_result(setup, name)


@contextmanager
def spark_workers(master: str) -> Iterator[SparkWorkers]:
    """A pool. Spark's own output goes to a temporary file, from which errors quote the reason.

    Raises UsageError if the session cannot be started or an operation on it fails.
    """
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    local = re.fullmatch(r"local(?:\[(\*|\d+)\])?", master)
    address = f"local[{local[1] or 1},{TRIES}]" if local else master
    builder: Any = SparkSession.builder.master(address)
    builder = builder.config(map=_SETTINGS | (_LOCAL if master.startswith("local") else {}))
    with tempfile.TemporaryFile() as log:
        try:
            with _errors_into(log):
                session = builder.getOrCreate()
        except Exception as problem:  # of PySpark, of py4j, of sockets
            raise UsageError(f"cannot start Spark ({master}): {_reason(log, problem)}") from problem
        try:
            yield SparkWorkers(session)
        except Exception as problem:
            is_sparks = type(problem).__module__.partition(".")[0] in ("pyspark", "py4j")
            if not (is_sparks or isinstance(problem, ConnectionError)):
                raise
            raise UsageError(f"Spark failed: {_reason(log, problem)}; run the same command again") from problem
        finally:
            with suppress(Exception):  # it may be broken
                session.stop()


@contextmanager
def _errors_into(log: IO[bytes]) -> Iterator[None]:
    """Sends the standard error of a Java process started meanwhile to a file, for as long as that process runs."""
    sys.stderr.flush()
    stderr_copy = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr_copy, 2)
        os.close(stderr_copy)


def _reason(log: IO[bytes], problem: Exception) -> str:
    """The innermost cause of an error, or what Java wrote when it ended."""
    if "JAVA_GATEWAY_EXITED" in str(problem):
        log.seek(0)
        text = log.read().decode("utf-8", "replace")
        if "UnsupportedClassVersionError" in text:
            return "this Java is too old; install Java 17 or newer"
    else:
        text = str(problem)
    matches = map(_REASON.fullmatch, map(str.strip, text.splitlines()))
    reasons = [match[1] for match in matches if match]
    return (reasons[-1] if reasons else text.strip().partition("\n")[0] or type(problem).__name__)[:300].rstrip(".")
