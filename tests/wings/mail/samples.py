"""Shared by the mail tests: a configuration, a store with an issue and readers, and relays that resolve to loopback."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import msgspec

from hotpapers.base.model import HOUR
from hotpapers.publish.deliver import delivery_states
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.mail import subscribers, tokens
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.settings import MailConfig, MailingSettings, Secret, preview_config
from hotpapers.wings.mail.smtp import SmtpClient
from tests.issues.made import DAILY, DAY, background, frozen, moment, paper, posts_about, write

SITE_CONFIG = SiteConfig("https://library.example/", "https://papers.example/daily/")
BEFORE = moment(DAY)
"""A moment before the issue of DAY is frozen."""
FROZEN = moment(DAY) + 48 * HOUR
SECRET = bytes(range(32))
MARK = "ab" * 16


def mail_config(port: int = 0, **changes: Any) -> MailConfig:
    """A configuration whose relay is on loopback."""
    config = preview_config(
        MailingSettings(relay="127.0.0.1", address="papers@owls.example", base="https://app.owls.example/", pace=60_000)
    )
    password = Secret(changes.pop("password", ""))
    return msgspec.structs.replace(config, **{"port": port, "password": password, **changes})


def reader(name: str = "reader", domain: str = "moth.example") -> Subscriber:
    return Subscriber(MARK, "daily", f"{name}@{domain}", "confirmed", BEFORE, False)


def join(record: Record, address: str, at: int = BEFORE, *, skip_empty: bool = False) -> str:
    """Subscribes an address and confirms it; returns its mark."""
    subscriber = subscribers.ask(record, "daily", address, at, skip_empty=skip_empty)
    assert subscriber is not None
    token = tokens.MailToken("confirm", subscriber.mark, subscriber.since // 1_000_000)
    subscribers.confirm(record, token, at)
    return subscriber.mark


def fill(record: Record, *addresses: str) -> list[str]:
    """Fills a store with one frozen issue and readers who confirmed before it; returns their marks."""
    write(record, [DAILY], background(), paper(1), posts_about(1, 60, moment(f"{DAY}T02:00")))
    frozen(record)
    return [join(record, address) for address in addresses]


def relay_at(
    config: MailConfig, context: ssl.SSLContext | None = None, dial: Callable[..., socket.socket] | None = None
) -> SmtpClient:
    """A client for a relay of any name, connected to loopback."""

    def on_loopback(address: tuple[str, int], timeout: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", address[1]), timeout)

    return SmtpClient(config, context, dial or on_loopback)


def mark_sent(record: Record, key: DeliveryKey, receipt: str, at: int) -> None:
    delivery_states.settle_delivery(record, key, DeliveryState("sent", receipt, at))


def mark_failed(record: Record, key: DeliveryKey, reason: str, at: int) -> None:
    delivery_states.settle_delivery(record, key, DeliveryState("failed", reason, at))
