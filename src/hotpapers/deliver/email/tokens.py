"""Signed tokens: anyone with a token can confirm a subscription, or end it.

    c<mark>-<seconds>-<signature>    confirms the request made at that moment (s since 1970, hexadecimal)
    u<mark>-0-<signature>            unsubscribes; never expires

The signature is the first 96 bits of an HMAC-SHA-256 (RFC 2104), with the store's secret, of purpose, mark and moment.
"""

from __future__ import annotations

import hmac
import re
from typing import Literal, NamedTuple

Purpose = Literal["confirm", "unsubscribe"]

_LETTERS: dict[Purpose, str] = {"confirm": "c", "unsubscribe": "u"}
_PURPOSES = {letter: purpose for purpose, letter in _LETTERS.items()}
TOKEN = re.compile(r"(?<![0-9A-Za-z])([cu])([0-9a-f]{32})-([0-9a-f]{1,10})-([0-9a-f]{24})(?![0-9A-Za-z])")
"""Finds a token, also within a text."""


class MailToken(NamedTuple):
    """A token's content. `moment`: s since 1970, or 0 if it has none."""

    purpose: Purpose
    mark: str
    moment: int = 0


def encode(secret: bytes, token: MailToken) -> str:
    """The token as written in a link."""
    return f"{_LETTERS[token.purpose]}{token.mark}-{token.moment:x}-{_signature(secret, token)}"


def decode(secret: bytes, text: str) -> MailToken | None:
    """The content of a token that this store signed; None for any other text."""
    match = TOKEN.fullmatch(text)
    if match is None:
        return None
    token = MailToken(_PURPOSES[match[1]], match[2], int(match[3], 16))
    return token if hmac.compare_digest(_signature(secret, token), match[4]) else None


def _signature(secret: bytes, token: MailToken) -> str:
    text = f"mail {token.purpose} {token.mark} {token.moment}"
    return hmac.digest(secret, text.encode(), "sha256").hex()[:24]
