"""Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204). The only file that imports `cryptography`, when a key is used."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hotpapers.base.errors import UsageError

SEED = 32
"""Bytes of a private key."""
MAX_REMEMBERED_BYTES = 1 << 10
"""Bytes of a message: a checkpoint's text has 100 to 300."""


def has_library() -> bool:
    """Whether the library for signatures is installed."""
    try:
        _library()
    except UsageError:
        return False
    return True


def public_key(seed: bytes) -> bytes:
    """The public key of Ed25519. Raises UsageError if the library is missing, like all functions here."""
    public: bytes = _private_key(seed).public_key().public_bytes_raw()
    return public


def sign(seed: bytes, message: bytes) -> bytes:
    """An Ed25519 signature."""
    signature: bytes = _private_key(seed).sign(message)
    return signature


def is_signed_by(public: bytes, signature: bytes, message: bytes, *, mldsa44: bool = False) -> bool:
    """Whether a signature is by the key. Valid ones are remembered, as the same checkpoints are checked in each round;
    invalid and long ones are not, as others' files may have any number of them."""
    _library()
    from cryptography.exceptions import InvalidSignature

    check = _check_remembered if len(message) <= MAX_REMEMBERED_BYTES else _check
    try:
        check(public, signature, message, mldsa44)
    except (InvalidSignature, ValueError):  # ValueError: not a point on the curve
        return False
    return True


def _check(public: bytes, signature: bytes, message: bytes, mldsa44: bool) -> None:
    """Raises InvalidSignature or ValueError unless a signature is by the key."""
    library = _library()
    load = library.mldsa.MLDSA44PublicKey if mldsa44 else library.ed25519.Ed25519PublicKey
    load.from_public_bytes(public).verify(signature, message)


_check_remembered = lru_cache(maxsize=1 << 12)(_check)


def _private_key(seed: bytes) -> Any:
    return _library().ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives import asymmetric
        from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: F401  now parts of `asymmetric`
    except ImportError as missing:
        raise UsageError("signatures need the library cryptography: pip install 'hotpapers[transparency]'") from missing
    return asymmetric
