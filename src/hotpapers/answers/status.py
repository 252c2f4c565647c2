"""The answer to how all is doing."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers import __version__, model
from hotpapers.answers import asked, shapes
from hotpapers.answers.desk import Desk
from hotpapers.issue.coverage import readings
from hotpapers.issue.windows import ARXIV
from hotpapers.model import DAY, Coverage, Publication
from hotpapers.record import Record, now
from hotpapers.record import duty as duties
from hotpapers.record.duty import Duty
from hotpapers.record.status import written_between

LOOK_BACK = 14 * DAY
"""For how long it is said which days of arXiv's are not complete."""
EVERYTHING = Publication(publication="", title="", observed_at=0)
"""Counts every network."""


def status(desk: Desk, _: asked.Nothing) -> shapes.Status:
    """How the site is doing: its jobs, how the networks were read, how old its latest issues are."""
    return status_at(desk, now())


def status_at(desk: Desk, at: int) -> shapes.Status:
    """The same at a moment."""
    record = desk.record
    _, last = written_between(record.database)
    return shapes.Status(
        version=__version__, at=at, position=desk.position, last_at=last,
        issues=record.count(model.Issue),
        latest=tuple(_latest(desk, at)), jobs=tuple(_jobs(desk, at)),
        coverage=readings(record.view(at), EVERYTHING, at - DAY, ()), incomplete=tuple(_incomplete(record, at)),
    )  # fmt: skip


def _latest(desk: Desk, at: int) -> Iterator[shapes.LatestIssue]:
    sql = """SELECT "day", observed_at FROM issue WHERE publication = ? AND until = 0
        ORDER BY "day" DESC, edition DESC LIMIT 1"""
    for one in desk.shelf().publications():
        rows = desk.record.database.rows(sql, (one.publication,))
        day, frozen_at = rows[0] if rows else (None, None)
        age = None if frozen_at is None else max(at - frozen_at, 0) // 1_000_000
        yield shapes.LatestIssue(publication=one.publication, day=day, frozen_at=frozen_at, age=age)


def _jobs(desk: Desk, at: int) -> Iterator[shapes.Job]:
    """How every job of the site is doing, whichever process does it. Why one fails may name folders and hosts, so
    strangers are told that it does, and since when."""
    apart = dict(desk.record.database.rows("SELECT source, count(*) FROM quarantine GROUP BY source"))
    for duty in duties.all_duties(desk.record):
        yield _job(duty, "" if desk.public else duty.reason, int(apart.get(duty.source, 0)), at)


def _job(duty: Duty, reason: str, quarantine: int, at: int) -> shapes.Job:
    return shapes.Job(
        job=duty.source, state=duty.state, reason=reason, failing_since=duty.failing_since,
        success_at=duty.success_at, next_at=duty.next_at, items=duty.items, quarantine=quarantine,
        lag=None if duty.covered_to is None else max(at - duty.covered_to, 0) // 1_000_000,
    )  # fmt: skip


def _incomplete(record: Record, at: int) -> Iterator[shapes.Incomplete]:
    where = "t.network = ? AND t.state <> 'complete' AND t.from_at > ?"
    for row in record.view().latest(Coverage, where, (ARXIV, at - LOOK_BACK)):
        if isinstance(row.item, model.Coverage):
            yield shapes.Incomplete(from_at=row.item.from_at, until_at=row.item.until_at, reason=row.item.reason)
