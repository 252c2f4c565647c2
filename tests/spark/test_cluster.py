"""The command on this machine's cores, and on a cluster of one machine: a master, a worker, two executors."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import zstandard

from hotpapers.record import Record
from tests.conftest import ROOT
from tests.spark.test_spark import on_disk
from tests.wings.archives.archive_helpers import export_lines, import_files
from tests.wings.archives.test_archives_workers import days


def hotpapers(*arguments: str) -> tuple[int, str, str]:
    """Run the command: status, output, errors."""
    process = subprocess.run(
        [sys.executable, "-m", "hotpapers", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return process.returncode, process.stdout, process.stderr


def test_the_command_imports_as_without_spark(spark: None, tmp_path: Path) -> None:
    """A truncated file is imported up to its end too, and is reported."""
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl.zst", tmp_path / "cut.jsonl.zst"]
    files[0].write_bytes(days(1))
    files[1].write_bytes(zstandard.compress(days(2)))
    files[2].write_bytes(zstandard.compress(days(3))[:-300])
    names, stores = list(map(str, files)), [str(tmp_path / f"{n}.db") for n in range(2)]
    results = [
        hotpapers("import", "jetstream", *names, "--spark", "local[2]", "--store", stores[0]),
        hotpapers("import", "jetstream", *names, "--workers", "1", "--store", stores[1]),
    ]
    assert results[0] == results[1] and results[0][0] == 1
    assert "cannot be unpacked: it is truncated; was it copied completely?; " in results[0][2]
    with Record(stores[0]) as record, Record(stores[1]) as other_record:
        assert export_lines(record) == export_lines(other_record) != b""


# ---- a cluster -----------------------------------------------------------------------------------------


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens on a port."""
    while True:
        with closing(socket.socket()) as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "Spark's master ended"
        time.sleep(0.2)


@pytest.fixture
def master(spark: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a master with a worker."""
    import pyspark

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    (tmp_path / "conf").mkdir()
    settings = "spark.executor.cores 1\nspark.executor.memory 512m\nspark.cores.max 2\nspark.driver.host 127.0.0.1\n"
    (tmp_path / "conf" / "spark-defaults.conf").write_text(settings)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    address, spark_class = f"spark://127.0.0.1:{port}", str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    deploy, log = "org.apache.spark.deploy", (tmp_path / "cluster.log").open("wb")
    commands = [
        [f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"],
        [f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--cores", "2", "--memory", "2g", "--webui-port", "0",
         "--work-dir", str(tmp_path / "work"), address],
    ]  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(log)
        for command in commands:
            process = subprocess.Popen([spark_class, *command], stdout=log, stderr=log, start_new_session=True)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            wait_for_port(port, process)
        yield address


def test_an_executor_that_is_killed_loses_nothing(master: str, tmp_path: Path) -> None:
    """No staged files remain."""
    files = on_disk(tmp_path, days(1), days(2), days(3))
    staging, store, marker = tmp_path / "staging", tmp_path / "record.db", tmp_path / "killed"
    staging.mkdir()
    command = [sys.executable, "-m", "tests.spark.cluster_run", master, str(store), str(staging), str(marker)]
    process = subprocess.run(
        [*command, *(file.name for file in files)], capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert marker.exists() and not list(staging.iterdir())
    with Record(str(store)) as record, Record(str(tmp_path / "other.db")) as other_record:
        import_files(other_record, "jetstream", *files)
        assert export_lines(record) == export_lines(other_record) != b""
