"""The outbox: the state of each message, so none is handed to the relay twice.

A relay cannot be asked whether it has a message. So each message is durably claimed here before it is handed over, and
a message whose claim was never settled is not sent again. There is one message per subscriber and day, whatever the
issue's edition: corrections are not mailed. All this is outside the chain; once no message of an issue is left, the
record gets one delivery with the counts.

    sending    claimed: it may have been handed over
    deferred   not handed over: the relay asked to try again, from `next_at` on
    sent       handed over, with the relay's receipt
    failed     not handed over and never will be; or it came back
"""

from __future__ import annotations

from hotpapers.deliver.email import queries
from hotpapers.store import Record

FIRST_WAIT, LONGEST_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a message is retried, at first and at most."""
TRIES = 8
"""Attempts before a message is given up: about nine hours."""


def wait_after(tries: int) -> int:
    """Seconds until the next attempt at a message that was deferred `tries` times."""
    return min(FIRST_WAIT << (tries - 1), LONGEST_WAIT)


def claim(record: Record, key: queries.OutboxKey, at: int) -> queries.OutboxEntry | None:
    """Claims a message that may be handed over now; only one of several processes gets it. Returns None if the claim
    succeeded, otherwise the message's current entry."""
    with record.database.write():
        entry = queries.outbox_entry(record, key)
        if entry is not None and (entry.state != "deferred" or entry.next_at > at):
            return entry
        queries.put_outbox_entry(record, key, queries.OutboxEntry("sending", "", entry.tries if entry else 0, at, 0))
    return None


def mark_sent(record: Record, key: queries.OutboxKey, receipt: str, at: int) -> None:
    """Marks a message that the relay accepted."""
    _settle(record, key, queries.OutboxEntry("sent", receipt, 0, at, 0))


def mark_failed(record: Record, key: queries.OutboxKey, reason: str, at: int) -> None:
    """Marks a message that will never be delivered."""
    _settle(record, key, queries.OutboxEntry("failed", reason, 0, at, 0))


def defer(record: Record, key: queries.OutboxKey, reason: str, at: int) -> bool:
    """Schedules another attempt, as the relay asked. Returns False after too many attempts: the message is given up."""
    entry = queries.outbox_entry(record, key)
    tries = (entry.tries if entry else 0) + 1
    if tries >= TRIES:
        mark_failed(record, key, f"given up: {reason}", at)
        return False
    _settle(record, key, queries.OutboxEntry("deferred", reason, tries, at, at + wait_after(tries) * 1_000_000))
    return True


def release(record: Record, key: queries.OutboxKey, at: int) -> None:
    """Gives up the claim: sending failed for a reason unrelated to this message, so the attempt is not counted."""
    entry = queries.outbox_entry(record, key)
    _settle(record, key, queries.OutboxEntry("deferred", "", entry.tries if entry else 0, at, at))


def mark_bounced(record: Record, key: queries.OutboxKey, reason: str, at: int) -> None:
    """Marks a message that was handed over and then reported as undeliverable, if it is still known."""
    entry = queries.outbox_entry(record, key)
    if entry is not None and entry.state in ("sent", "sending"):
        mark_failed(record, key, reason, at)


def _settle(record: Record, key: queries.OutboxKey, entry: queries.OutboxEntry) -> None:
    with record.database.write():
        queries.put_outbox_entry(record, key, entry)
