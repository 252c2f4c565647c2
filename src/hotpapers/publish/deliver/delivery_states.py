"""The state of each issue at each target, kept outside the chain; and the one delivery that the record gets.

    sending   started. Without a receipt it may have arrived; with one it certainly has not: the target was not reached
              or said *later*, and it may be tried again from `next_at` on
    sent      done, with the target's receipt; for a folder, with the issue's digest
    failed    refused by the target; not tried again

Once all targets of a channel have accepted or refused an issue's edition, the record gets one delivery, to everybody,
and never another for that edition (docs/development/decisions/0060-later-decisions.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hotpapers.base.model import Delivery, DeliveryCounts
from hotpapers.publish.deliver import queries
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, IssueEdition
from hotpapers.record import Record

MAX_RECEIPT_CHARS = 500
ALL_TARGETS = "everybody"
"""The target of a delivery in the record: all of the channel's targets."""


def is_over(state: DeliveryState | None) -> bool:
    """Whether nothing is left to do for a target."""
    return state is not None and state.state != "sending"


# ---- one target ----------------------------------------------------------------------------------------


def claim_delivery(record: Record, key: DeliveryKey, at: int) -> DeliveryState | None:
    """Claims a delivery that may start now; only one of several processes gets it. Returns None if the claim succeeded.
    Otherwise the state as it is: over, put off until later, or started before, so that it may have arrived."""
    with record.database.write():
        state = queries.state_of(record.database, key)
        if state and not state.is_due(at):
            return state
        delivery_state = DeliveryState("sending", "", at, state.tries if state else 0)
        queries.put_states(record.database, [(key, delivery_state)])
    return None


def settle_delivery(record: Record, key: DeliveryKey, state: DeliveryState) -> None:
    """Stores the outcome."""
    with record.database.write():
        receipt = state.receipt[:MAX_RECEIPT_CHARS]
        queries.put_states(record.database, [(key, state._replace(receipt=receipt))])


# ---- many issues to a folder ---------------------------------------------------------------------------


def begin_all(record: Record, keys: Iterable[DeliveryKey], at: int) -> None:
    """Stores the start of all of them."""
    with record.database.write():
        states = [(key, DeliveryState("sending", "", at)) for key in keys]
        queries.put_states(record.database, states)


def finish_all(record: Record, receipts: Mapping[DeliveryKey, str], at: int) -> None:
    """Stores that all were sent, and adds the missing deliveries to the record, in one transaction."""
    deliveries = [issue_delivery(key.issue, key.channel, receipt, at) for key, receipt in receipts.items()]
    states = [(key, DeliveryState("sent", receipt, at)) for key, receipt in receipts.items()]
    with record.batch() as batch:
        queries.put_states(record.database, states)
        batch.append(_new(record, deliveries), source="publish", at=at)


# ---- what the record keeps -----------------------------------------------------------------------------


def issue_delivery(issue: IssueEdition, channel: str, receipt: str, at: int) -> Delivery:
    """The delivery of an issue to all targets of a channel. `at`: µs UTC."""
    return Delivery(
        publication=issue.publication,
        day=issue.day,
        edition=issue.edition,
        channel=channel,
        target=ALL_TARGETS,
        state="sent",
        receipt=receipt,
        observed_at=at,
    )


def keep_summary(record: Record, issue: IssueEdition, channel: str, counts: DeliveryCounts, at: int) -> None:
    """Records an issue's delivery with its counts, such as *94 sent, 2 failed*, unless the record already has it."""
    receipt = f"{counts.sent} sent, {counts.failed} failed"
    summary = issue_delivery(issue, channel, receipt, at)
    if not counts.sent:
        summary = msgspec.structs.replace(summary, state="failed")
    if _new(record, [summary]):
        with record.batch() as batch:  # another process may have finished at the same time
            batch.append(_new(record, [summary]), source="publish", at=at)


def _new(record: Record, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """The deliveries whose edition and channel have none in the record yet."""
    channels = {(item.publication, item.channel) for item in deliveries}
    recorded = {channel: queries.editions_in_record(record.database, *channel) for channel in channels}
    return [item for item in deliveries if (item.day, item.edition) not in recorded[item.publication, item.channel]]
