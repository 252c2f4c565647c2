"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import SendingChannel, Wing, loading

DESTINATIONS = "hotpapers.wings.announce.destinations"
WING = Wing(
    "announce",
    "Announce issues in chat rooms, to webhooks and on Bluesky.",
    channels={
        "chat": SendingChannel(loading(f"{DESTINATIONS}:chat_rooms"), lambda settings: bool(settings.chat)),
        "webhook": SendingChannel(loading(f"{DESTINATIONS}:webhooks"), lambda settings: bool(settings.webhook)),
        "bluesky": SendingChannel(
            loading(f"{DESTINATIONS}:bluesky_accounts"),
            lambda settings: any(account.thread for account in settings.bluesky),
        ),
    },
)
