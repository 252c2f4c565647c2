"""A custom feed on Bluesky: how it is named and described (`app.bsky.feed.generator`), and by which service. Pure.

The record with its name stands in the publication's own account; whoever follows the feed has it asked of the service,
which names itself by its address (did:web) and is `web/feed_generator.py`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hotpapers.ids import timestamps
from hotpapers.model import Publication
from hotpapers.view import clean_text, phrases

COLLECTION = "app.bsky.feed.generator"
LONGEST_NAME, LONGEST_DESCRIPTION = 24, 300
"""Code points, which are at most as many graphemes."""


def feed_uri(account: str, publication: str) -> str:
    """The address of a publication's feed."""
    return f"at://{account}/{COLLECTION}/{publication}"


def service_did(service: str) -> str:
    """`https://papers.example` → `did:web:papers.example`; a port stands behind `%3A`."""
    return f"did:web:{quote(service.partition('://')[2], safe='.-')}"


def service_document(service: str) -> dict[str, Any]:
    """What stands at /.well-known/did.json."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": service_did(service),
        "service": [{"id": "#bsky_fg", "type": "BskyFeedGenerator", "serviceEndpoint": service}],
    }


def feed_record(publication: Publication, service: str, site: str, at: int) -> dict[str, Any]:
    """The record that puts a feed on the network. `site`: where the issues are, if anywhere; `at`: µs UTC."""
    text = "The posts that each issue shows, by the rank of their papers: how rare their attention is."
    return {
        "$type": COLLECTION, "did": service_did(service), "createdAt": timestamps.rfc3339(at),
        "displayName": phrases.cut(clean_text.one_line(publication.title), LONGEST_NAME),
        "description": phrases.cut(f"{text} {site}".strip(), LONGEST_DESCRIPTION),
    }  # fmt: skip
