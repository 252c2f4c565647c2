"""The senders of this package: one for each place that the settings name, so that one that is busy delays no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hotpapers import terms
from hotpapers.deliver.announce.apprise_client import AppriseClient
from hotpapers.deliver.announce.bluesky import BlueskySender
from hotpapers.deliver.announce.chat import ChatSender
from hotpapers.deliver.announce.members import posters_in
from hotpapers.deliver.announce.webhook import WebhookSender
from hotpapers.model import Sender
from hotpapers.settings import Settings
from hotpapers.settings.announce import secret
from hotpapers.store import Record
from hotpapers.view.site_config import SiteConfig


class AnnouncementDestination(NamedTuple):
    """A sender, and what its network client must know. `target`: which place it is; `own`: the operator's own
    addresses, which may lie inside; `secrets`: what no error may name."""

    sender: Sender
    target: str
    own: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def is_any(settings: Settings) -> bool:
    """Whether the settings name a place to which anything is sent."""
    return bool(settings.chat or settings.webhook or any(account.thread for account in settings.bluesky))


def chat_rooms(settings: Settings, site_config: SiteConfig, record: Record) -> Iterator[AnnouncementDestination]:
    """The chat rooms. Raises SettingsError, and UsageError where Apprise is not there."""
    for number, one in enumerate(settings.chat, 1):
        key = f"chat {number}: url"
        room = AppriseClient(secret(one.url, key), key, site_config.base)
        posters = posters_in(record, terms.table(settings.terms))
        yield AnnouncementDestination(
            ChatSender(one.name, one.publication, room, site_config, one.members, posters), one.name
        )


def webhooks(settings: Settings, site_config: SiteConfig, record: Record) -> Iterator[AnnouncementDestination]:
    """The webhooks. Raises SettingsError."""
    for number, one in enumerate(settings.webhook, 1):
        sender = WebhookSender(one, f"webhook {number}", site_config)
        yield AnnouncementDestination(sender, one.name, (sender.url,), (sender.url, sender.secret))


def bluesky_accounts(settings: Settings, site_config: SiteConfig, record: Record) -> Iterator[AnnouncementDestination]:
    """The accounts on Bluesky that make threads. Raises SettingsError."""
    for number, account in enumerate(settings.bluesky, 1):
        if account.thread:
            sender = BlueskySender(account, f"bluesky {number}", site_config)
            yield AnnouncementDestination(
                sender, f"{account.publication} {account.account}", (account.host,), (sender.account.password,)
            )
