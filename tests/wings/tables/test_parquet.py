"""The record as a Parquet file: the same lines, bounded reading, and room for temporary files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
import zstandard

from hotpapers.base.errors import InputError, NotExchange
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.record import Record
from hotpapers.wings.tables import parquet
from tests.disks import small_disk
from tests.issues.made import background, write
from tests.record import made


def test_it_holds_the_same_lines(store_url: str, tmp_path: Path) -> None:
    counts: list[Mapping[str, int]] = []
    file = tmp_path / "record.parquet"
    with Record(store_url) as record:
        made.rich(record)
        file.write_bytes(b"".join(parquet.parquet(record, ids_only=("bluesky",), on_redacted=counts.append)))
        exported = [line.rstrip() for line in record_lines(record, ids_only=("bluesky",))]
        assert list(parquet.parquet_lines(str(file), name="")) == exported
    [count] = counts
    assert count["bluesky"] > 5


def bomb(path: Path, lines: int) -> Path:
    """A small table of large lines."""
    with parquet.connect_duckdb() as connection:
        connection.execute(
            f"COPY (SELECT i AS n, repeat('a', 1000000) AS line FROM range({lines}) t(i)) TO '{path}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    return path


def many_groups(path: Path) -> Path:
    """A small table of more row groups than anybody needs."""
    with parquet.connect_duckdb() as connection:
        rows = 2048 * (parquet.MAX_GROUPS + 1)
        connection.execute(
            f"COPY (SELECT 0::TINYINT AS n, ''::VARCHAR AS line FROM range({rows})) TO '{path}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    return path


def nested(path: Path) -> Path:
    """A table with a column nested a hundred times."""
    value = "{'n': " * 100 + "1" + "}" * 100
    with parquet.connect_duckdb() as connection:
        connection.execute(f"COPY (SELECT {value} AS n, '' AS line) TO '{path}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize("write_table", [pytest.param(many_groups, marks=pytest.mark.long), nested])
def test_a_table_that_would_take_minutes_is_refused(tmp_path: Path, write_table: Callable[[Path], Path]) -> None:
    path = write_table(tmp_path / "t.parquet")
    with pytest.raises(NotExchange, match=r"a table of more than 10,000 row groups, or of deeply nested columns"):
        list(parquet.parquet_lines(str(path), name=""))


def test_a_small_table_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = bomb(tmp_path / "small.parquet", 2000)
    assert path.stat().st_size < 200_000
    with pytest.raises(NotExchange, match="not a Parquet export: Out of Memory"):
        list(parquet.parquet_lines(str(path), name=""))


def test_a_small_file_does_not_fill_the_disk(tmp_path: Path) -> None:
    packed_file = tmp_path / "small.parquet.zst"
    packed_file.write_bytes(zstandard.compress(b"PAR1" + bytes(parquet.ALLOWED_COPY + 2**21)))
    refused = pytest.raises(InputError, match="small: is more than 20 times larger when unpacked")
    with refused, parquet.as_path(str(packed_file), "small"):
        pass


@pytest.mark.long
def test_a_disk_with_room_for_the_lines_but_not_for_the_table_is_said_to_be_full(
    sqlite_record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(sqlite_record, background())
    numbered = enumerate(record_lines(sqlite_record), 1)
    kilobytes = sum(len(msgspec.json.encode(parquet._row(n, line))) + 1 for n, line in numbered) // 1024 + 5
    assert len(b"".join(parquet.parquet(sqlite_record))) > 8_192
    with small_disk(tmp_path / "disk", f"{kilobytes}k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with pytest.raises(OSError, match="No space left on device"):
            list(parquet.parquet(sqlite_record))
        assert not list(disk.iterdir())
