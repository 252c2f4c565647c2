"""Mail addresses: what is one, and what of it may be told."""

from __future__ import annotations

import re

from hotpapers.errors import UsageError
from hotpapers.settings.mail import MAIL_ADDRESS

LONGEST_REASON = 200
"""Signs of a relay's words that are kept."""


def is_address(text: str) -> bool:
    """Whether a text is a mail address and nothing else."""
    return MAIL_ADDRESS.fullmatch(text) is not None


def normalized(text: str) -> str:
    """The address as it is kept: the domain in small letters, which does not tell them apart. Raises UsageError."""
    address = text.strip()
    if not is_address(address):
        raise UsageError(f"{address[:80]!r} is no mail address; write it as somebody@example.org")
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def domain_of(address: str) -> str:
    """`somebody@example.org` → `example.org`."""
    return address.rpartition("@")[2]


def without_address(text: str, address: str) -> str:
    """A relay's words on one line, without the address that they may name, at most LONGEST_REASON signs."""
    text = re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
    local = address.rpartition("@")[0]
    text = re.sub(rf"(?<![\w.+-]){re.escape(local)}(?![\w.+-])", "…", text, flags=re.IGNORECASE)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
