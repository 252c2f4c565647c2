"""The senders of this wing: one per destination in the settings, so a busy one does not delay the others. Each has its
own client."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.base.model import Sender
from hotpapers.base.settings.announce import read_secret
from hotpapers.jobs.connection import OpenClient
from hotpapers.publish.deliver.send import SenderDestination
from hotpapers.record import Record
from hotpapers.site.site import Site
from hotpapers.wings.announce.apprise_client import AppriseClient
from hotpapers.wings.announce.bluesky import BlueskySender, DocumentSender
from hotpapers.wings.announce.chat import ChatSender, posters_in
from hotpapers.wings.announce.webhook import WebhookSender


def chat_rooms(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    """The chat rooms. Raises SettingsError, and UsageError if Apprise is not installed."""
    posters = posters_in(record, site.terms)
    for number, table in enumerate(site.settings.chat, 1):
        key = f"chat {number}: url"
        own_site = site.site_config.of(table.publication)
        room = AppriseClient(read_secret(table.url, key), key, own_site.base)
        sender = ChatSender(table.name, table.publication, room, own_site, table.members, posters)
        yield _destination(sender, table.name, open_client)


def webhooks(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    """The webhooks. Raises SettingsError."""
    for number, webhook in enumerate(site.settings.webhook, 1):
        sender = WebhookSender(webhook, f"webhook {number}", site.site_config.of(webhook.publication))
        yield _destination(sender, webhook.name, open_client, (sender.url,), (sender.url, sender.secret))


def bluesky_accounts(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    """The accounts on Bluesky: their threads, and their documents if the site has an address. Raises SettingsError."""
    for number, account in enumerate(site.settings.bluesky, 1):
        key = f"bluesky {number}"
        target = f"{account.publication} {account.account}"
        own_site = site.site_config.of(account.publication)
        if account.thread:
            sender = BlueskySender(account, key, own_site)
            yield _destination(sender, target, open_client, (account.host,), (sender.account.password,))
        if account.makes_documents(own_site.base):
            documents = DocumentSender(account, key, own_site)
            secrets = (documents.account.password,)
            yield _destination(documents, f"{target} document", open_client, (account.host,), secrets)


def _destination(
    sender: Sender, target: str, open_client: OpenClient, own: tuple[str, ...] = (), secrets: tuple[str, ...] = ()
) -> SenderDestination:
    """`own`: the operator's own addresses, which may be in an internal network; `secrets`: texts that no error may
    show."""
    client = open_client(own, secrets)
    return SenderDestination(sender, client.http, close=client.close, target=target)
