"""The senders of this package: one per destination in the settings, so a busy one does not delay the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base import terms
from hotpapers.base.model import Sender
from hotpapers.base.settings import Settings
from hotpapers.base.settings.announce import secret
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.announce.apprise_client import AppriseClient
from hotpapers.wings.announce.bluesky import BlueskySender, DocumentSender
from hotpapers.wings.announce.chat import ChatSender
from hotpapers.wings.announce.members import posters_in
from hotpapers.wings.announce.webhook import WebhookSender


class AnnouncementDestination(NamedTuple):
    """A sender, and what its network client must know. `target`: the destination; `own`: the operator's own addresses,
    which may be in an internal network; `secrets`: texts that no error may contain."""

    sender: Sender
    target: str
    own: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def is_any(settings: Settings) -> bool:
    """Whether the settings have any destination."""
    is_announced = any(
        item.thread or item.makes_documents(settings.base_of(item.publication)) for item in settings.bluesky
    )
    return bool(settings.chat or settings.webhook or is_announced)


def chat_rooms(settings: Settings, site_config: SiteConfig, record: Record) -> Iterator[AnnouncementDestination]:
    """The chat rooms. Raises SettingsError, and UsageError if Apprise is not installed."""
    for number, table in enumerate(settings.chat, 1):
        key = f"chat {number}: url"
        own_site = site_config.of(table.publication)
        room = AppriseClient(secret(table.url, key), key, own_site.base)
        posters = posters_in(record, terms.table(settings.terms))
        yield AnnouncementDestination(
            ChatSender(table.name, table.publication, room, own_site, table.members, posters), table.name
        )


def webhooks(settings: Settings, site_config: SiteConfig, record: Record) -> Iterator[AnnouncementDestination]:
    """The webhooks. Raises SettingsError."""
    for number, webhook in enumerate(settings.webhook, 1):
        sender = WebhookSender(webhook, f"webhook {number}", site_config.of(webhook.publication))
        yield AnnouncementDestination(sender, webhook.name, (sender.url,), (sender.url, sender.secret))


def bluesky_accounts(settings: Settings, site_config: SiteConfig, record: Record) -> Iterator[AnnouncementDestination]:
    """The accounts on Bluesky: their threads, and their documents if the site has an address. Raises SettingsError."""
    for number, account in enumerate(settings.bluesky, 1):
        key, target = f"bluesky {number}", f"{account.publication} {account.account}"
        own_site = site_config.of(account.publication)
        if account.thread:
            sender = BlueskySender(account, key, own_site)
            yield AnnouncementDestination(sender, target, (account.host,), (sender.account.password,))
        if account.makes_documents(own_site.base):
            documents = DocumentSender(account, key, own_site)
            yield AnnouncementDestination(
                documents, f"{target} document", (account.host,), (documents.account.password,)
            )


DESTINATIONS = {"chat": chat_rooms, "webhook": webhooks, "bluesky": bluesky_accounts}
"""The destinations of each announcing channel."""
