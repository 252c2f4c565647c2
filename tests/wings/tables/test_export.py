"""`hotpapers export --format tables`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.run import misuse
from tests.cli.test_own_files import refused_folder


def test_no_file_of_somebody_is_replaced(site: Path) -> None:
    refused_folder("export", "--format", "tables", "--output", "tables", folder=site / "tables", name="papers.parquet")


def test_a_folder_must_be_named(store: Path, tmp_path: Path) -> None:
    command = ("export", "--format", "tables", "--store", store)
    assert misuse(*command) == "tables is a folder of files; add --output DIR"
    (tmp_path / "notes.txt").write_bytes(b"notes")
    assert misuse(*command, "--output", tmp_path / "notes.txt").endswith("notes.txt: is a file; name a folder")
    assert "a path that is not UTF-8" in misuse(*command, "--output", tmp_path / "odd\udcff")


def test_without_its_library_it_says_how_to_get_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    folder = tmp_path / "tables"
    message = "Parquet needs DuckDB: pip install 'hotpapers[parquet]'"
    assert misuse("export", "--format", "tables", "--output", folder, "--store", store) == message
    assert not folder.exists()
