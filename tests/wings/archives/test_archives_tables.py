"""A Parquet table of Hacker News, whose rows DuckDB writes as lines."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from hotpapers.base.errors import InputError
from hotpapers.record import Record
from tests.conftest import data
from tests.wings.archives.archive_helpers import assert_same, export_lines, import_one

TABLE = "archives/hackernews-table.parquet"


def test_its_rows_are_lines(record: Record, tmp_path: Path) -> None:
    lines = tmp_path / "lines.json"
    duckdb.sql(f"COPY (FROM '{data(TABLE)}') TO '{lines}'")
    import_one(record, "hackernews", lines.read_bytes())
    assert_same("hackernews-table.items.jsonl", export_lines(record))


def test_the_table_itself_is_refused_and_told_what_to_do(record: Record) -> None:
    with pytest.raises(InputError, match=r"it looks like a Parquet file: write its rows as lines first \(duckdb -c"):
        import_one(record, "hackernews", data(TABLE))
