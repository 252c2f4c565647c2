"""Issues become documents in an account on a real AT Protocol network: written once, and replaced by corrections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.publish.deliver.send import SenderDestination, send_issue
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import DOCUMENT, PUBLICATION, document_uri, publication_uri
from hotpapers.record import Record
from hotpapers.wings.announce.bluesky import DocumentSender
from tests.atproto.network import Network, Person, call
from tests.deliveries import receipts
from tests.publish.render.sample import OWN_READER

DAY = "2021-01-14"


@pytest.fixture
def http(network: Network) -> Iterator[PoliteHttpClient]:
    with PoliteHttpClient("hotpapers", base_addresses=[network.pds], pace={"127.0.0.1": 0.0}) as client:
        yield client


def records(person: Person, collection: str) -> list[dict[str, Any]]:
    query = f"repo={person.did}&collection={collection}"
    return list(call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?{query}")["records"])


def test_an_issue_is_a_document_of_its_account(network: Network, http: PoliteHttpClient, tmp_path: Path) -> None:
    person = network.person()
    password = person.ask("com.atproto.server.createAppPassword", name="papers")["password"]
    settings = BlueskyAccount(publication="daily", account=person.did, password=password, host=network.pds)
    sender = DocumentSender(settings, "bluesky 1", SiteConfig("", "https://papers.example/daily/"))
    with Record(f"sqlite:///{tmp_path / 'hotpapers.db'}") as record:
        assert send_issue(record, SenderDestination(sender, http), OWN_READER, "daily", DAY).sent == 1
        assert receipts(record, "bluesky")[f"{person.did} document"] == document_uri(person.did, "daily", DAY)
    [document], [publication] = records(person, DOCUMENT), records(person, PUBLICATION)
    assert document["uri"] == document_uri(person.did, "daily", DAY) and document["value"]["path"] == f"/{DAY}/"
    assert document["value"]["site"] == publication["uri"] == publication_uri(person.did, "daily")
    [message] = sender.messages(OWN_READER, "daily", DAY)
    sender.send(message, http)
    assert records(person, DOCUMENT) == [document]
