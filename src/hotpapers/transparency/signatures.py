"""Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204). The only file that imports `cryptography`, when a key is used."""

from __future__ import annotations

import os
from typing import Any

from hotpapers.errors import UsageError

SEED = 32
"""Bytes of a private key, for both algorithms."""
ED25519_KEY, ED25519_SIGNATURE = 32, 64
MLDSA44_KEY, MLDSA44_SIGNATURE = 1312, 2420


def new_seed() -> bytes:
    """A fresh private key."""
    return os.urandom(SEED)


def has_library() -> bool:
    """Whether the library for signatures is installed."""
    try:
        _ed25519()
    except UsageError:
        return False
    return True


def ed25519_public(seed: bytes) -> bytes:
    """The public key, 32 bytes. Raises UsageError if the library is missing, like all functions here."""
    public: bytes = _ed25519().Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return public


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """A signature, 64 bytes."""
    signature: bytes = _ed25519().Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    return signature


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is by the key."""
    return _verifies(_ed25519().Ed25519PublicKey.from_public_bytes, public, signature, message)


def mldsa44_public(seed: bytes) -> bytes:
    """The public key, 1,312 bytes."""
    public: bytes = _mldsa().MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    return public


def mldsa44_sign(seed: bytes, message: bytes) -> bytes:
    """A signature, 2,420 bytes."""
    signature: bytes = _mldsa().MLDSA44PrivateKey.from_seed_bytes(seed).sign(message)
    return signature


def mldsa44_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is by the key."""
    return _verifies(_mldsa().MLDSA44PublicKey.from_public_bytes, public, signature, message)


def _verifies(load: Any, public: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        load(public).verify(signature, message)
    except (InvalidSignature, ValueError):  # ValueError: not a point on the curve
        return False
    return True


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as missing:
        raise UsageError(_MISSING) from missing
    return ed25519


def _mldsa() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError as missing:
        raise UsageError(_MISSING) from missing
    return mldsa


_MISSING = "signatures need the library cryptography: pip install 'hotpapers[transparency]'"
