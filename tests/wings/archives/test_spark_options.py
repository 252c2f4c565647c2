"""`hotpapers import … --spark`: what it refuses before Spark starts, and the reasons it reports."""

from __future__ import annotations

import importlib.util
import socket
from contextlib import closing
from pathlib import Path

import pytest

from hotpapers.base.errors import UsageError
from hotpapers.wings.archives import spark
from tests.cli.run import misuse

MASTERS = ["local", "local[*]", "local[4]", "local[2, 3]", "local-cluster[2,1,1024]", "spark://a:7077,b:7077", "yarn",
           "k8s://https://a:443"]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["reddit", "F", "--staging", "D"], "--staging needs --spark"),
        (["reddit", "F", "--spark", "local", "--workers", "2"], "--workers is for imports without --spark"),
        (["reddit", "-", "--spark", "local"], "several processes cannot read standard input; name files"),
        (["reddit", "s3://b/F", "--spark", "local"], "archives are read from files: mount or download"),
        (["reddit", "F", "--spark", "yarn"], "name a folder that all its machines have under the same path"),
        (["reddit", "F", "--spark", "local", "--staging", "D"], "--staging D: there is no such folder"),
        (["reddit", "F", "--spark", "here", "--staging", "."], "--spark here: not a Spark master; use local[*]"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_told(
    tmp_path: Path, args: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("F").write_bytes(b"{}\n")
    assert reason in misuse("import", *args)
    assert [path.name for path in tmp_path.iterdir()] == ["F"]


@pytest.mark.parametrize("master", MASTERS)
def test_masters(master: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"--spark needs PySpark: pip install 'hotpapers\[spark\]'"):
        spark.check_session(master)


def test_without_java_or_a_master_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="--spark needs Java 17 or newer: install it"):
        spark.check_session("local")
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    spark.check_session("local")
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        spark.check_session(f"spark://nobody.invalid:7077,127.0.0.1:{port}")
    for master in (f"spark://127.0.0.1:{port}", "spark://127.0.0.1", "spark://:x"):
        with pytest.raises(UsageError, match=f"no Spark master answers at {master}; check the address"):
            spark.check_session(master)


def test_the_reason_of_a_java_that_ends_is_found() -> None:
    class Log:
        def __init__(self, text: str) -> None:
            self.read, self.seek = text.encode, lambda place: None

    exit_error = RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.")
    text = (
        'WARNING: x\nException in thread "main" org.apache.spark.SparkException: HADOOP_CONF_DIR must be set.\n\tat a.b'
    )
    assert spark._reason(Log(text), exit_error) == "HADOOP_CONF_DIR must be set"  # type: ignore[arg-type]
    log = "java.lang.UnsupportedClassVersionError: 61.0"
    assert "install Java 17" in spark._reason(Log(log), exit_error)  # type: ignore[arg-type]
    job_error = RuntimeError(
        "An error\n: org.apache.spark.SparkException: Job aborted\nCaused by: java.io.IOException: full"
    )
    assert spark._reason(Log(""), job_error) == "full"  # type: ignore[arg-type]
