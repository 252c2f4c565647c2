"""A second implementation of `hotpapers.wings.proof`, from the specifications alone, sharing no code with it. Slow and
plain: it follows the definitions of RFC 6962, section 2.1, literally."""

from __future__ import annotations

import base64
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def half(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha(b"")
    if len(d) == 1:
        return sha(b"\x00" + d[0])
    k = half(len(d))
    return sha(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = half(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: list[bytes]) -> list[bytes]:
    return subproof(m, d, True)


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = half(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def root_of_path(entry: bytes, m: int, n: int, hashes: list[bytes]) -> bytes:
    """The root that an inclusion path leads to: PATH in reverse."""
    if n == 1:
        assert not hashes
        return sha(b"\x00" + entry)
    k = half(n)
    if m < k:
        return sha(b"\x01" + root_of_path(entry, m, k, hashes[:-1]) + hashes[-1])
    return sha(b"\x01" + hashes[-1] + root_of_path(entry, m - k, n - k, hashes[:-1]))


# ---- keys, notes, cosignatures ---------------------------------------------------------------------------


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha(name.encode() + bytes([10, kind]) + public)[:4]


def vkey(name: str, kind: int, public: bytes) -> str:
    return "+".join([name, key_id(name, kind, public).hex(), base64.b64encode(bytes([kind]) + public).decode()])


def line(name: str, blob: bytes) -> str:
    return "\u2014 " + name + " " + base64.b64encode(blob).decode() + "\n"


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def log_line(name: str, seed: bytes, text: bytes) -> str:
    return line(name, key_id(name, 1, public_of(seed)) + Ed25519PrivateKey.from_private_bytes(seed).sign(text))


def witness_line(name: str, seed: bytes, text: bytes, at: int) -> str:
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(b"cosignature/v1\ntime %d\n" % at + text)
    return line(name, key_id(name, 4, public_of(seed)) + struct.pack(">Q", at) + signature)


def subtree_message(name: str, at: int, origin: str, size: int, root: bytes) -> bytes:
    """`cosigned_message` of tlog-cosignature, for a checkpoint."""
    head = b"subtree/v1\n\x00" + struct.pack(">B", len(name.encode())) + name.encode() + struct.pack(">Q", at)
    log = struct.pack(">B", len(origin.encode())) + origin.encode()
    return head + log + struct.pack(">QQ", 0, size) + root


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
