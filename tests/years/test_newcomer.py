"""A newcomer's first issue, whatever the starting time; `make years` tests twenty seeds, and two weeks later."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers import logs
from hotpapers.issues.freeze import check_issue
from hotpapers.model import HOUR, Issue
from hotpapers.store import Record
from tests.loopback.clock import moment
from tests.years.newcomer import Start, first
from tests.years.test_years import MEMORY

PAPERS = 30
MINUTE = HOUR // 60


@pytest.fixture
def folder() -> Iterator[Path]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-newcomer-", dir=disk) as made:
        yield Path(made)
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


@pytest.mark.long
@pytest.mark.parametrize(
    ("begins", "day", "closes"),
    [
        ("2026-03-17T00:30", "2026-03-17", "2026-03-17T08:00"),
        ("2026-03-17T07:59", "2026-03-17", "2026-03-17T09:00"),  # waits for a reading in progress
        ("2026-03-17T15:30", "2026-03-17", "2026-03-17T16:00"),  # today's, some hours late
        ("2026-03-21T10:00", "2026-03-20", "2026-03-21T11:00"),  # Friday's, on a Saturday
    ],
)
def test_the_first_issue_is_worth_reading(begins: str, day: str, closes: str, folder: Path) -> None:
    found, wrong = first(Start(3, moment(begins)), folder, PAPERS, until=moment(closes) + HOUR)
    assert wrong == []
    assert min(found) == day
    assert abs(found[day].as_of - moment(closes)) < MINUTE
    with Record(str(folder / "hotpapers.db"), create=False) as record:
        rows = [row.item for row in record.view().latest(Issue) if isinstance(row.item, Issue)]
        assert rows and [finding for item in rows for finding in check_issue(record, item)] == []
