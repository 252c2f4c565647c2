"""Entries as CSV and papers as BibTeX: no text ends its field. Parquet needs room for its temporary files."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard

from hotpapers.base.errors import InputError, NotExchange
from hotpapers.base.model import Paper
from hotpapers.keep.transfer import export_formats, packed, parquet, streams
from hotpapers.keep.transfer.jsonl.exporter import ExportRequest, export_lines
from hotpapers.record import Record
from tests.disks import small_disk
from tests.issues.made import DAILY, DAY, background, counts, frozen, moment, paper, post, write


def test_a_category_is_no_field_and_a_name_no_two_authors() -> None:
    entry = export_formats.bibtex_entry(
        Paper(
            paper="arxiv:2405.00001", title="100% of $x$ in a_b \\", authors=("Ann AND Bob", "Li Na"),
            categories=("cs.LG},\n  note = {evil",), observed_at=0,
        )
    )  # fmt: skip
    assert entry == (
        "@misc{2405.00001,\n  title = {{100\\% of $x$ in a\\_b \\ }},\n  author = {Ann {AND} Bob and Li Na},\n"
        "  year = {2024},\n  eprint = {2405.00001},\n  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.LG, note = evil},\n  url = {https://arxiv.org/abs/2405.00001}\n}\n\n"
    )


def test_a_category_is_no_formula(sqlite_record: Record) -> None:
    items = [*post(1, "bluesky:1", moment(DAY)), counts("bluesky:1", 90, moment(DAY))]
    write(sqlite_record, [DAILY], background(), paper(1, category="=1+1"), items)
    frozen(sqlite_record)
    text = b"".join(export_formats.EXPORTS["csv"](sqlite_record, ExportRequest())).decode()
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    assert "'=1+1" in rows[0]


FORMULAS = [
    *(f"{sign}1+1" for sign in "=+-@\t\r\n\v\f\x85\u2028＝＋－＠﹢﹣﹦﹫⁺⁼₊−"),
    " =1+1", "\u200b=1+1", "\ufeff＝1+1", "\u3000＠SUM(A1)",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    row = export_formats._csv_row((text, 7, "Tea = water + leaves"))
    assert next(csv.reader(io.StringIO(row.decode(), newline=""))) == [f"'{text}", "7", "Tea = water + leaves"]


SPLIT = [
    ("Tea;=1+1", "Tea;'=1+1"),
    ("A. Leaf; ＝1+1", "A. Leaf;' ＝1+1"),
    ('"|@SUM(A1)', """"|'@SUM(A1)"""),
    ("=1\t-1", "'=1\t'-1"),
]


@pytest.mark.parametrize(("text", "escaped"), SPLIT)
def test_no_part_is_taken_for_a_formula_where_another_sign_separates_cells(text: str, escaped: str) -> None:
    assert next(csv.reader(io.StringIO(export_formats._csv_row((text,)).decode(), newline=""))) == [escaped]


@pytest.mark.parametrize("text", ["x; y=1", "Tea; leaves", "a|b", "", " ", "1+1", "Tea", "“=”", "ℝ = R"])
def test_other_text_is_left_alone(text: str) -> None:
    assert next(csv.reader(io.StringIO(export_formats._csv_row((text, 7)).decode(), newline=""))) == [text, "7"]


def bomb(path: Path, lines: int) -> Path:
    """A small table of large lines."""
    with parquet.connect() as connection:
        connection.execute(
            f"COPY (SELECT i AS n, repeat('a', 1000000) AS line FROM range({lines}) t(i)) TO '{path}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    return path


def many_groups(path: Path) -> Path:
    """A small table of more row groups than anybody needs."""
    with parquet.connect() as connection:
        rows = 2048 * (parquet.MAX_GROUPS + 1)
        connection.execute(
            f"COPY (SELECT 0::TINYINT AS n, ''::VARCHAR AS line FROM range({rows})) TO '{path}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    return path


def nested(path: Path) -> Path:
    """A table with a column nested a hundred times."""
    value = "{'n': " * 100 + "1" + "}" * 100
    with parquet.connect() as connection:
        connection.execute(f"COPY (SELECT {value} AS n, '' AS line) TO '{path}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize("write_table", [pytest.param(many_groups, marks=pytest.mark.long), nested])
def test_a_table_that_would_take_minutes_is_refused(tmp_path: Path, write_table: Callable[[Path], Path]) -> None:
    path = write_table(tmp_path / "t.parquet")
    with pytest.raises(NotExchange, match=r"a table of more than 10,000 row groups, or of deeply nested columns"):
        list(parquet.parquet_lines(str(path)))


def test_a_small_table_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = bomb(tmp_path / "small.parquet", 2000)
    assert path.stat().st_size < 200_000
    with pytest.raises(NotExchange, match="not a Parquet export: Out of Memory"):
        list(parquet.parquet_lines(str(path)))


def test_a_small_file_does_not_fill_the_disk(tmp_path: Path) -> None:
    packed_file = tmp_path / "small.parquet.zst"
    packed_file.write_bytes(zstandard.compress(b"PAR1" + bytes(packed.ALLOWED + 2**21)))
    with pytest.raises(InputError, match="more than 20 times larger when unpacked"), streams.as_path(str(packed_file)):
        pass


@pytest.mark.long
def test_a_disk_with_room_for_the_lines_but_not_for_the_table_is_said_to_be_full(
    sqlite_record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(sqlite_record, background())
    lines = enumerate(export_lines(sqlite_record, ExportRequest()), 1)
    kilobytes = sum(len(msgspec.json.encode(parquet._row(n, line))) + 1 for n, line in lines) // 1024 + 5
    assert len(b"".join(parquet.parquet(sqlite_record, ExportRequest()))) > 8_192
    with small_disk(tmp_path / "disk", f"{kilobytes}k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with pytest.raises(OSError, match="No space left on device"):
            list(parquet.parquet(sqlite_record, ExportRequest()))
        assert not list(disk.iterdir())
