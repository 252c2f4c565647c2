"""What a store has about deliveries: their states at targets, and the items in the record."""

from __future__ import annotations

from hotpapers.base.model import Delivery
from hotpapers.record import Record


def deliveries(record: Record, channel: str) -> dict[str, str]:
    """The states of deliveries by a channel, by target."""
    rows = record.database.rows("SELECT target, state FROM delivery_state WHERE channel = ?", (channel,))
    return dict(rows)


def receipts(record: Record, channel: str) -> dict[str, str]:
    """The receipts for deliveries by a channel, by target."""
    rows = record.database.rows("SELECT target, receipt FROM delivery_state WHERE channel = ?", (channel,))
    return dict(rows)


def recorded(record: Record, channel: str) -> list[tuple[str, int, str, str, str]]:
    """(day, edition, target, state, receipt) of every delivery by a channel in the record."""
    items = (row.item for row in record.view().iterate(Delivery, "t.channel = ?", (channel,)))
    return sorted((item.day, item.edition, item.target, item.state, item.receipt) for item in items)
