"""Several processes on one store, and killed processes: nothing is lost or duplicated, and there are no gaps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from tests.conftest import ROOT
from tests.record import made, workers


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a worker process that runs tests.record.workers."""
    command = [sys.executable, "-m", "tests.record.workers", *arguments]
    path = os.pathsep.join([str(ROOT), *(place for place in sys.path if place)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)


def end(*processes: subprocess.Popen[str]) -> list[str]:
    """Wait until all are done; return what each printed. Checks that all succeeded."""
    printed = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return printed


def positions(record: Record) -> list[int]:
    return [row[0] for row in record.database.rows("SELECT position FROM batch ORDER BY position")]


@pytest.mark.long
def test_four_processes_write_at_once_and_make_the_store_together(bare_store_url: str) -> None:
    batches = 12
    end(*[start("write", bare_store_url, str(source), str(batches)) for source in range(1, 5)])
    with Record(bare_store_url) as record:
        expected = {item for source in range(1, 5) for n in range(batches) for item in workers.cover(source, n)}
        together = {item for n in range(batches) for item in workers.shared(n)}
        items = [item for kind in model.KINDS for item in _all_observations(record, kind)]
        assert len(items) == len(set(items)) and set(items) == expected | together
        assert positions(record) == list(range(1, record.head.position + 1))
        assert record.head.position == 5 * batches  # the shared items were new once
        assert [cursor_of(record.database, f"writer {n}") for n in range(1, 5)] == [str(batches - 1)] * 4
        assert not made.verified(record).findings


def _all_observations(record: Record, kind: type[model.Item]) -> list[model.Item]:
    moments = record.database.rows(f"SELECT DISTINCT observed_at FROM {model.kind_of(kind)}")
    return [
        row.item for (moment,) in moments for row in record.view(moment).iterate(kind, "t.observed_at = ?", (moment,))
    ]


@pytest.mark.long
def test_a_reader_beside_a_writer_sees_whole_batches_only(store_url: str) -> None:
    batches = 60
    with Record(store_url) as record:
        reader = start("read", store_url, str(batches))
        for n in range(batches):
            record.append(workers.cover(0, n), source="writer")
    assert int(*end(reader)) >= 1


@pytest.mark.long
def test_killed_at_any_instant_loses_nothing_and_doubles_nothing(store_url: str, tmp_path: Path) -> None:
    killed, length = json.loads(*end(start("kill", store_url, "25", "1")))
    assert killed == 25
    undisturbed = f"sqlite:///{tmp_path / 'undisturbed.db'}"
    workers.job(undisturbed, length)
    with Record(store_url) as record, Record(undisturbed) as other:
        assert positions(record) == list(range(1, record.head.position + 1))
        assert not record.database.integrity().damaged and not made.verified(record).findings
        kinds = [kind for kind in model.KINDS if kind is not model.Publication]  # created with the first import
        for kind in kinds:
            assert made.all_rows(record, kind) == made.all_rows(other, kind), kind
            count = f"SELECT count(*) FROM {model.kind_of(kind)} WHERE until = 0"
            assert record.database.rows(count) == other.database.rows(count)
        assert cursor_of(record.database, "job done") == str(length - 1)
        raw = "SELECT source, key, content FROM raw ORDER BY id"
        assert [tuple(map(bytes, map(_bytes, row))) for row in record.database.rows(raw)] == [
            tuple(map(bytes, map(_bytes, row))) for row in other.database.rows(raw)
        ]


def _bytes(value: object) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
