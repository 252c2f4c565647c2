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

from hotpapers.deliver.email import queries
from hotpapers.store import Record

FIRST_WAIT, LONGEST_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a letter is tried again, at first and at most."""
TRIES = 8
"""After so many a letter is given up: some thirteen hours."""


def wait_after(tries: int) -> int:
    """Seconds until a letter is tried again that was put off so many times."""
    return min(FIRST_WAIT << (tries - 1), LONGEST_WAIT)


def claim(record: Record, letter: queries.OutboxKey, at: int) -> queries.OutboxEntry | None:
    """Claims a letter that may be handed over now: of several processes one gets it. None when it is ours; else how it
    stands."""
    with record.database.write():
        known = queries.letter_of(record, letter)
        if known is not None and (known.state != "later" or known.next_at > at):
            return known
        queries.put_letter(record, letter, queries.OutboxEntry("handing", "", known.tries if known else 0, at, 0))
    return None


def mark_sent(record: Record, letter: queries.OutboxKey, receipt: str, at: int) -> None:
    """The relay has it."""
    _settle(record, letter, queries.OutboxEntry("handed", receipt, 0, at, 0))


def mark_failed(record: Record, letter: queries.OutboxKey, reason: str, at: int) -> None:
    """It will never be delivered."""
    _settle(record, letter, queries.OutboxEntry("failed", reason, 0, at, 0))


def defer(record: Record, letter: queries.OutboxKey, reason: str, at: int) -> bool:
    """The relay does not have it and asked to try again; False once that was too often: it is given up."""
    known = queries.letter_of(record, letter)
    tries = (known.tries if known else 0) + 1
    if tries >= TRIES:
        mark_failed(record, letter, f"given up: {reason}", at)
        return False
    _settle(record, letter, queries.OutboxEntry("later", reason, tries, at, at + wait_after(tries) * 1_000_000))
    return True


def release(record: Record, letter: queries.OutboxKey, at: int) -> None:
    """The relay does not have it, for a reason that has nothing to do with this letter: no try is counted."""
    known = queries.letter_of(record, letter)
    _settle(record, letter, queries.OutboxEntry("later", "", known.tries if known else 0, at, at))


def mark_bounced(record: Record, letter: queries.OutboxKey, reason: str, at: int) -> None:
    """A letter that had been handed over was reported as undeliverable, if it is still known."""
    known = queries.letter_of(record, letter)
    if known is not None and known.state in ("handed", "handing"):
        mark_failed(record, letter, reason, at)


def _settle(record: Record, letter: queries.OutboxKey, entry: queries.OutboxEntry) -> None:
    with record.database.write():
        queries.put_letter(record, letter, entry)
