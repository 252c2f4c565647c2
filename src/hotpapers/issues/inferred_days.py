"""When papers were announced of which nobody observed it: inferred by arXiv's schedule from when they were submitted.

arXiv's snapshot of its metadata says when a paper was submitted, not when it was announced. For issues that are made
afterwards that is inferred, and written down as announcements of the type `inferred`. What was observed goes before:
a paper whose announcement was observed has none, and a day of which any was observed has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice

from hotpapers import announcement_days as calendar
from hotpapers.engagement.measurement import REFERENCE_DAYS
from hotpapers.ids.timestamps import midnight
from hotpapers.issues import queries
from hotpapers.issues.queries import SubmittedPaper
from hotpapers.model import DAY, INFERRED, Announcement, distinct
from hotpapers.store import batches
from hotpapers.store.manifest import BatchStamp
from hotpapers.store.record import Record, now

SOURCE = "inferred"
BEFORE = REFERENCE_DAYS + 31
"""Days before a period whose papers matter for it: those that are compared with, and the longest window."""
LONGEST_WAIT = 10 * DAY
"""No submission waits longer for its announcement by the schedule, µs."""
AT_ONCE = 20_000
"""Announcements of a batch."""


def infer_days(record: Record, first: date, last: date) -> int:
    """Infers for the issues of a period when papers of arXiv's snapshot were announced; of how many papers that is
    new. What was inferred before and has been observed since is withdrawn."""
    days = (first - timedelta(days=BEFORE)).isoformat(), last.isoformat()
    _withdraw(record, days)
    new = list(_inferred(record, days))
    added, rest = 0, iter(new)
    while some := list(islice(rest, AT_ONCE)):
        added += record.append(some, source=SOURCE).added
    return len(distinct(item.paper for item in new)) if added else 0


def _inferred(record: Record, days: tuple[str, str]) -> Iterator[Announcement]:
    view = record.view()
    observed = queries.observed_days(view, days)
    submitted = midnight(days[0]) - LONGEST_WAIT, calendar.announced_at(days[1])
    papers = {paper.paper: paper for paper in queries.submitted_papers(view, submitted)}
    for paper in papers.values():
        announced = announcements_of(paper)
        yield from (item for item in announced if days[0] <= item.day <= days[1] and item.day not in observed)


def announcements_of(paper: SubmittedPaper) -> Sequence[Announcement]:
    """A paper's announcements in all of its categories, if arXiv did not hold it back."""
    day = calendar.announced_for(paper.submitted_at)
    at = calendar.announced_at(day)
    return [
        Announcement(
            paper=paper.paper, day=day, category=category, type=INFERRED, announced_at=at, version=1, observed_at=at
        )
        for category in distinct(paper.categories)
    ]


def _withdraw(record: Record, days: tuple[str, str]) -> None:
    outdated = queries.outdated_inferences(record.view(), days)
    if outdated:
        with record.database.write():
            batches.write_batch(record.database, [], record.hasher, BatchStamp(now(), SOURCE), close=outdated)
