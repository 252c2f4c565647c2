"""Mail addresses: validation, normalization and redaction."""

from __future__ import annotations

import re

from hotpapers.base.errors import UsageError
from hotpapers.base.model import printable_line
from hotpapers.base.text.domains import ascii_address, is_mail_address

MAX_ADDRESS_CHARS = 254
MAX_REASON_CHARS = 200
"""Characters kept of a relay's reply."""


def normalize_address(text: str) -> str:
    """The address as stored, with its domain as in DNS and in lowercase: case is not significant there. Raises
    UsageError."""
    address = text.strip()
    if not is_mail_address(address):
        only = "" if address.rpartition("@")[0].isascii() else ", with only ASCII characters before the @"
        raise UsageError(f"{address[:80]!r} is not a mail address; write it like somebody@example.org{only}")
    local, _, domain = ascii_address(address).rpartition("@")
    return f"{local}@{domain.lower()}"


def recognize_address(text: str) -> str:
    """A mail address as stored; empty for another text."""
    return normalize_address(text) if is_mail_address(text) else ""


def domain_of(address: str) -> str:
    """`somebody@example.org` → `example.org`."""
    return address.rpartition("@")[2]


def without_address(text: str, address: str) -> str:
    """A relay's reply on one line, with the address removed, cut to MAX_REASON_CHARS characters."""
    text = re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
    local = address.rpartition("@")[0]
    escaped = re.escape(local)
    text = re.sub(rf"(?<![\w.+-]){escaped}(?![\w.+-])", "…", text, flags=re.IGNORECASE)
    line = printable_line(text)
    if len(line) <= MAX_REASON_CHARS:
        return line
    return line[: MAX_REASON_CHARS - 1] + "…"
