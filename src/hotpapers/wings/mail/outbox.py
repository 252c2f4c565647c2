"""When a message that was put off is tried again, and when it is given up.

A relay cannot be asked whether it has a message. So a message is durably claimed before it is handed over
(`delivery_states`), and one whose claim was never settled is not sent again. There is one message per subscriber and
day, whatever the issue's edition: corrections are not mailed. Once no message of an issue is left, the record gets one
delivery with the counts.
"""

from __future__ import annotations

from hotpapers.publish.deliver import delivery_states
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, state_of
from hotpapers.record import Record

FIRST_WAIT, MAX_RETRY_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a message is retried, at first and at most."""
TRIES = 8
"""Attempts before a message is given up: about nine hours."""


def wait_after(tries: int) -> int:
    """Seconds until the next attempt at a message that was put off `tries` times."""
    return min(FIRST_WAIT << (tries - 1), MAX_RETRY_WAIT)


def defer(record: Record, key: DeliveryKey, reason: str, at: int) -> bool:
    """Puts a claimed message off, as the relay asked. Returns False after too many attempts: it is given up."""
    tries = _tries(record, key) + 1
    if tries >= TRIES:
        delivery_states.settle(record, key, DeliveryState("failed", f"given up: {reason}", at))
        return False
    next_at = at + wait_after(tries) * 1_000_000
    delivery_states.settle(record, key, DeliveryState("sending", reason or "put off", at, tries, next_at))
    return True


def release(record: Record, key: DeliveryKey, at: int) -> None:
    """Gives up the claim: sending failed for a reason unrelated to this message, so the attempt is not counted."""
    delivery_states.settle(record, key, DeliveryState("sending", "not handed over", at, _tries(record, key), at))


def mark_bounced(record: Record, key: DeliveryKey, reason: str, at: int) -> None:
    """Marks a message that was handed over and then reported as undeliverable, if it is still known."""
    state = state_of(record.database, key)
    if state is not None and (state.state == "sent" or (state.state == "sending" and not state.is_put_off)):
        delivery_states.settle(record, key, DeliveryState("failed", reason, at))


def _tries(record: Record, key: DeliveryKey) -> int:
    state = state_of(record.database, key)
    return state.tries if state else 0
