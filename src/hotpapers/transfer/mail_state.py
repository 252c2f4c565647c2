"""What of mailing outlives the restoring of an older backup: who has left, and which letters were handed over.

Else somebody who unsubscribed after the backup was made would get letters again, and others would get some twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hotpapers.store.database import Database


class MailState(NamedTuple):
    """Rows of a store: (mark, state, since) of those who get no more letters, and all letters."""

    left: Sequence[tuple[Any, ...]] = ()
    letters: Sequence[tuple[Any, ...]] = ()


_LETTER = 'publication, "day", mark, state, receipt, tries, at, next_at'


def read_mail_state(database: Database) -> MailState:
    """What a store knows of it."""
    left = database.rows("SELECT mark, state, since FROM subscriber WHERE state IN ('ended', 'bounced')")
    return MailState(left, database.rows(f"SELECT {_LETTER} FROM letter"))


def merge_mail_state(database: Database, known: MailState) -> None:
    """Keeps what another store knew, where it is newer. Call inside `write()`."""
    for mark, state, since in known.left:
        address = "address" if state == "bounced" else "''"
        sql = f"UPDATE subscriber SET state = ?, since = ?, address = {address} WHERE mark = ? AND since < ?"
        database.run(sql, (state, since, mark, since))
    for letter in known.letters:
        where = 'publication = ? AND "day" = ? AND mark = ?'
        database.run(f"DELETE FROM letter WHERE {where} AND at < ?", (*letter[:3], letter[6]))
        if not database.rows(f"SELECT 1 FROM letter WHERE {where}", letter[:3]):
            database.run(f"INSERT INTO letter ({_LETTER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", letter)
