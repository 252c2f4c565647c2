"""Which senders the settings create: one per destination, each with what its client needs."""

from __future__ import annotations

import pytest

from hotpapers.base.errors import SettingsError
from hotpapers.base.settings import PublishSettings, Settings, default_settings, settings_type
from hotpapers.base.settings.announce import BlueskyAccount, ChatSettings, WebhookSettings
from hotpapers.base.wings import SendingChannel, load_object
from hotpapers.jobs.connection import Connection
from hotpapers.record import Record
from hotpapers.site.sending import client_opener
from hotpapers.site.site import Site
from hotpapers.wings.announce.wing import WING

DID = "did:plc:aaaabbbbccccddddeeee2345"
SECRET = "sixteen owls sit in a tree"
SETTINGS = settings_type()(
    publish=PublishSettings(base="https://papers.example/"),
    chat=(
        ChatSettings(name="one", publication="daily", url="json://127.0.0.1/"),
        ChatSettings(name="two", publication="weekly", url="env:SECOND_ROOM"),
    ),
    webhook=(WebhookSettings(name="library", publication="daily", url="http://127.0.0.1:9/x", secret=SECRET),),
    bluesky=(
        BlueskyAccount(publication="daily", account=DID, password="hush"),
        BlueskyAccount(publication="daily", account="did:plc:other", thread=False, feed="https://papers.example"),
    ),
)

CHANNELS = [hook for hook in WING.hooks if isinstance(hook, SendingChannel)]


def test_there_is_one_for_each_destination(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_ROOM", "json://127.0.0.2/")
    site, opened = Site(settings=SETTINGS), list[tuple[tuple[str, ...], tuple[str, ...]]]()
    open_real = client_opener(site)

    def open_client(own: tuple[str, ...], secrets: tuple[str, ...]) -> Connection:
        opened.append((own, secrets))
        return open_real(own, secrets)

    with Record(sqlite_url) as record:
        destinations = [
            destination
            for channel in CHANNELS
            for destination in load_object(channel.destinations)(record, site, open_client)
        ]
    for destination in destinations:
        destination.close()
    assert [
        (destination.sender.name, destination.target, *of_client)
        for destination, of_client in zip(destinations, opened, strict=True)
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
        site = Site(settings=SETTINGS)
        list(load_object(CHANNELS[0].destinations)(record, site, client_opener(site)))


@pytest.mark.parametrize(
    ("settings", "is_any"),
    [
        (default_settings(), False), (SETTINGS, True), (Settings(chat=SETTINGS.chat), True),
        (Settings(webhook=SETTINGS.webhook), True), (Settings(bluesky=SETTINGS.bluesky[:1]), True),
        (Settings(bluesky=SETTINGS.bluesky[1:]), False),
    ],
)  # fmt: skip
def test_whether_anything_is_sent(settings: Settings, is_any: bool) -> None:
    assert any(channel.is_configured(settings) for channel in CHANNELS) is is_any
