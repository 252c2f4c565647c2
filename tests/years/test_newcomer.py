"""A new site's first issue, whenever the site starts; `make years` tests twenty seeds, and issues two weeks later."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import logs
from hotpapers.base.model import HOUR, Issue
from hotpapers.issues.freeze import check_issue
from hotpapers.record import Record
from tests.loopback.clock import moment
from tests.years.newcomer import Start, first_issues
from tests.years.test_years import MEMORY

PAPERS = 30
MINUTE = HOUR // 60


@pytest.fixture
def folder() -> Iterator[Path]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-newcomer-", dir=disk) as path:
        yield Path(path)
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


@pytest.mark.long
@pytest.mark.parametrize(
    ("start", "day", "closing_time"),
    [
        ("2026-03-17T00:30", "2026-03-17", "2026-03-17T08:00"),
        ("2026-03-17T07:59", "2026-03-17", "2026-03-17T09:00"),  # waits for a reading in progress
        ("2026-03-17T15:30", "2026-03-17", "2026-03-17T16:00"),  # today's, some hours late
        ("2026-03-21T10:00", "2026-03-20", "2026-03-21T11:00"),  # Friday's, on a Saturday
    ],
)
def test_the_first_issue_is_worth_reading(start: str, day: str, closing_time: str, folder: Path) -> None:
    issues, errors = first_issues(Start(3, moment(start)), folder, PAPERS, until=moment(closing_time) + HOUR)
    assert errors == []
    assert min(issues) == day
    assert abs(issues[day].as_of - moment(closing_time)) < MINUTE
    with Record(str(folder / "hotpapers.db"), create=False) as record:
        rows = [row.item for row in record.view().latest(Issue)]
        assert rows and [finding for item in rows for finding in check_issue(record, item)] == []
