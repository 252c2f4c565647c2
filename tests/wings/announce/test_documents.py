"""Issues as documents in an account: whole records, retried until stored, and claimed by the site."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import IssueReader
from hotpapers.base.settings import PublishSettings, settings_type
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.publish.deliver.send import SenderDestination, SendResult, send_issue
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.view.site_paths import DOCUMENT, WELL_KNOWN, document_key, document_uri, publication_uri
from hotpapers.record import Record
from hotpapers.site.sending import client_opener
from hotpapers.site.site import Site
from hotpapers.wings.announce import destinations
from hotpapers.wings.announce.bluesky import DocumentSender, IssueDocument, issue_document
from tests.base.http.server import answer, client
from tests.deliveries import receipts
from tests.publish.render.build import OWN, issue, listing_entry, paper
from tests.publish.render.sample import LISTED_READER, OWN_READER
from tests.wings.announce.pds import DID, PASSWORD, Pds, running_pds
from tests.wings.announce.samples import DAY, FULL, FULL_READER, HOSTILE_READER, SITE_CONFIG, matches


@pytest.fixture
def pds() -> Iterator[Pds]:
    with running_pds() as running_server:
        yield running_server


def sender(host: str = "https://pds.example", publication: str = "daily") -> DocumentSender:
    settings = BlueskyAccount(publication=publication, account=DID, password=PASSWORD, host=host)
    return DocumentSender(settings, "bluesky 1", SITE_CONFIG)


def document(reader: IssueReader, publication: str, day: str) -> IssueDocument:
    [message] = sender(publication=publication).messages(reader, publication, day)
    assert isinstance(message.payload, IssueDocument)
    return message.payload


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("daily", document(OWN_READER, "daily", DAY)),
        ("empty", document(OWN_READER, "daily", "2021-01-13")),
        ("corrected", document(LISTED_READER, "hot-papers", DAY)),
    ],
)
def test_documents_are_as_expected(name: str, content: IssueDocument) -> None:
    records = [content.publication.content, content.document.content]
    matches(f"document-{name}.json", json.dumps(records, indent=1, ensure_ascii=False))


@pytest.mark.parametrize(("reader", "day"), [(FULL_READER, FULL), (HOSTILE_READER, HOSTILE_READER.days("daily")[0])])
def test_fields_keep_to_the_lexicon(reader: IssueReader, day: str) -> None:
    record = document(reader, "daily", day).document.content
    assert len(record["title"]) <= 128 and len(record["description"]) <= 300
    assert record["path"] == f"/{day}/" and record["site"] == publication_uri(DID, "daily")
    posts = reader.issue("daily", day).posts.values()
    quoted_texts = [quotation.post.text for group in posts for quotation in group if len(quotation.post.text) > 20]
    assert not any(text in record["textContent"] for text in quoted_texts)


def test_a_long_issue_fits_into_a_request() -> None:
    """Servers refuse JSON above 150 kB."""
    entries = [
        listing_entry(n, paper(f"2101.{n:05}", r"Kettles \& “Steam” " * 12), 90, 70, n, 1000) for n in range(1, 1001)
    ]
    long_document = issue_document(issue(OWN, DAY, entries), 0, DID, SITE_CONFIG)
    size = len(json.dumps(long_document.document.content, ensure_ascii=False).encode())
    text = str(long_document).splitlines()
    assert 100_000 < size < 150_000
    assert text[-1] == f"{1000 - len(text) + 1} more papers did not fit." and text[-2].startswith(f"{len(text) - 1}. ")


@given(st.dates(), st.dates())
def test_days_have_keys_of_their_own(a: object, b: object) -> None:
    assert (document_key("daily", f"{a}") == document_key("daily", f"{b}")) == (a == b)
    assert len(document_key("daily", f"{a}")) == 13


def send(record: Record, document_sender: DocumentSender, http: PoliteHttpClient) -> SendResult:
    return send_issue(record, SenderDestination(document_sender, http), OWN_READER, "daily", DAY)


def test_both_records_are_put_once(pds: Pds, sqlite_url: str) -> None:
    with Record(sqlite_url) as record, client(pds.server, secrets=[PASSWORD]) as http:
        document_sender = sender(pds.host)
        pds.script("repo.putRecord", answer(500, b"{}"), pds.usual_reply("repo.putRecord"))
        assert not send(record, document_sender, http).sent and send(record, document_sender, http).sent == 1
        content = document(OWN_READER, "daily", DAY)
        assert list(pds.records.values()) == [content.publication.content, content.document.content]
        uri = document_uri(DID, "daily", DAY)
        assert receipts(record, "bluesky") == {f"{DID} document": uri} and DOCUMENT in uri
        assert send(record, document_sender, http)[:3] == (0, 0, ()) and len(pds.records) == 2


def test_documents_need_a_public_address(sqlite_url: str) -> None:
    accounts = (BlueskyAccount(publication="daily", account=DID, password=PASSWORD, thread=False),)
    site = Site(settings=settings_type()(bluesky=accounts))
    public_site = Site(settings=settings_type()(bluesky=accounts, publish=PublishSettings(base=SITE_CONFIG.base)))
    with Record(sqlite_url) as record:
        assert list(destinations.bluesky_accounts(record, site, client_opener(site))) == []
        [destination] = destinations.bluesky_accounts(record, public_site, client_opener(public_site))
        destination.close()
    assert isinstance(destination.sender, DocumentSender) and destination.target == f"daily {DID} document"


def test_the_site_claims_its_records() -> None:
    pages = SitePages(OWN_READER, "daily", SITE_CONFIG._replace(documents=(("daily", DID),)))
    tag = f'<link rel="site.standard.document" href="{document_uri(DID, "daily", DAY)}">'
    assert tag in (pages.page(f"{DAY}/index.html") or b"").decode()
    assert pages.page(WELL_KNOWN) == publication_uri(DID, "daily").encode() and WELL_KNOWN in set(pages.paths())
    pages_without = SitePages(OWN_READER, "daily", SITE_CONFIG)
    assert "site.standard" not in (pages_without.page(f"{DAY}/index.html") or b"").decode()
    assert pages_without.page(WELL_KNOWN) is None
