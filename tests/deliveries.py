"""What the record holds of deliveries."""

from __future__ import annotations

from hotpapers.model import Delivery
from hotpapers.store import Record


def deliveries(record: Record, channel: str) -> dict[str, str]:
    """The state of every delivery by a channel, by target."""
    items = (row.item for row in record.view().latest(Delivery, "t.channel = ?", (channel,)))
    return {item.target: item.state for item in items if isinstance(item, Delivery)}
