"""What readers say in the app's forms: that an entry is wrong, that a post should not be quoted, that an account is no
bot. For the operator alone; no page, answer or export has it.

Bounded, as anybody may write: so many characters, so many in an hour, so many that are open. Of who wrote nothing is
kept. What was said goes when the operator has dealt with it; the row stays, so that no number means two things.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Literal, NamedTuple, get_args

from hotpapers.errors import NotFound
from hotpapers.model import HOUR
from hotpapers.store.database import Database

Kind = Literal["quotation", "entry", "contest"]
KINDS: tuple[Kind, ...] = get_args(Kind)

LONGEST = 2_000
"""Characters of what is said."""
MOST_AN_HOUR = 60
MOST_OPEN = 1_000
"""Reports, and contests, each by themselves."""

NoteResult = Literal["kept", "known", "full"]
"""What became of a report: it is kept, was said already and is open, or there are too many."""

_COLUMNS = "id, at, kind, issue, paper, subject, said"


class ReaderReport(NamedTuple):
    """What somebody said. `id`: its number, 0 before it has one; `at`: when, µs UTC. `issue`: an issue's digest.
    `subject`: the post or account that it is about, empty for an entry."""

    id: int
    at: int
    kind: Kind
    issue: str = ""
    paper: str = ""
    subject: str = ""
    said: str = ""


def note(database: Database, report: ReaderReport) -> NoteResult:
    """Keeps a report, once."""
    with database.write():
        where = "kind = ? AND issue = ? AND paper = ? AND subject = ? AND said = ? AND closed_at = 0"
        values = (report.kind, report.issue, report.paper, report.subject, report.said[:LONGEST])
        if database.rows(f"SELECT 1 FROM report WHERE {where} LIMIT 1", values):
            return "known"
        if is_full(database, report.at, report.kind):
            return "full"
        sql = "INSERT INTO report (at, kind, issue, paper, subject, said, closed_at) VALUES (?, ?, ?, ?, ?, ?, 0)"
        database.run(sql, (report.at, *values))
    return "kept"


def is_full(database: Database, at: int, kind: Kind) -> bool:
    """Whether no more of a kind are taken at a moment: too many came within the hour, or wait for the operator.

    Contests are counted by themselves: they take a proof, the others nothing.
    """
    among = "kind = 'contest'" if kind == "contest" else "kind <> 'contest'"
    lately = int(database.rows(f"SELECT count(*) FROM report WHERE {among} AND at > ?", (at - HOUR,))[0][0])
    waits = int(database.rows(f"SELECT count(*) FROM report WHERE {among} AND closed_at = 0")[0][0])
    return lately >= MOST_AN_HOUR or waits >= MOST_OPEN


def waiting(database: Database) -> list[ReaderReport]:
    """Those that are open, the oldest first."""
    return [_report(row) for row in database.rows(f"SELECT {_COLUMNS} FROM report WHERE closed_at = 0 ORDER BY id")]


def _report(row: tuple[Any, ...]) -> ReaderReport:
    return ReaderReport(*row)


def count_open(database: Database) -> int:
    """How many are open."""
    return int(database.rows("SELECT count(*) FROM report WHERE closed_at = 0")[0][0])


def close(database: Database, ids: Collection[int], at: int) -> None:
    """Closes open reports: what was said, and of whom, is deleted. Raises NotFound, and then closes none."""
    with database.write():
        known = {report.id for report in waiting(database)}
        for id in ids:
            if id not in known:
                raise NotFound(f"{id}: no such report is open; `hotpapers reports` lists them")
            database.run("UPDATE report SET said = '', subject = '', closed_at = ? WHERE id = ?", (at, id))


def forget(database: Database, keys: Collection[str], stand_in: Callable[[str], bool]) -> None:
    """Deletes the reports on posts and accounts that are forgotten, or that name them. Call inside `write()`."""
    rows = database.rows("SELECT id, subject, said FROM report WHERE subject <> '' OR said <> ''")
    for id, subject, text in rows:
        if subject in keys or stand_in(f"{subject} {text}"):
            database.run("DELETE FROM report WHERE id = ?", (id,))
