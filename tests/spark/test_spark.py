"""Archives read on Spark give the same record as in one process, whatever is killed, lost or truncated."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hotpapers.base.errors import InputError
from hotpapers.record import Record
from hotpapers.wings.archives import parts
from hotpapers.wings.archives.cli import commands as archives
from hotpapers.wings.archives.file_import import import_archives
from hotpapers.wings.archives.imported_file import ArchiveFile
from hotpapers.wings.archives.spark import SparkWorkers
from tests.conftest import data
from tests.spark.cluster_run import DeadlyWorkers
from tests.wings.archives.archive_helpers import NOW, export_lines, import_files, terms_of
from tests.wings.archives.test_archives_workers import days


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


def file_on_disk(path: Path) -> ArchiveFile:
    """A file as the command would open it."""
    return archives.file_of(str(path), None, None)


def on_disk(folder: Path, *contents: bytes) -> list[ArchiveFile]:
    """Write files: plain, Zstandard with several frames, gzip with several members, and so on."""
    files = []
    for number, content in enumerate(contents):
        pieces = [content[at : at + 20_001] for at in range(0, len(content), 20_001)]
        end, compress = COMPRESSORS[number % 3]
        file = folder / f"{number}.jsonl{end}"
        file.write_bytes(b"".join(map(compress, pieces)))
        files.append(file_on_disk(file))
    return files


def import_on(pool: Any, record: Record, kind: str, files: list[ArchiveFile]) -> list[str]:
    """Import files; returns, for each, why it was refused, or an empty string."""
    results = import_archives(record, kind, files, terms_of(kind), NOW, pool=pool)
    return [result.reason if isinstance(result, InputError) else "" for result in results]


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_parts_the_record_is_the_same(
    pool: SparkWorkers, record: Record, other_record: Record, seed: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rng = random.Random(seed)
    files = on_disk(tmp_path, *map(days, range(seed, seed + 4)))
    import_files(other_record, "jetstream", *files)
    rng.shuffle(files)
    monkeypatch.setattr(parts, "PLAIN_PART", rng.choice([30_000, 100_000, 10**6]))
    assert import_on(pool, record, "jetstream", files) == [""] * 4
    assert export_lines(record) == export_lines(other_record)
    assert export_lines(record).count(b'"reaction"') > 200


@pytest.mark.parametrize("name", ["hackernews-shapes.jsonl", "reddit-dump.jsonl", "arxiv-snapshot.jsonl"])
def test_a_format_of_lines_is_read_once(
    pool: SparkWorkers, record: Record, other_record: Record, name: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    files, kind = on_disk(tmp_path, data(f"archives/{name}").read_bytes()), name.partition("-")[0]
    import_files(other_record, kind, *files)
    monkeypatch.setattr(parts, "PLAIN_PART", 700)
    assert import_on(pool, record, kind, files) == [""]
    assert export_lines(record) == export_lines(other_record) != b""


def test_a_process_that_is_killed_and_a_frame_that_breaks_off(
    pool: SparkWorkers, record: Record, other_record: Record, tmp_path: Path
) -> None:
    """The killed process's work is redone; the broken frame is reported, and what precedes it is imported."""
    damaged_file = Path(on_disk(tmp_path, days(1), days(2), days(3))[1].name)
    damaged_file.write_bytes(damaged_file.read_bytes()[:-300])
    files = [file_on_disk(tmp_path / name) for name in ("0.jsonl", damaged_file.name, "2.jsonl.gz")]
    deadly = DeadlyWorkers(pool, str(tmp_path / "killed"), "process")
    first, second, third = import_on(deadly, record, "jetstream", files)
    assert (tmp_path / "killed").exists() and first == third == ""
    assert second.startswith("cannot be unpacked: it is truncated; was it copied completely?; ")
    assert second.endswith(" lines before that were imported")
    with pytest.raises(InputError, match="it is truncated"):
        import_files(other_record, "jetstream", *files)
    assert export_lines(record) == export_lines(other_record) != b""
