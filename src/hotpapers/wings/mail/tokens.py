"""Signed tokens: anyone with a token can confirm a subscription, or end it; and the signed Message-IDs of issues.

    c<mark>-<seconds>-<signature>                   confirms the request of that moment (s since 1970, hexadecimal)
                                                    for `subscribers.CONFIRM_WITHIN`
    u<mark>-0-<signature>                           unsubscribes; never expires
    <2021-01-14.<edition>.<mark>.<signature>@…>     the message of a day for a reader: shows that a report is about it

The signature is the first 96 bits of an HMAC-SHA-256 (RFC 2104), with the store's secret, of the word
`mail`, the purpose, and the values that precede the signature, between spaces.
"""

from __future__ import annotations

import hmac
import re
from typing import Literal, NamedTuple

Purpose = Literal["confirm", "unsubscribe"]

_PURPOSES: dict[str, Purpose] = {"c": "confirm", "u": "unsubscribe"}
TOKEN = re.compile(r"(?<![0-9A-Za-z])([cu])([0-9a-f]{32})-([0-9a-f]{1,10})-[0-9a-f]{24}(?![0-9A-Za-z])")
"""Finds a token, also within a text."""
_MESSAGE_ID = re.compile(rb"<(\d{4}-\d\d-\d\d)\.(\d{1,4})\.([0-9a-f]{32})\.[0-9a-f]{24}@([A-Za-z0-9.-]{1,255})>")


class MailToken(NamedTuple):
    """A token's content. `moment`: s since 1970, or 0 if it has none."""

    purpose: Purpose
    mark: str
    moment: int = 0


class SentMessage(NamedTuple):
    """The contents of a Message-ID: a day's issue, its edition, and the reader's mark."""

    day: str
    edition: int
    mark: str


def message_id(secret: bytes, message: SentMessage, domain: str) -> str:
    """The Message-ID of an issue's message for one reader."""
    day, edition, mark = message
    signature = sign_text(secret, f"mail message {day} {edition} {mark}")
    return f"<{day}.{edition}.{mark}.{signature}@{domain}>"


def sent_message(secret: bytes, text: bytes) -> SentMessage | None:
    """The first message in a text that this store has sent, by its Message-ID; None if there is none."""
    for match in _MESSAGE_ID.finditer(text):
        day, edition, mark, domain = (group.decode() for group in match.groups())
        message = SentMessage(day, int(edition), mark)
        if hmac.compare_digest(message_id(secret, message, domain).encode(), match[0]):
            return message
    return None


def encode_token(secret: bytes, token: MailToken) -> str:
    """The token as written in a link."""
    content = f"mail {token.purpose} {token.mark} {token.moment}"
    signature = sign_text(secret, content)
    initial = token.purpose[0]
    return f"{initial}{token.mark}-{token.moment:x}-{signature}"


def decode_token(secret: bytes, text: str) -> MailToken | None:
    """The content of a token that this store signed; None for any other text."""
    match = TOKEN.fullmatch(text)
    if match is None:
        return None
    purpose = _PURPOSES[match[1]]
    token = MailToken(purpose, match[2], int(match[3], 16))
    return token if hmac.compare_digest(encode_token(secret, token), text) else None


def sign_text(secret: bytes, text: str) -> str:
    """The signature of a text: 96 bits in hexadecimal."""
    return hmac.digest(secret, text.encode(), "sha256").hex()[:24]
