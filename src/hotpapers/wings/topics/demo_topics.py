"""The topics of the demo's made-up week, compared with the quiet weeks before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record import Record
from hotpapers.wings.topics.freezing import freeze_next
from hotpapers.wings.topics.site_part import page_path
from hotpapers.wings.topics.weeks import TopicWeeks


def add_topics(record: Record, publication: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Freezes the topics of all weeks that are over; where the latest are."""
    while freeze_next(record, publication):
        pass
    week = TopicWeeks(RecordIssueReader(record), publication).latest()
    if week:
        yield "topics", str(folder / "site" / page_path(week))
