"""Entries as CSV and papers as BibTeX: no text ends its field. Parquet needs room for its temporary files."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import msgspec
import pytest

from hotpapers.model import Paper
from hotpapers.store import Record
from hotpapers.transfer import export_formats, parquet
from hotpapers.transfer.jsonl.exporter import ExportRequest, export_lines
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
