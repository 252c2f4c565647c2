"""A custom feed on Bluesky: its name and description (`app.bsky.feed.generator`) and its service. Pure.

The record is in the publication's own account. Bluesky gets the feed from the service, which is identified by its
address (did:web) and implemented in `feed_generator.py`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hotpapers.base.ids import timestamps
from hotpapers.base.model import Publication
from hotpapers.publish.view import clean_text, phrases

COLLECTION = "app.bsky.feed.generator"
MAX_NAME_CHARS, MAX_DESCRIPTION_CHARS = 24, 300
"""Limits in code points; the protocol counts graphemes, of which there are never more."""


def feed_uri(account: str, publication: str) -> str:
    """The address of a publication's feed."""
    return f"at://{account}/{COLLECTION}/{publication}"


def service_did(service: str) -> str:
    """`https://papers.example` → `did:web:papers.example`; a port follows `%3A`."""
    return f"did:web:{quote(service.partition('://')[2], safe='.-')}"


def service_document(service: str) -> dict[str, Any]:
    """The content of /.well-known/did.json."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": service_did(service),
        "service": [{"id": "#bsky_fg", "type": "BskyFeedGenerator", "serviceEndpoint": service}],
    }


def feed_record(publication: Publication, service: str, site: str, at: int) -> dict[str, Any]:
    """The record that publishes a feed. `site`: the address of the issues, or empty; `at`: µs UTC."""
    text = "The posts that each issue shows, by the rank of their papers: how rare their attention is."
    return {
        "$type": COLLECTION,
        "did": service_did(service),
        "createdAt": timestamps.rfc3339(at),
        "displayName": phrases.cut(clean_text.one_line(publication.title), MAX_NAME_CHARS),
        "description": phrases.cut(f"{text} {site}".strip(), MAX_DESCRIPTION_CHARS),
    }
