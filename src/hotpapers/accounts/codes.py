"""The code that proves an account: whoever can write it into the profile has the account. Nothing is stored for it.

    proof    <seconds>-<nonce>-<signature>    stays with who asked, in the page that they keep open
    code     hotpapers-abcdefghijkl           what they write into their profile

Both are HMAC-SHA-256 (RFC 2104) by the store's secret over account, moment and nonce. A profile is public, so others
can read the code; without the proof that belongs to it, it is of no use to them.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import NamedTuple

LASTS = 24 * 3600
"""Seconds for which a code is good."""
NONCE = 24
"""Hexadecimal digits of a nonce."""
_PROOF = re.compile(rf"([0-9a-f]{{1,10}})-([0-9a-f]{{{NONCE}}})-([0-9a-f]{{24}})")


class ProofChallenge(NamedTuple):
    """What was asked for: the account's key, when, in s since 1970, and a number that is used once."""

    account: str
    moment: int
    nonce: str


def encode(secret: bytes, proof: ProofChallenge) -> str:
    """The proof as it stands in a page."""
    return f"{proof.moment:x}-{proof.nonce}-{_digest(secret, 'proof', proof).hex()[:24]}"


def decode(secret: bytes, text: str, account: str, at: int) -> ProofChallenge | None:
    """What this store has signed for an account, while it is good; None for any other text. `at`: s since 1970."""
    match = _PROOF.fullmatch(text)
    if match is None:
        return None
    proof = ProofChallenge(account, int(match[1], 16), match[2])
    signed = hmac.compare_digest(_digest(secret, "proof", proof).hex()[:24], match[3])
    return proof if signed and 0 <= at - proof.moment < LASTS else None


def code(secret: bytes, proof: ProofChallenge) -> str:
    """What is to stand in the profile: 60 bits, in letters and digits that are told apart easily."""
    return "hotpapers-" + base64.b32encode(_digest(secret, "code", proof)).decode().lower()[:12]


def appears_in(code: str, description: str) -> bool:
    """Whether a code stands in a profile's text, as a word of its own."""
    return re.search(rf"(?<![a-z0-9-]){re.escape(code)}(?![a-z0-9-])", description, re.IGNORECASE) is not None


def _digest(secret: bytes, purpose: str, proof: ProofChallenge) -> bytes:
    text = f"account {purpose} {proof.moment} {proof.nonce} {proof.account}"
    return hmac.digest(secret, text.encode("utf-8", "replace"), "sha256")
