"""The promise of 1.0: every later version opens, migrates and verifies its stores, and reads its exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import restore_backup
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record
from hotpapers.record.schema import MIGRATIONS
from tests.record import made
from tests.record.test_processes import end, start
from tools.make_promise import FOLDER, facts

VERSIONS = sorted(FOLDER.iterdir())


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of what a version wrote."""
    path: Path = request.param
    return path


@pytest.fixture
def written(folder: Path, tmp_path: Path) -> Path:
    """A version's store."""
    store = tmp_path / "written.db"
    store.write_bytes(zstandard.decompress((folder / "store.db.zst").read_bytes()))
    return store


def known(folder: Path) -> dict[str, Any]:
    """Facts that identify its store."""
    content: dict[str, Any] = json.loads((folder / "facts.json").read_text("utf-8"))
    return content


def export(folder: Path) -> list[bytes]:
    """The lines of a version's export."""
    return zstandard.decompress((folder / "export.jsonl.zst").read_bytes()).splitlines(keepends=True)


def assert_same(record: Record, folder: Path) -> None:
    assert facts(record) == known(folder)
    checked = made.verified(record)
    assert not checked.findings and checked.forgotten and checked.pruned


def test_a_store_opens_and_verifies(folder: Path, written: Path) -> None:
    with Record(str(written), create=False) as record:
        assert_same(record, folder)


def test_a_store_migrates_however_often_that_is_killed(folder: Path, written: Path) -> None:
    """Before each statement in turn."""
    [killed] = map(int, end(start("migrate", str(written))))
    assert killed > 2 * len(MIGRATIONS)
    with Record(str(written), create=False) as record:
        assert_same(record, folder)


def test_a_store_can_be_restored_written_and_forgotten_in(folder: Path, written: Path, store_url: str) -> None:
    restore_backup(written, store_url, as_backed_up=True)
    with Record(store_url, create=False) as record:
        assert_same(record, folder)
        record.append([made.later(made.EVERY[0], made.MINUTE)], source="test")
        forget_key(record, "x:@made_up_ada")
        assert not made.verified(record).findings


def test_an_export_comes_back(folder: Path, store_url: str) -> None:
    with Record(store_url) as record:
        importer.import_lines(record, "export", export(folder))
        assert_same(record, folder)


def test_an_export_is_what_the_store_still_exports(folder: Path, written: Path) -> None:
    """Otherwise sites that follow a store by its exports would be left behind."""
    with Record(str(written), create=False) as record:
        renamed = [line.replace(b'"lost":', b'"redacted":') for line in export(folder)]
        assert list(exporter.record_lines(record)) == renamed


def test_there_is_one() -> None:
    assert VERSIONS
