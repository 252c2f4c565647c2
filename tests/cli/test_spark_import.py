"""`hotpapers import … --spark`: what it refuses before Spark starts, and what it reports."""

from __future__ import annotations

import importlib.util
import socket
from contextlib import closing
from pathlib import Path

import pytest

from hotpapers.errors import UsageError
from hotpapers.ingest.archives import spark_session
from hotpapers.model import Paper
from hotpapers.store import Record
from tests.cli.run import good, misuse, run
from tests.ingest.test_archives_findings import job_of, on_disk, write_findings
from tests.ingest.test_archives_workers import days

MASTERS = ["local", "local[*]", "local[4]", "local[2, 3]", "local-cluster[2,1,1024]", "spark://a:7077,b:7077", "yarn",
           "k8s://https://a:443"]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An archive."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(days(1))
    return str(path)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["reddit", "F", "--to", "D"], "--to and --staging need --spark"),
        (["reddit", "F", "--staging", "D"], "--to and --staging need --spark"),
        (["classic", "F", "--spark", "local"], "--spark is for archives, not for classic"),
        (["findings", "F", "--spark", "local"], "--spark is for archives, not for findings"),
        (["reddit", "F", "--spark", "local", "--workers", "2"], "--workers is for imports without --spark"),
        (["reddit", "F", "--spark", "local", "--to", "D", "--staging", "E"], "--staging is for imports into the store"),
        (["reddit", "-", "--spark", "local"], "several processes cannot read standard input; name files"),
        (["reddit", "s3://b/F", "--spark", "local"], "--spark: every machine opens files by path; mount"),
        (["reddit", "F", "--spark", "yarn"], "--spark yarn: name a folder or address that all its machines can reach"),
        (["reddit", "F", "--spark", "local", "--to", "."], "--to .: the folder is not empty; name another one"),
        (["reddit", "F", "--spark", "here", "--to", "D"], "--spark here: not a Spark master; use local[*]"),
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
        spark_session.check(master)


def test_without_java_or_a_master_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="--spark needs Java 17 or newer: install it"):
        spark_session.check("local")
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    spark_session.check("local")
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        spark_session.check(f"spark://nobody.invalid:7077,127.0.0.1:{port}")
    for master in (f"spark://127.0.0.1:{port}", "spark://127.0.0.1", "spark://:x"):
        with pytest.raises(UsageError, match=f"no Spark master answers at {master}; check the address"):
            spark_session.check(master)


def test_the_reason_of_a_java_that_ends_is_found() -> None:
    class Log:
        def __init__(self, text: str) -> None:
            self.read, self.seek = text.encode, lambda place: None

    exit_error = RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.")
    text = (
        'WARNING: x\nException in thread "main" org.apache.spark.SparkException: HADOOP_CONF_DIR must be set.\n\tat a.b'
    )
    assert spark_session._reason(Log(text), exit_error) == "HADOOP_CONF_DIR must be set"  # type: ignore[arg-type]
    log = "java.lang.UnsupportedClassVersionError: 61.0"
    assert "install Java 17" in spark_session._reason(Log(log), exit_error)  # type: ignore[arg-type]
    job_error = RuntimeError(
        "An error\n: org.apache.spark.SparkException: Job aborted\nCaused by: java.io.IOException: full"
    )
    assert spark_session._reason(Log(""), job_error) == "full"  # type: ignore[arg-type]


def test_findings_that_were_sifted_without_titles_are_told(tmp_path: Path) -> None:
    folder = write_findings(job_of("jetstream", on_disk(tmp_path, days(1))), tmp_path / "findings")
    store = str(tmp_path / "store.db")
    with Record(store) as record:
        record.append([Paper(paper="arxiv:2606.01000", title="Nine Kettles On A Stove", observed_at=1)], source="made")
    output = good("import", "findings", str(folder), "--store", store).splitlines()
    assert output[0].endswith("0 snapshots") and "lines read; added: " in output[0]
    assert output[-1].endswith(
        "findings: made with 0 of the 1 titles in this store; posts that name a paper only by one of the other titles"
        " are missing"
    )


def test_what_is_no_folder_of_findings_is_refused(tmp_path: Path, file: str) -> None:
    result = run("import", "findings", file, "--store", str(tmp_path / "store.db"))
    assert result.status == 1
    assert "a.jsonl: not complete findings from `hotpapers import … --spark … --to`" in result.err
