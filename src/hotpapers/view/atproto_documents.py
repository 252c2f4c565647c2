"""Where a publication and its issues stand as documents on the AT Protocol (https://standard.site), and their keys.

Keys rest on names alone, so that a site can name its records before they are made, and a corrected issue replaces its
own record.
"""

import hashlib

from hotpapers.ids import timestamps
from hotpapers.ids.timestamps import tid

DOCUMENT, PUBLICATION = "site.standard.document", "site.standard.publication"
WELL_KNOWN = f".well-known/{PUBLICATION}"
"""The file by which a site at the root of its host owns to its publication's record."""


def publication_key(publication: str) -> str:
    """The record key of a publication."""
    digest = hashlib.sha256(publication.encode()).digest()
    return tid(int.from_bytes(digest[:6], "big"), int.from_bytes(digest[6:8], "big"))


def document_key(publication: str, day: str) -> str:
    """The record key of an issue: the same for all of its editions."""
    digest = hashlib.sha256(f"{publication} {day}".encode()).digest()
    return tid(timestamps.midnight(day), int.from_bytes(digest[:2], "big"))


def publication_uri(account: str, publication: str) -> str:
    """The address of a publication's record in an account (its DID)."""
    return f"at://{account}/{PUBLICATION}/{publication_key(publication)}"


def document_uri(account: str, publication: str, day: str) -> str:
    """The address of an issue's record in an account (its DID)."""
    return f"at://{account}/{DOCUMENT}/{document_key(publication, day)}"
