"""Records to import into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.record import Record


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "record.db")) as record:
        yield record


@pytest.fixture
def other_record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "other.db")) as record:
        yield record
