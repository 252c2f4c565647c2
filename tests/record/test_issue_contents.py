"""A frozen issue whose content is damaged: everything that reads it says so, and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotpapers.base.errors import CorruptStore
from hotpapers.base.model import Issue
from hotpapers.issues import queries
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.transfer.export_formats import csv_entries
from hotpapers.record.record import Record
from hotpapers.wings.tables import rows

READERS: list[Callable[[Record], object]] = [
    prune_record,
    lambda record: list_editions(record, "daily", "2024-05-07"),
    lambda record: RecordIssueReader(record).appearances("arxiv:2405.00001"),
    lambda record: queries.last_editions_before(record.database, "daily", "2024-05-08", 9),
    lambda record: list(csv_entries(record)),
    lambda record: list(rows._issues(record.view())),
]


@pytest.mark.parametrize("content", ['{"entries": [', '{"entries": 7, "ongoing": []}', '{"note": ' + "[" * 100_000])
def test_a_damaged_issue_is_named_as_damage(sqlite_url: str, content: str) -> None:
    damaged = Issue(publication="daily", day="2024-05-07", edition=1, digest="", content=content, observed_at=1)
    with Record(sqlite_url) as record:
        record.append([damaged], source="test")
        for read in READERS:
            with pytest.raises(
                CorruptStore, match=r"cannot read a frozen issue .* `hotpapers verify --all` says which"
            ):
                read(record)
