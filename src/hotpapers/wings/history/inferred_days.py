"""Infers announcement days that nobody observed, from the submission times and arXiv's schedule.

arXiv's metadata snapshot says when a paper was submitted, not when it was announced. For issues made afterwards, the
day is inferred and stored as announcements of type `inferred`. Observations take precedence: a paper whose announcement
was observed gets no inferred one, and neither does a day with any observed announcement.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import chain, islice

from hotpapers.base.model import DAY, INFERRED, Announcement, without_duplicates
from hotpapers.base.papers.arxiv import calendar
from hotpapers.base.text.timestamps import start_of_day
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS
from hotpapers.issues.queries import count_inferred
from hotpapers.record.record import Record
from hotpapers.wings.history import queries
from hotpapers.wings.history.queries import SubmittedPaper

SOURCE = "inferred"
BEFORE = REFERENCE_DAYS + 31
"""How many days before a period its papers still matter: for the reference, plus the longest window."""
MAX_ANNOUNCEMENT_WAIT = 10 * DAY
"""The longest time from submission to announcement in the schedule, µs."""
AT_ONCE = 20_000
"""Announcements per batch."""


def infer_days(record: Record, first: date, last: date) -> int:
    """Infer when papers in arXiv's snapshot were announced, for the issues of a period; return how many papers are new.
    Earlier inferences that have been observed since are withdrawn."""
    days = (first - timedelta(days=BEFORE)).isoformat(), last.isoformat()
    outdated = queries.outdated_inferences(record.view(), days)
    if outdated:
        record.append([], source=SOURCE, close=outdated)
    start = calendar.announced_at(days[0]) - 1
    before = count_inferred(record.view(), start)
    observed = queries.observed_days(record.view(), days)
    announced = calendar.announced_at(days[1])
    submitted = start_of_day(days[0]) - MAX_ANNOUNCEMENT_WAIT, announced
    submitted_papers = queries.submitted_papers(record.view(), submitted)
    papers = {paper.paper: paper for paper in submitted_papers}
    announcements = (
        announcement
        for announcement in chain.from_iterable(map(announcements_of, papers.values()))
        if days[0] <= announcement.day <= days[1] and announcement.day not in observed
    )
    while batch := list(islice(announcements, AT_ONCE)):
        record.append(batch, source=SOURCE)
    return count_inferred(record.view(), start) - before


def announcements_of(paper: SubmittedPaper) -> Sequence[Announcement]:
    """A paper's announcements in all its categories, assuming arXiv did not hold it back."""
    day = calendar.announced_for(paper.submitted_at)
    at = calendar.announced_at(day)
    return [
        Announcement(
            paper=paper.paper, day=day, category=category, type=INFERRED, announced_at=at, version=1, observed_at=at
        )
        for category in without_duplicates(paper.categories)
    ]
