"""The journal of letters: how far each has come, so that none is handed to the relay twice.

A relay cannot be asked whether it has a letter. So before one is handed over it is claimed here, durably: whoever finds
a claim that was never settled does not send that letter again. A letter is to one subscriber for one day, whichever
edition of its issue: a correction is not mailed.

    handing   claimed: it may have been handed over
    later     surely not: the relay asked to try again, from `next_at` on
    handed    it was, with the relay's receipt
    failed    surely not, and it never will be; or it came back
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from hotpapers.model import DAY
from hotpapers.record import Record

Standing = Literal["handing", "later", "handed", "failed"]

FIRST_WAIT, LONGEST_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a letter is tried again, at first and at most."""
TRIES = 8
"""After so many a letter is given up: some thirteen hours."""
KEPT = 14 * DAY
"""How long a letter stays in the journal after its delivery is in the record, µs."""


class Letter(NamedTuple):
    """Which letter: of a publication's day, to the subscriber of a mark."""

    publication: str
    day: str
    mark: str


class Entry(NamedTuple):
    """How far a letter has come. `at`: since when, `next_at`: when it may be tried again, µs UTC."""

    state: Standing
    receipt: str
    tries: int
    at: int
    next_at: int


def wait_after(tries: int) -> int:
    """Seconds until a letter is tried again that was put off so many times."""
    return min(FIRST_WAIT << (tries - 1), LONGEST_WAIT)


def find(record: Record, letter: Letter) -> Entry | None:
    """How far a letter has come; None where it was never begun."""
    sql = """SELECT state, receipt, tries, at, next_at FROM letter WHERE publication = ? AND "day" = ? AND mark = ?"""
    found = record.database.rows(sql, letter)
    return Entry(*found[0]) if found else None


def claim(record: Record, letter: Letter, at: int) -> Entry | None:
    """Claims a letter that may be handed over now: of several processes one gets it. None when it is ours; else how it
    stands."""
    with record.database.write():
        known = find(record, letter)
        if known is not None and (known.state != "later" or known.next_at > at):
            return known
        _put(record, letter, Entry("handing", "", known.tries if known else 0, at, 0))
    return None


def handed(record: Record, letter: Letter, receipt: str, at: int) -> None:
    """The relay has it."""
    _settle(record, letter, Entry("handed", receipt, 0, at, 0))


def failed(record: Record, letter: Letter, reason: str, at: int) -> None:
    """It will never be delivered."""
    _settle(record, letter, Entry("failed", reason, 0, at, 0))


def put_off(record: Record, letter: Letter, reason: str, at: int) -> bool:
    """The relay does not have it and asked to try again; False once that was too often: it is given up."""
    known = find(record, letter)
    tries = (known.tries if known else 0) + 1
    if tries >= TRIES:
        failed(record, letter, reason, at)
        return False
    _settle(record, letter, Entry("later", reason, tries, at, at + wait_after(tries) * 1_000_000))
    return True


def give_back(record: Record, letter: Letter, at: int) -> None:
    """The relay does not have it, for a reason that has nothing to do with this letter: no try is counted."""
    known = find(record, letter)
    _settle(record, letter, Entry("later", "", known.tries if known else 0, at, at))


def came_back(record: Record, letter: Letter, reason: str, at: int) -> None:
    """A letter that had been handed over was reported as undeliverable, if it is still known."""
    known = find(record, letter)
    if known is not None and known.state in ("handed", "handing"):
        failed(record, letter, reason, at)


def failures(record: Record, publication: str, day: str) -> int:
    """How many letters of a day failed or came back."""
    sql = """SELECT count(*) FROM letter WHERE publication = ? AND "day" = ? AND state = 'failed'"""
    return int(record.database.rows(sql, (publication, day))[0][0])


def put_off_until(record: Record, publication: str, day: str) -> dict[str, int]:
    """The marks whose letters of a day were put off, and until when."""
    sql = """SELECT mark, next_at FROM letter WHERE publication = ? AND "day" = ? AND state = 'later'"""
    return {mark: next_at for mark, next_at in record.database.rows(sql, (publication, day))}


def delivered(record: Record, channel: str, publication: str, day: str) -> set[str]:
    """The marks whose delivery of a day, in whichever edition, the record holds as over."""
    sql = """SELECT target FROM delivery WHERE publication = ? AND "day" = ? AND channel = ? AND until = 0
        AND state IN ('sent', 'failed')"""
    return {row[0] for row in record.database.rows(sql, (publication, day, channel))}


def tidy(record: Record, channel: str, at: int) -> None:
    """Drops old letters that the record holds as delivered: it remembers them as well."""
    sql = """SELECT DISTINCT publication, "day" FROM letter WHERE state IN ('handed', 'failed') AND at < ?"""
    for publication, day in record.database.rows(sql, (at - KEPT,)):
        over = delivered(record, channel, publication, day)
        _drop(record, publication, day, over)


def _drop(record: Record, publication: str, day: str, marks: Iterable[str]) -> None:
    sql = """DELETE FROM letter WHERE publication = ? AND "day" = ? AND mark = ? AND state IN ('handed', 'failed')"""
    with record.database.write():
        record.database.many(sql, [(publication, day, mark) for mark in marks])


def _settle(record: Record, letter: Letter, entry: Entry) -> None:
    with record.database.write():
        _put(record, letter, entry)


def _put(record: Record, letter: Letter, entry: Entry) -> None:
    sql = """DELETE FROM letter WHERE publication = ? AND "day" = ? AND mark = ?"""
    record.database.run(sql, letter)
    record.database.run("INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*letter, *entry))
