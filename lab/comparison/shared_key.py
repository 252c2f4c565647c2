"""Keyed marks of posts, accounts and texts: the first 16 bytes of HMAC-SHA256 (RFC 2104) with a key that two operators
share.

Anyone with the key can test whether a guessed key or text is behind a mark; nobody else can. Papers' keys and moments
are not marked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from hotpapers.base.errors import InputError
from hotpapers.base.file_modes import is_private, write_new
from hotpapers.record.identities import is_pseudonym
from hotpapers.record.item_rows import normalized_text

KEY_BYTES = 32
MIN_TEXT_LETTERS = 24
"""As in `KeyedHasher.text_fingerprint`: shorter texts may be the same by chance."""


class SharedKey:
    """Makes marks. `key`: 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @property
    def check(self) -> str:
        """A mark that shows whether two files were made with the same key, and nothing else."""
        return self._mark("check", "")

    def of_key(self, key: str) -> str:
        """The mark of a post's or an account's key; empty for an empty key."""
        forgotten = "~" if is_pseudonym(key) else ""
        return forgotten + self._mark("key", key) if key else ""

    def of_text(self, text: str, fingerprint: int) -> str:
        """The mark of a text. `fingerprint`: the store's own, 0 if it has too few letters. If the words are gone,
        the mark is made from `fingerprint`, and only this store has it."""
        if not fingerprint:
            return ""
        letters = normalized_text(text)
        if len(letters) >= MIN_TEXT_LETTERS:
            return self._mark("text", letters)
        return "~" + self._mark("same", str(fingerprint))

    def _mark(self, purpose: str, value: str) -> str:
        message = f"{purpose}\n{value}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:32]


def random_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def write_key(file: Path, key: bytes) -> None:
    """Write a key as 64 hexadecimal digits, readable by its owner only. Raises OSError."""
    write_new(file, key.hex().encode() + b"\n")


def read_key(file: Path) -> SharedKey:
    """The key in a file, which only its owner may read. Raises InputError."""
    try:
        private = is_private(file)
        with file.open("rb") as stream:
            text = stream.read(200)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(file)) from problem
    if not private:
        raise InputError("other users can read this key; run chmod 600 on it", file=str(file))
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError(f"not a key; it must be {2 * KEY_BYTES} hexadecimal digits", file=str(file))
    return SharedKey(key)
