"""A session on Spark: on this machine's cores, or on a cluster that exists; and what keeps it from coming about."""

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
"""Times that a part is begun before the whole is given up: Spark's own figure for clusters, and here on one machine
too."""
PATIENCE = 10
"""Seconds in which a master must take a connection."""
_REASON = re.compile(r"(?:Exception in thread \"main\" |Caused by: )?[\w.$]*(?:Exception|Error): (.+)")
_LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
}


def check(master: str) -> None:
    """Raises UsageError where no session can come about."""
    if not MASTER.fullmatch(master):
        raise UsageError(
            f"--spark {master}: no master of Spark's; it is local[*], local[4], spark://HOST:7077, yarn or k8s://HOST:443"
        )
    if not all(importlib.util.find_spec(name) for name in ("pyspark", "pyarrow", "pandas", "duckdb")):
        raise UsageError("--spark needs PySpark: pip install 'hotpapers[spark]'")
    if not _java():
        raise UsageError("--spark needs Java 17 or newer: install it (Debian: apt-get install openjdk-17-jre-headless)")
    if master.startswith("spark://") and not any(map(_answers, master.removeprefix("spark://").split(","))):
        raise UsageError(f"no Spark master answers at {master}: is the address right, and is it running?")


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
    """A `SparkSession`. What Spark writes about itself goes into a temporary file, of which an error names the reason.

    Raises UsageError where it does not come about, or what is done with it fails."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryFile() as log:
        try:
            with _errors_into(log):
                session = _builder(master).getOrCreate()
        except Exception as problem:  # of PySpark, of py4j, of sockets
            raise UsageError(f"Spark does not start ({master}): {_reason(log, problem)}") from problem
        try:
            yield session
        except Exception as problem:
            if not _is_sparks(problem):
                raise
            raise UsageError(f"Spark gave up: {_reason(log, problem)}; give the same command again") from problem
        finally:
            with suppress(Exception):  # what is left of one that broke
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
    """What a Java that is started in the meantime writes to standard error goes into a file, as long as it runs."""
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _is_sparks(problem: Exception) -> bool:
    """Whether an error comes from PySpark or from its way to Java."""
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
