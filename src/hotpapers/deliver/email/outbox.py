"""The outbox: how far each message has come, so that none is handed to the relay twice.

A relay cannot be asked whether it has a message. So before one is handed over it is claimed here, durably: whoever
finds a claim that was never settled does not send that message again. A message is to one subscriber for one day,
whichever edition of its issue: a correction is not mailed. All this is outside the chain; once no message of an issue
is left, the record gets one delivery with their numbers.

    sending    claimed: it may have been handed over
    deferred   surely not: the relay asked to try again, from `next_at` on
    sent       it was, with the relay's receipt
    failed     surely not, and it never will be; or it came back
"""

from __future__ import annotations

from hotpapers.deliver.email import queries
from hotpapers.store import Record

FIRST_WAIT, LONGEST_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a message is tried again, at first and at most."""
TRIES = 8
"""After so many a message is given up: some thirteen hours."""


def wait_after(tries: int) -> int:
    """Seconds until a message is tried again that was put off so many times."""
    return min(FIRST_WAIT << (tries - 1), LONGEST_WAIT)


def claim(record: Record, key: queries.OutboxKey, at: int) -> queries.OutboxEntry | None:
    """Claims a message that may be handed over now: of several processes one gets it. None when it is ours; else how it
    stands."""
    with record.database.write():
        known = queries.outbox_entry(record, key)
        if known is not None and (known.state != "deferred" or known.next_at > at):
            return known
        queries.put_outbox_entry(record, key, queries.OutboxEntry("sending", "", known.tries if known else 0, at, 0))
    return None


def mark_sent(record: Record, key: queries.OutboxKey, receipt: str, at: int) -> None:
    """The relay has it."""
    _settle(record, key, queries.OutboxEntry("sent", receipt, 0, at, 0))


def mark_failed(record: Record, key: queries.OutboxKey, reason: str, at: int) -> None:
    """It will never be delivered."""
    _settle(record, key, queries.OutboxEntry("failed", reason, 0, at, 0))


def defer(record: Record, key: queries.OutboxKey, reason: str, at: int) -> bool:
    """The relay does not have it and asked to try again; False once that was too often: it is given up."""
    known = queries.outbox_entry(record, key)
    tries = (known.tries if known else 0) + 1
    if tries >= TRIES:
        mark_failed(record, key, f"given up: {reason}", at)
        return False
    _settle(record, key, queries.OutboxEntry("deferred", reason, tries, at, at + wait_after(tries) * 1_000_000))
    return True


def release(record: Record, key: queries.OutboxKey, at: int) -> None:
    """The relay does not have it, for a reason that has nothing to do with this message: no try is counted."""
    known = queries.outbox_entry(record, key)
    _settle(record, key, queries.OutboxEntry("deferred", "", known.tries if known else 0, at, at))


def mark_bounced(record: Record, key: queries.OutboxKey, reason: str, at: int) -> None:
    """A message that had been handed over was reported as undeliverable, if it is still known."""
    known = queries.outbox_entry(record, key)
    if known is not None and known.state in ("sent", "sending"):
        mark_failed(record, key, reason, at)


def _settle(record: Record, key: queries.OutboxKey, entry: queries.OutboxEntry) -> None:
    with record.database.write():
        queries.put_outbox_entry(record, key, entry)
