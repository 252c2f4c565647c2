"""The export as clients of the API see it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hotpapers.base import network_terms
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.discussion.moderation.quotation_policy import Blocklist
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record import Record
from hotpapers.serve.app import SiteApp
from tests.publish.query import query_stores
from tests.serve.asgi import get
from tests.serve.conftest import ApiFactory

EXPORT = "/api/v1/export"


@pytest.mark.long
def test_the_export_can_be_taken_in(app: SiteApp, tmp_path: Path) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        response = get(app, EXPORT, headers=headers)
        assert response.headers["content-type"] == "application/x-ndjson" and "content-length" not in response.headers
        with Record(f"{tmp_path}/mirror{len(headers)}.db") as mirror:
            assert import_lines(mirror, "export.jsonl", response.plain.splitlines(keepends=True)).added > 3_000


def test_the_export_as_a_table_and_as_references(app: SiteApp) -> None:
    table = get(app, "/api/v1/export?format=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8" and table.body.startswith(b"publication,day,")
    compressed = get(app, "/api/v1/export?format=bibtex", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(compressed.body).startswith(b"@misc{")


def test_what_is_known_is_not_sent_again(app: SiteApp) -> None:
    tag = get(app, EXPORT).headers["etag"]
    for header in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        response = get(app, EXPORT, headers={"If-None-Match": header})
        assert (response.status, response.headers["etag"], response.body) == (304, tag, b"")
    assert get(app, EXPORT, headers={"If-None-Match": '"other"'}).status == 200


def test_an_export_by_other_terms_is_sent_again(make_api: ApiFactory, sample_store: Path) -> None:
    other_terms = network_terms.reviewed_terms({"mastodon": network_terms.TermsOverride(shown="link")})
    tags = [
        get(make_api(sample_store, terms=table), EXPORT).headers["etag"] for table in (network_terms.TERMS, other_terms)
    ]
    response = get(make_api(sample_store, terms=other_terms), EXPORT, headers={"If-None-Match": tags[0]})
    assert response.status == 200 and response.headers["etag"] == tags[1] != tags[0]


def test_what_the_operator_blocks_is_not_exported_from_then_on(make_api: ApiFactory, sqlite_url: str) -> None:
    """Even while nothing is written to the record."""
    with Record(sqlite_url) as record:
        query_stores.add_talk(record)
        app = make_api(sqlite_url)
        response = get(app, EXPORT)
        quotation_policy.save_blocklist(record.database, Blocklist(words=("once more", "tea cups")))
        assert b"Once more" in response.body
        fresh = get(app, EXPORT, headers={"If-None-Match": response.headers["etag"]})
        assert fresh.status == 200 and b"Once more" not in fresh.body


def test_a_head_has_the_same_headers_and_no_body(app: SiteApp) -> None:
    full, head = get(app, EXPORT), get(app, EXPORT, "HEAD")
    assert (head.status, head.headers, head.body) == (full.status, full.headers, b"")


def test_an_unknown_format_is_a_problem(app: SiteApp) -> None:
    response = get(app, f"{EXPORT}?format=parquet")
    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")
    assert response.json["detail"] == "format: must be one of bibtex, csv, jsonl"


def test_pages_of_other_sites_may_take_it(app: SiteApp) -> None:
    headers = get(app, EXPORT).headers
    assert headers["access-control-allow-origin"] == "*" and headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-cache"
    assert "set-cookie" not in headers
