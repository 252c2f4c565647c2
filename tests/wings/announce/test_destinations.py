"""Which senders the settings create: one per destination, each with what its client needs."""

from __future__ import annotations

import pytest

from hotpapers.base.errors import SettingsError
from hotpapers.base.settings import Settings, defaults
from hotpapers.base.settings.announce import BlueskyAccount, ChatSettings, WebhookSettings
from hotpapers.record import Record
from hotpapers.wings.announce import destinations
from tests.wings.announce.samples import SITE_CONFIG

DID = "did:plc:aaaabbbbccccddddeeee2345"
SECRET = "sixteen owls sit in a tree"
SETTINGS = Settings(
    chat=(
        ChatSettings(name="one", publication="daily", url="json://127.0.0.1/"),
        ChatSettings(name="two", publication="weekly", url="env:SECOND_ROOM"),
    ),
    webhook=(WebhookSettings(name="library", publication="daily", url="http://127.0.0.1:9/x", secret=SECRET),),
    bluesky=(
        BlueskyAccount(publication="daily", account=DID, password="hush"),
        BlueskyAccount(publication="daily", account="did:plc:other", thread=False),
    ),
)


def test_there_is_one_for_each_destination(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_ROOM", "json://127.0.0.2/")
    with Record(sqlite_url) as record:
        rooms = list(destinations.chat_rooms(SETTINGS, SITE_CONFIG, record))
        receivers = list(destinations.webhooks(SETTINGS, SITE_CONFIG, record))
        accounts = list(destinations.bluesky_accounts(SETTINGS, SITE_CONFIG, record))
    assert [
        (destination.sender.name, destination.target, destination.own, destination.secrets)
        for destination in (*rooms, *receivers, *accounts)
    ] == [
        ("chat", "one", (), ()),
        ("chat", "two", (), ()),
        ("webhook", "library", ("http://127.0.0.1:9/x",), ("http://127.0.0.1:9/x", SECRET)),
        ("bluesky", f"daily {DID}", ("https://bsky.social",), ("hush",)),
        ("bluesky", f"daily {DID} document", ("https://bsky.social",), ("hush",)),
    ]


def test_an_unusable_destination_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECOND_ROOM", raising=False)
    with Record(sqlite_url) as record, pytest.raises(SettingsError, match=r"chat 2: url: the environment variable"):
        list(destinations.chat_rooms(SETTINGS, SITE_CONFIG, record))


@pytest.mark.parametrize(
    ("settings", "is_any"),
    [
        (defaults(), False), (SETTINGS, True), (Settings(chat=SETTINGS.chat), True),
        (Settings(webhook=SETTINGS.webhook), True), (Settings(bluesky=SETTINGS.bluesky[:1]), True),
        (Settings(bluesky=SETTINGS.bluesky[1:]), False),
    ],
)  # fmt: skip
def test_whether_anything_is_sent(settings: Settings, is_any: bool) -> None:
    assert destinations.is_any(settings) is is_any
