"""A Spark session, on this machine's cores or on an existing cluster, and the checks before starting one."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from hotpapers.errors import UsageError

MASTER = re.compile(r"local(\[(\*|\d+)(, *\d+)?\])?|local-cluster\[\d+, *\d+, *\d+\]|spark://.+|yarn|k8s://.+")
TRIES = 4
"""Times that a part is tried before the job fails: Spark's default for clusters, used here on a single machine too."""
PATIENCE = 10
"""Seconds in which a master must accept a connection."""
_REASON = re.compile(r"(?:Exception in thread \"main\" |Caused by: )?[\w.$]*(?:Exception|Error): (.+)")
_LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    # Java only passes rows on: compiling thoroughly and collecting garbage in parallel cost more than they save.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def check(master: str) -> None:
    """Raises UsageError if no session can be started."""
    if not MASTER.fullmatch(master):
        raise UsageError(
            f"--spark {master}: not a Spark master; use local[*], local[4], spark://HOST:7077, yarn or k8s://HOST:443"
        )
    if not all(importlib.util.find_spec(name) for name in ("pyspark", "pyarrow", "pandas", "duckdb")):
        raise UsageError("--spark needs PySpark: pip install 'hotpapers[spark]'")
    if not _java():
        raise UsageError("--spark needs Java 17 or newer: install it (Debian: apt-get install openjdk-17-jre-headless)")
    if master.startswith("spark://") and not any(map(_answers, master.removeprefix("spark://").split(","))):
        raise UsageError(f"no Spark master answers at {master}; check the address and that it is running")


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), PATIENCE):
        return True
    return False


@contextmanager
def spark_session(master: str) -> Iterator[Any]:
    """A `SparkSession`. Spark's own output goes to a temporary file, from which errors quote the reason.

    Raises UsageError if the session cannot be started or an operation on it fails.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryFile() as log:
        try:
            with _errors_into(log):
                session = _builder(master).getOrCreate()
        except Exception as problem:  # of PySpark, of py4j, of sockets
            raise UsageError(f"cannot start Spark ({master}): {_reason(log, problem)}") from problem
        try:
            yield session
        except Exception as problem:
            if not _is_sparks(problem):
                raise
            raise UsageError(f"Spark failed: {_reason(log, problem)}; run the same command again") from problem
        finally:
            with suppress(Exception):  # it may be broken
                session.stop()


def _builder(master: str) -> Any:
    from pyspark.sql import SparkSession

    local = re.fullmatch(r"local(?:\[(\*|\d+)\])?", master)
    builder = SparkSession.builder.master(f"local[{local[1] or 1},{TRIES}]" if local else master)
    settings = {"spark.app.name": "hotpapers import", "spark.ui.showConsoleProgress": "false"}
    for name, value in (settings | (_LOCAL if master.startswith("local") else {})).items():
        builder = builder.config(name, value)
    return builder


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


def _is_sparks(problem: Exception) -> bool:
    """Whether an error comes from PySpark or its connection to Java."""
    return type(problem).__module__.partition(".")[0] in ("pyspark", "py4j") or isinstance(problem, ConnectionError)


def _reason(log: IO[bytes], problem: Exception) -> str:
    """The innermost cause of an error, or what Java wrote when it ended."""
    if "JAVA_GATEWAY_EXITED" in str(problem):
        log.seek(0)
        text = log.read().decode("utf-8", "replace")
        if "UnsupportedClassVersionError" in text:
            return "this Java is too old; install Java 17 or newer"
    else:
        text = str(problem)
    reasons = [match[1] for match in map(_REASON.fullmatch, map(str.strip, text.splitlines())) if match]
    return (reasons[-1] if reasons else text.strip().partition("\n")[0] or type(problem).__name__)[:300].rstrip(".")
