"""The journal of letters: how far each has come, so that none is handed to the relay twice.

A relay cannot be asked whether it has a letter. So before one is handed over it is claimed here, durably: whoever finds
a claim that was never settled does not send that letter again. A letter is to one subscriber for one day, whichever
edition of its issue: a correction is not mailed. All this is outside the chain; once no letter of an issue is left, the
record gets one delivery with their numbers.

    handing   claimed: it may have been handed over
    later     surely not: the relay asked to try again, from `next_at` on
    handed    it was, with the relay's receipt
    failed    surely not, and it never will be; or it came back
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from hotpapers.model import DAY
from hotpapers.store import Record

Standing = Literal["handing", "later", "handed", "failed"]

FIRST_WAIT, LONGEST_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a letter is tried again, at first and at most."""
TRIES = 8
"""After so many a letter is given up: some thirteen hours."""
KEPT = 14 * DAY
"""How long a letter stays in the journal once the record holds that all of its day are over, µs."""


class OutboxKey(NamedTuple):
    """Which letter: of a publication's day, to the subscriber of a mark."""

    publication: str
    day: str
    mark: str


class OutboxEntry(NamedTuple):
    """How far a letter has come. `at`: since when, `next_at`: when it may be tried again, µs UTC."""

    state: Standing
    receipt: str
    tries: int
    at: int
    next_at: int


def wait_after(tries: int) -> int:
    """Seconds until a letter is tried again that was put off so many times."""
    return min(FIRST_WAIT << (tries - 1), LONGEST_WAIT)


def find(record: Record, letter: OutboxKey) -> OutboxEntry | None:
    """How far a letter has come; None where it was never begun."""
    sql = """SELECT state, receipt, tries, at, next_at FROM letter WHERE publication = ? AND "day" = ? AND mark = ?"""
    found = record.database.rows(sql, letter)
    return OutboxEntry(*found[0]) if found else None


def claim(record: Record, letter: OutboxKey, at: int) -> OutboxEntry | None:
    """Claims a letter that may be handed over now: of several processes one gets it. None when it is ours; else how it
    stands."""
    with record.database.write():
        known = find(record, letter)
        if known is not None and (known.state != "later" or known.next_at > at):
            return known
        _put(record, letter, OutboxEntry("handing", "", known.tries if known else 0, at, 0))
    return None


def mark_sent(record: Record, letter: OutboxKey, receipt: str, at: int) -> None:
    """The relay has it."""
    _settle(record, letter, OutboxEntry("handed", receipt, 0, at, 0))


def mark_failed(record: Record, letter: OutboxKey, reason: str, at: int) -> None:
    """It will never be delivered."""
    _settle(record, letter, OutboxEntry("failed", reason, 0, at, 0))


def defer(record: Record, letter: OutboxKey, reason: str, at: int) -> bool:
    """The relay does not have it and asked to try again; False once that was too often: it is given up."""
    known = find(record, letter)
    tries = (known.tries if known else 0) + 1
    if tries >= TRIES:
        mark_failed(record, letter, f"given up: {reason}", at)
        return False
    _settle(record, letter, OutboxEntry("later", reason, tries, at, at + wait_after(tries) * 1_000_000))
    return True


def release(record: Record, letter: OutboxKey, at: int) -> None:
    """The relay does not have it, for a reason that has nothing to do with this letter: no try is counted."""
    known = find(record, letter)
    _settle(record, letter, OutboxEntry("later", "", known.tries if known else 0, at, at))


def mark_bounced(record: Record, letter: OutboxKey, reason: str, at: int) -> None:
    """A letter that had been handed over was reported as undeliverable, if it is still known."""
    known = find(record, letter)
    if known is not None and known.state in ("handed", "handing"):
        mark_failed(record, letter, reason, at)


def count_failed(record: Record, publication: str, day: str) -> int:
    """How many letters of a day failed or came back."""
    sql = """SELECT count(*) FROM letter WHERE publication = ? AND "day" = ? AND state = 'failed'"""
    return int(record.database.rows(sql, (publication, day))[0][0])


def deferred_until(record: Record, publication: str, day: str) -> dict[str, int]:
    """The marks whose letters of a day were put off, and until when."""
    sql = """SELECT mark, next_at FROM letter WHERE publication = ? AND "day" = ? AND state = 'later'"""
    return {mark: next_at for mark, next_at in record.database.rows(sql, (publication, day))}


def finished(record: Record, publication: str, day: str) -> dict[str, Standing]:
    """The marks whose letters of a day are over, and how each ended."""
    sql = """SELECT mark, state FROM letter WHERE publication = ? AND "day" = ? AND state IN ('handed', 'failed')"""
    return dict(record.database.rows(sql, (publication, day)))


def is_done(record: Record, channel: str, publication: str, day: str) -> bool:
    """Whether the record holds that all letters of a day, of whichever edition, are over."""
    sql = """SELECT 1 FROM delivery WHERE publication = ? AND "day" = ? AND channel = ? AND until = 0 LIMIT 1"""
    return bool(record.database.rows(sql, (publication, day, channel)))


def tidy(record: Record, channel: str, at: int) -> None:
    """Drops old letters of days that the record holds as done: none of them is sent again."""
    sql = """DELETE FROM letter WHERE at < ? AND EXISTS (SELECT 1 FROM delivery AS t WHERE t.channel = ? AND t.until = 0
        AND t.publication = letter.publication AND t."day" = letter."day")"""
    with record.database.write():
        record.database.run(sql, (at - KEPT, channel))


def _settle(record: Record, letter: OutboxKey, entry: OutboxEntry) -> None:
    with record.database.write():
        _put(record, letter, entry)


def _put(record: Record, letter: OutboxKey, entry: OutboxEntry) -> None:
    sql = """DELETE FROM letter WHERE publication = ? AND "day" = ? AND mark = ?"""
    record.database.run(sql, letter)
    record.database.run("INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*letter, *entry))
