"""Reports that readers send through the app's forms: an entry is wrong, a post should not be quoted, an account is not
a bot. Only the operator sees them; they are not on pages, in API responses or in exports.

Anybody may write, so length, reports per hour and open reports are limited. Nothing is stored about the sender. The
text is deleted when the operator closes a report. The row stays, so its number is never reused.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR
from hotpapers.publish.deliver.queries import IssueEdition
from hotpapers.record.database import Database, first_value

Kind = Literal["quotation", "entry", "contest"]

MAX_REPORT_CHARS = 2_000
"""Characters of a report's text."""
MAX_REPORTS_AN_HOUR = 60
MAX_OPEN_REPORTS = 1_000
"""These limits apply to contests and to all other reports separately."""

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


def note(database: Database, report: ReaderReport) -> NoteResult:
    """Store a report, unless the same one is open or there are too many."""
    with database.write():
        where = "kind = ? AND issue = ? AND paper = ? AND subject = ? AND text = ? AND closed_at = 0"
        values = (report.kind, report.issue, report.paper, report.subject, report.text[:MAX_REPORT_CHARS])
        if database.rows(f"SELECT 1 FROM report WHERE {where} LIMIT 1", values):
            return "known"
        if is_full(database, report.at, report.kind):
            return "full"
        sql = "INSERT INTO report (at, kind, issue, paper, subject, text, closed_at) VALUES (?, ?, ?, ?, ?, ?, 0)"
        database.run(sql, (report.at, *values))
    return "kept"


def is_full(database: Database, at: int, kind: Kind) -> bool:
    """Whether no more reports of a kind are accepted: too many in the last hour, or too many are open.

    Contests are counted separately, because they require a proof and the others do not.
    """
    condition = "kind = 'contest'" if kind == "contest" else "kind <> 'contest'"
    recent_count = int(first_value(database, f"SELECT count(*) FROM report WHERE {condition} AND at > ?", (at - HOUR,)))
    open_count = int(first_value(database, f"SELECT count(*) FROM report WHERE {condition} AND closed_at = 0"))
    return recent_count >= MAX_REPORTS_AN_HOUR or open_count >= MAX_OPEN_REPORTS


def waiting(database: Database) -> list[ReaderReport]:
    """The open reports, oldest first."""
    rows = database.rows(f"SELECT {_COLUMNS} FROM report WHERE closed_at = 0 ORDER BY id")
    return [ReaderReport(*row) for row in rows]


def close(database: Database, ids: Collection[int], at: int) -> None:
    """Close open reports, deleting their text and subject. Raises NotFound, and then closes none."""
    with database.write():
        known = {report.id for report in waiting(database)}
        for id in ids:
            if id not in known:
                raise NotFound(f"{id}: no such open report; `hotpapers reports` lists them")
            database.run("UPDATE report SET text = '', subject = '', closed_at = ? WHERE id = ?", (at, id))


def issue_of_digest(database: Database, digest: str) -> IssueEdition | None:
    """The issue with a digest; None if there is none."""
    rows = database.rows('SELECT publication, "day", edition FROM issue WHERE digest = ? AND until = 0', (digest,))
    return IssueEdition(*rows[0]) if rows else None
