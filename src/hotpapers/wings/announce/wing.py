"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from hotpapers.base.wings import SendingChannel, Wing, loading

if TYPE_CHECKING:
    from hotpapers.publish.schedule.sending import SenderDestination
    from hotpapers.record import Record
    from hotpapers.site.sending import OpenClient
    from hotpapers.site.site import Site


def _destinations(channel: str, record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    """Each destination has its own client."""
    from hotpapers.publish.schedule.sending import SenderDestination
    from hotpapers.wings.announce.destinations import DESTINATIONS

    for target in DESTINATIONS[channel](site.settings, site.site_config, record):
        client = open_client(target.own, target.secrets)
        yield SenderDestination(target.sender, client.http, close=client.close, target=target.target)


WING = Wing(
    "announce",
    "Announce issues in chat rooms, to webhooks and on Bluesky.",
    channels={
        name: SendingChannel(partial(_destinations, name), loading("hotpapers.wings.announce.destinations:is_any"))
        for name in ("chat", "webhook", "bluesky")
    },
)
