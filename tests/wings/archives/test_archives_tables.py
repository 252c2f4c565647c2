"""Parquet tables of Hacker News: read like JSON lines, in parts of rows, by any number of processes."""

from __future__ import annotations

import io
import json
import math
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.base.model import Post
from hotpapers.keep.transfer import streams
from hotpapers.record import Record
from hotpapers.wings.archives import file_import, parquet_reader
from hotpapers.wings.archives.hackernews import COLUMNS
from hotpapers.wings.archives.imported_file import HEAD, ArchiveFile
from hotpapers.wings.archives.table import is_table, table_content
from tests.cli.run import good, misuse, run
from tests.conftest import data
from tests.transfer.test_export_formats import nested
from tests.wings.archives.archive_helpers import (
    SEEN_AT,
    assert_same,
    export_lines,
    import_files,
    import_one,
    lines,
    quarantine_of,
)
from tests.wings.archives.test_archives_workers import import_with_workers

TABLE = "archives/hackernews-table.parquet"
COUNT = 2_500


def rows(count: int = COUNT) -> list[dict[str, Any]]:
    """Comments; one in a hundred names a paper."""
    return [
        {
            "id": 90_000_000 + n, "type": "comment", "by": f"ladle{n % 9}", "parent": 1, "time": 1_709_287_200 + n,
            "text": f"See arxiv.org/abs/2402.{n + 1:05}" if n % 100 == 7 else f"Weather, day {n}",
        }
        for n in range(count)
    ]  # fmt: skip


def parquet(folder: Path, name: str = "table.parquet", group: int = 2_048, count: int = COUNT) -> Path:
    """The same comments as a table with row groups of this size."""
    source, target = folder / "rows.jsonl", folder / name
    source.write_bytes(lines(json.dumps(row).encode() for row in rows(count)))
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_json('{source}')) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE {group})"
        )
    return target


def archive_file_of(file: Path) -> ArchiveFile:
    """An archive file backed by a file on disk."""

    @contextmanager
    def open_stream() -> Any:
        with file.open("rb") as stream:
            yield stream

    return ArchiveFile(file.name, open_stream, file.read_bytes()[:HEAD], file.stat().st_size, SEEN_AT)


def test_a_row_becomes_what_the_source_reads(record: Record) -> None:
    result = import_one(record, "hackernews", data(TABLE))
    assert_same("hackernews-table.items.jsonl", export_lines(record))
    summary = [result._asdict(), [row.reason for row in quarantine_of(record, "hackernews")]]
    assert_same("hackernews-table.told.json", json.dumps(summary, indent=1).encode() + b"\n")


@pytest.mark.long
@pytest.mark.parametrize(("size", "count"), [(50_000, 1), (300, 1), (300, 2)])
def test_rows_are_as_their_lines_in_any_parts(
    record: Record, other_record: Record, tmp_path: Path, size: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_reader, "ROWS", size)
    table = parquet(tmp_path)
    import_one(other_record, "hackernews", (tmp_path / "rows.jsonl").read_bytes())
    import_with_workers(record, "hackernews", table.read_bytes(), count)
    assert export_lines(record) == export_lines(other_record) and record.count(Post) == COUNT // 100


def test_stopped_it_goes_on_where_it_was(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "ROWS", 300)
    monkeypatch.setattr(file_import, "MAX_BATCH_FINDINGS", 2)
    archive_file, original_read, starts = (
        archive_file_of(parquet(tmp_path)),
        parquet_reader.TablePart.lines,
        list[int](),
    )

    def read_or_stop(part: parquet_reader.TablePart) -> bytes:
        starts.append(part.first)
        if len(starts) == 5:
            raise KeyboardInterrupt
        return original_read(part)

    monkeypatch.setattr(parquet_reader.TablePart, "lines", read_or_stop)
    with pytest.raises(KeyboardInterrupt):
        import_files(record, "hackernews", archive_file)
    [result] = import_files(record, "hackernews", archive_file)
    assert starts[:5] == [0, 300, 600, 900, 1200] and 0 < starts[5] <= 1200
    assert (result.before, result.lines + result.before, record.count(Post)) == (starts[5], COUNT, COUNT // 100)


@pytest.mark.long
def test_the_program_reads_tables_plain_packed_and_from_a_pipe(tmp_path: Path) -> None:
    table = parquet(tmp_path)
    compressed = tmp_path / "table.parquet.zst"
    compressed.write_bytes(zstandard.compress(table.read_bytes()))
    message = f"{COUNT:,} lines read; added: 25 posts, 25 mentions, 0 reactions, 0 snapshots"
    inputs: list[tuple[str, bytes]] = [(str(table), b""), (str(compressed), b""), ("-", table.read_bytes())]
    for n, (file, input) in enumerate(inputs):
        store = tmp_path / f"{n}.db"
        arguments = ("import", "hackernews", file, "--seen-at", "2026-01-01", "--store", str(store))
        assert good(*arguments, input=input).startswith(message)
        assert file == "-" or good(*arguments) == "read by an earlier import\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PAR1", "cannot be read as Parquet"),
        (b"PAR1" + bytes(5_000) + b"PAR1", "cannot be read as Parquet"),
        (b"PAR1" + bytes(5_000) + b"\xff\xff\xff\x7fPAR1", "cannot be read as Parquet"),
    ],
    ids=["short", "empty", "footer"],
)
def test_what_is_no_table_is_refused(record: Record, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        import_one(record, "hackernews", content)


def test_a_table_that_would_take_minutes_is_refused(tmp_path: Path) -> None:
    path = nested(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"or of deeply nested columns"):
        list(parquet_reader.table_parts(str(path), ("n",), 0))


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS kettle) TO '{tmp_path}/k.parquet' (FORMAT parquet)")
        connection.execute(
            f"COPY (SELECT 'x' AS id, 1 AS kettle FROM range(9)) TO '{tmp_path}/i.parquet' (FORMAT parquet)"
        )
    for name, reason in (
        ("k", "a Parquet file without any of the columns author, by, "),
        ("i", "none of its lines can be read"),
    ):
        result = run("import", "hackernews", tmp_path / f"{name}.parquet", "--store", tmp_path / "s.db")
        assert result.status == 1 and reason in result.err


@pytest.mark.long
@given(st.data())
def test_a_damaged_table_is_refused_or_read(draw: st.DataObject) -> None:
    """Whatever DuckDB raises becomes one of the program's errors."""
    content = bytearray(data(TABLE).read_bytes())
    for _ in range(draw.draw(st.integers(1, 3))):
        content[draw.draw(st.integers(4, len(content) - 1))] = draw.draw(st.integers(0, 255))
    with table_content(io.BytesIO(content), COLUMNS) as table:
        try:
            for block in table.blocks(0):
                assert block.part is not None
                assert block.part.lines().count(b"\n") >= 0
        except InputError as error:
            assert error.reason


@pytest.mark.long
def test_progress_goes_to_the_end_of_a_file_that_others_read(tmp_path: Path) -> None:
    table, steps = parquet(tmp_path, count=90_000), list[int]()
    with streams.open_input(str(table), steps.append) as stream, table_content(stream, COLUMNS) as content:
        parts = list(content.blocks(0))
    assert sum(steps) == table.stat().st_size and len(parts) == 2 and parts[-1].end == 90_000


def test_without_the_extra_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    message = misuse("import", "hackernews", data(TABLE), "--store", tmp_path / "s.db")
    assert "Parquet needs DuckDB: pip install 'hotpapers[parquet]'" in message


def test_a_stream_that_has_no_peek_is_no_table(record: Record) -> None:
    class Unbuffered(io.RawIOBase):
        """Has no `peek`."""

    assert not is_table(Unbuffered())  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 120), max_size=30), st.integers(1, 100))
def test_parts_are_all_rows_once(groups: list[int], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_reader, "ROWS", limit)
        parts = list(parquet_reader.spans(groups))
    assert [row for start, end in parts for row in range(start, end)] == list(range(sum(groups)))
    assert all(0 < end - start <= limit for start, end in parts)
    assert len(parts) <= 2 * math.ceil(sum(groups) / limit) + len(groups)
