"""Archives read on Spark give the same record as in one process, whatever is killed, lost or truncated."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hotpapers.cli import spark_import
from hotpapers.errors import InputError
from hotpapers.ingest.archives import ArchiveFile, parts, spark_job
from hotpapers.ingest.archives.findings import FilterJob, all_parts
from hotpapers.store import Record
from tests.conftest import data
from tests.ingest.archive_helpers import NOW, export_lines, import_files
from tests.ingest.test_archives_findings import import_findings
from tests.ingest.test_archives_workers import days
from tests.spark import fault_injection


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "record.db")) as record:
        yield record


@pytest.fixture
def other_record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "other.db")) as record:
        yield record


COMPRESSORS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("", bytes), (".zst", zstandard.ZstdCompressor().compress), (".gz", gzip.compress),
]  # fmt: skip


def on_disk(folder: Path, *contents: bytes) -> list[ArchiveFile]:
    """Write files: plain, Zstandard with several frames, gzip with several members, and so on."""
    files = []
    for number, content in enumerate(contents):
        pieces = [content[at : at + 20_001] for at in range(0, len(content), 20_001)]
        end, compress = COMPRESSORS[number % 3]
        file = folder / f"{number}.jsonl{end}"
        file.write_bytes(b"".join(map(compress, pieces)))
        files.append(spark_import.file_of(str(file), None))
    return files


def job_of(kind: str, files: list[ArchiveFile]) -> FilterJob:
    """A job for an empty record."""
    return FilterJob(kind, files, all_parts(kind, files), [], [], NOW)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_parts_the_record_is_the_same(
    session: Any, record: Record, other_record: Record, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    rng = random.Random(seed)
    files = on_disk(tmp_path, *map(days, range(seed, seed + 4)))
    import_files(other_record, "jetstream", *files)
    rng.shuffle(files)
    monkeypatch.setattr(parts, "PLAIN_PART", rng.choice([30_000, 100_000, 10**6]))
    job = job_of("jetstream", files)
    run = spark_job.filter_files(session, job, str(tmp_path / "findings"), shares.append)
    assert run == spark_job.SparkRun(passes=2, lost=0, problems={})
    assert import_findings(record, tmp_path / "findings") == [""] * 4
    assert export_lines(record) == export_lines(other_record)
    assert export_lines(record).count(b'"reaction"') > 200
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("name", ["eventdata-kettles.jsonl", "hackernews-table.parquet", "reddit-dump.jsonl"])
def test_a_format_of_lines_is_read_once(
    session: Any, record: Record, other_record: Record, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, kind = on_disk(tmp_path, data(f"archives/{name}").read_bytes()), name.partition("-")[0]
    import_files(other_record, kind, *files)
    monkeypatch.setattr(parts, "PLAIN_PART", 700)
    run = spark_job.filter_files(session, job_of(kind, files), str(tmp_path / "findings"), lambda share: None)
    assert run.passes == 1 and import_findings(record, tmp_path / "findings") == [""]
    assert export_lines(record) == export_lines(other_record) != b""


def test_a_process_that_is_killed_and_a_frame_that_breaks_off(
    session: Any, record: Record, other_record: Record, tmp_path: Path
) -> None:
    """The killed process's work is redone; the broken frame is reported, and what precedes it is imported."""
    files = on_disk(tmp_path, days(1), days(2), days(3))
    damaged_file = Path(files[1].name)
    content = damaged_file.read_bytes()
    damaged_file.write_bytes(content[:-300])
    files = [spark_import.file_of(file.name, None) for file in files]
    kill_reader = partial(fault_injection.kill_once, str(tmp_path / "killed"), "process")
    job = job_of("jetstream", [files[0], files[1], files[2]._replace(altered=kill_reader)])
    run = spark_job.filter_files(session, job, str(tmp_path / "findings"), lambda share: None)
    assert (tmp_path / "killed").exists() and run.lost > 0
    assert run.problems == {1: "cannot be unpacked: it is truncated; was it copied completely?"}
    first, second, third = import_findings(record, tmp_path / "findings")
    assert second.startswith("cannot be unpacked: it is truncated; was it copied completely?; ")
    assert second.endswith(" lines before that were imported") and first == third == ""
    with pytest.raises(InputError, match="it is truncated"):
        import_files(other_record, "jetstream", *files)
    assert export_lines(record) == export_lines(other_record) != b""
