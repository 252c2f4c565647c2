"""Registers the wing's commands, senders and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotpapers.base.wings import SendingChannel, Wing, load_object
from hotpapers.cli.hooks import Commands
from hotpapers.serve.hooks import Routes

if TYPE_CHECKING:
    from hotpapers.base.settings import Settings


def _has_accounts(settings: Settings) -> bool:
    return any(item.thread or item.makes_documents(settings.base_of(item.publication)) for item in settings.bluesky)


ANNOUNCE = "hotpapers.wings.announce"
DESTINATIONS = f"{ANNOUNCE}.destinations"
WING = Wing(
    "announce",
    "Announce issues in chat rooms, to webhooks and on Bluesky.",
    hooks=(
        Commands(
            {
                "Publish": {
                    "feed-generator": (
                        f"{ANNOUNCE}.commands:feed_generator",
                        "Register a publication's custom feed on Bluesky.",
                    )
                }
            }
        ),
        SendingChannel("chat", f"{DESTINATIONS}:chat_rooms", lambda settings: bool(settings.chat)),
        SendingChannel("webhook", f"{DESTINATIONS}:webhooks", lambda settings: bool(settings.webhook)),
        SendingChannel(
            "bluesky",
            f"{DESTINATIONS}:bluesky_accounts",
            _has_accounts,
        ),
        Routes(
            lambda _, pages, publication, site: load_object(f"{ANNOUNCE}.feed_generator:routes")(
                pages, site.settings.bluesky
            )
        ),
    ),
)
