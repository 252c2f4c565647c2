"""Reports that readers send through the app's forms: an entry is wrong, a post should not be quoted, an account is not
a bot. Only the operator sees them; they are not on pages, in API responses or in exports.

Anybody may write, so length, reports per hour and open reports are limited: for each kind on its own, and about each
post, entry or account. Nothing is stored about the sender. The text is deleted when the operator closes a report. The
row stays, so its number is never reused.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple, get_args

from hotpapers.base.errors import NotFound
from hotpapers.base.logs import log_event
from hotpapers.base.model import HOUR
from hotpapers.publish.deliver.queries import IssueEdition
from hotpapers.record.database import Database, first_value

Kind = Literal["quotation", "entry", "contest"]

MAX_REPORT_CHARS = 2_000
"""Characters of a report's text."""
MAX_REPORTS_AN_HOUR = 60
MAX_OPEN_REPORTS = 1_000
"""Of each kind, so that no other kind closes the form."""
MAX_OPEN_OF_TARGET = 20
"""Open reports of a kind about one post, entry or account, so that no other target closes the form."""
RESERVE = 2
"""How many times the limits of its kind hold for the first report that a post should not be quoted: whoever floods the
form with reports about some posts does not close it for the others."""
ALARM_PERCENT = 80
"""Of the limits of a kind, when the operator is informed."""

NoteResult = Literal["kept", "known", "full"]
"""The result for a report: stored, the same report is already open, or there are too many."""

_COLUMNS = "id, at, kind, issue, paper, subject, text"


class ReaderReport(NamedTuple):
    """A reader's report. `id`: its number, 0 before it is stored. `at`: when, µs UTC. `issue`: an issue's digest.
    `subject`: the post or account that it is about, empty for an entry."""

    id: int
    at: int
    kind: Kind
    issue: str = ""
    paper: str = ""
    subject: str = ""
    text: str = ""


def store_report(database: Database, report: ReaderReport) -> NoteResult:
    """Store a report, unless the same one is open or there are too many."""
    with database.write():
        where = "kind = ? AND issue = ? AND paper = ? AND subject = ? AND text = ? AND closed_at = 0"
        text = report.text[:MAX_REPORT_CHARS]
        values = (report.kind, report.issue, report.paper, report.subject, text)
        if database.rows(f"SELECT 1 FROM report WHERE {where} LIMIT 1", values):
            return "known"
        if is_full(database, report):
            return "full"
        sql = "INSERT INTO report (at, kind, issue, paper, subject, text, closed_at) VALUES (?, ?, ?, ?, ?, ?, 0)"
        database.run(sql, (report.at, *values))
        counts = _counts_of(database, report.kind, report.at)
    if counts.is_nearly_full:
        log_event("many reports", level=logging.WARNING, **counts._asdict())
    return "kept"


class ReportCounts(NamedTuple):
    """How many reports of a kind came within the last hour, and how many are open."""

    kind: Kind
    recent: int
    open: int

    @property
    def is_nearly_full(self) -> bool:
        """Whether the operator should look at them."""
        return max(self.recent * MAX_OPEN_REPORTS, self.open * MAX_REPORTS_AN_HOUR) * 100 >= (
            ALARM_PERCENT * MAX_OPEN_REPORTS * MAX_REPORTS_AN_HOUR
        )


def _counts_of(database: Database, kind: Kind, at: int) -> ReportCounts:
    query = "SELECT count(*) FROM report WHERE kind = ? AND {}"
    recent = first_value(database, query.format("at > ? AND at <= ?"), (kind, at - HOUR, at))
    still_open = first_value(database, query.format("closed_at = 0"), (kind,))
    return ReportCounts(kind, int(recent), int(still_open))


def is_full(database: Database, report: ReaderReport) -> bool:
    """Whether a report is not accepted: too many of its kind came in the last hour or are open, or too many about its
    post, account or entry are."""
    where = "kind = ? AND subject = ? AND (subject <> '' OR paper = ?) AND closed_at = 0"
    target = (report.kind, report.subject, report.paper)
    about_target = int(first_value(database, f"SELECT count(*) FROM report WHERE {where}", target))
    times = RESERVE if report.kind == "quotation" and not about_target else 1
    counts = _counts_of(database, report.kind, report.at)
    if about_target >= MAX_OPEN_OF_TARGET or counts.recent >= times * MAX_REPORTS_AN_HOUR:
        return True
    return counts.open >= times * MAX_OPEN_REPORTS


def alarms(database: Database, at: int) -> Iterator[tuple[str, str]]:
    """Yields warnings that a form is about to close, each with the command to review its reports."""
    for counts in (_counts_of(database, kind, at) for kind in get_args(Kind)):
        if counts.is_nearly_full:
            text = f"{counts.open:,} open reports ({counts.kind}), {counts.recent:,} of the last hour"
            yield f"{text}; at {MAX_OPEN_REPORTS:,} or {MAX_REPORTS_AN_HOUR} an hour, the form closes", "reports"


def open_reports(database: Database) -> list[ReaderReport]:
    """The open reports, oldest first."""
    rows = database.rows(f"SELECT {_COLUMNS} FROM report WHERE closed_at = 0 ORDER BY id")
    return [ReaderReport(*row) for row in rows]


def close_reports(database: Database, ids: Collection[int], at: int) -> None:
    """Close open reports, deleting their text and subject. Raises NotFound, and then closes none."""
    with database.write():
        known = {report.id for report in open_reports(database)}
        for id in ids:
            if id not in known:
                raise NotFound(f"{id}: no such open report; `hotpapers reports` lists them")
            database.run("UPDATE report SET text = '', subject = '', closed_at = ? WHERE id = ?", (at, id))


def issue_of_digest(database: Database, digest: str) -> IssueEdition | None:
    """The issue with a digest; None if there is none."""
    rows = database.rows('SELECT publication, "day", edition FROM issue WHERE digest = ? AND until = 0', (digest,))
    return IssueEdition(*rows[0]) if rows else None
