"""What a store holds of deliveries: how far issues have come at targets, and what the record says of it."""

from __future__ import annotations

from hotpapers.model import Delivery
from hotpapers.store import Record


def deliveries(record: Record, channel: str) -> dict[str, str]:
    """How far issues have come by a channel, by target."""
    rows = record.database.rows("SELECT target, state FROM delivery_state WHERE channel = ?", (channel,))
    return dict(rows)


def receipts(record: Record, channel: str) -> dict[str, str]:
    """What targets said of what a channel sent them, by target."""
    rows = record.database.rows("SELECT target, receipt FROM delivery_state WHERE channel = ?", (channel,))
    return dict(rows)


def recorded(record: Record, channel: str) -> list[tuple[str, int, str, str, str]]:
    """(day, edition, target, state, receipt) of every delivery by a channel that the record holds."""
    items = (row.item for row in record.view().iterate(Delivery, "t.channel = ?", (channel,)))
    return sorted(
        (item.day, item.edition, item.target, item.state, item.receipt) for item in items if isinstance(item, Delivery)
    )
