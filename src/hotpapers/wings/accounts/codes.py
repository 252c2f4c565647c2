"""The code that proves an account: only its owner can write the code into its profile. Nothing is stored for it.

    proof    <seconds>-<nonce>-<signature>    kept in the requester's open page
    code     hotpapers-abcdefghijkl           what they write into their profile

Both are HMAC-SHA-256 (RFC 2104), keyed with the store's secret, over account, time and nonce. A profile is public, so
others can read the code, but it is useless without the matching proof.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import NamedTuple

LASTS = 24 * 3600
"""Seconds for which a code is valid."""
NONCE = 24
"""Hexadecimal digits of a nonce."""
_PROOF = re.compile(rf"([0-9a-f]{{1,10}})-([0-9a-f]{{{NONCE}}})-[0-9a-f]{{24}}")


class ProofChallenge(NamedTuple):
    """A request for a code: the account's key, when it was made (s since 1970), and a number used once."""

    account: str
    moment: int
    nonce: str


def encode_challenge(secret: bytes, proof: ProofChallenge) -> str:
    """The proof as written into a page."""
    digest = _digest(secret, "proof", proof).hex()
    return f"{proof.moment:x}-{proof.nonce}-{digest[:24]}"


def decode_challenge(secret: bytes, text: str, account: str, at: int) -> ProofChallenge | None:
    """The challenge that this store signed for an account, while valid; None for any other text. `at`: s since 1970."""
    match = _PROOF.fullmatch(text)
    if match is None:
        return None
    proof = ProofChallenge(account, int(match[1], 16), match[2])
    is_signed = hmac.compare_digest(encode_challenge(secret, proof), text)
    return proof if is_signed and 0 <= at - proof.moment < LASTS else None


def profile_code(secret: bytes, proof: ProofChallenge) -> str:
    """The code for the profile: 60 bits, in letters and digits that are hard to confuse."""
    encoded = base64.b32encode(_digest(secret, "code", proof))
    return "hotpapers-" + encoded.decode().lower()[:12]


def appears_in(code: str, description: str) -> bool:
    """Whether a profile's text contains a code as a word of its own."""
    escaped_code = re.escape(code)
    return re.search(rf"(?<![a-z0-9-]){escaped_code}(?![a-z0-9-])", description, re.IGNORECASE) is not None


def _digest(secret: bytes, purpose: str, proof: ProofChallenge) -> bytes:
    text = f"account {purpose} {proof.moment} {proof.nonce} {proof.account}"
    return hmac.digest(secret, text.encode("utf-8", "replace"), "sha256")
