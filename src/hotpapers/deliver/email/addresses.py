"""Mail addresses: validation, normalization and redaction."""

from __future__ import annotations

import re

from hotpapers.errors import UsageError
from hotpapers.settings.mail import MAIL_ADDRESS

LONGEST_REASON = 200
"""Characters kept of a relay's reply."""


def is_address(text: str) -> bool:
    """Whether the whole text is a mail address."""
    return MAIL_ADDRESS.fullmatch(text) is not None


def normalized(text: str) -> str:
    """The address as stored, with its domain in lowercase: case is not significant there. Raises UsageError."""
    address = text.strip()
    if not is_address(address):
        raise UsageError(f"{address[:80]!r} is not a mail address; write it like somebody@example.org")
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def domain_of(address: str) -> str:
    """`somebody@example.org` → `example.org`."""
    return address.rpartition("@")[2]


def without_address(text: str, address: str) -> str:
    """A relay's reply on one line, with the address removed, cut to LONGEST_REASON characters."""
    text = re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
    local = address.rpartition("@")[0]
    text = re.sub(rf"(?<![\w.+-]){re.escape(local)}(?![\w.+-])", "…", text, flags=re.IGNORECASE)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
