"""Signed notes and their keys (C2SP signed-note): parsing, signing and verifying.

    text, ending in a newline
    (an empty line)
    — NAME BASE64(key id of four bytes ‖ signature)

A verifier key (vkey) has the format NAME+KEYID+BASE64(type ‖ public key), a private key
PRIVATE+KEY+NAME+KEYID+BASE64(type ‖ seed).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof import signatures

ED25519, COSIGNATURE_ED25519, COSIGNATURE_MLDSA44 = 1, 4, 6
"""Types of signatures."""
KEY_SIZES = {
    ED25519: signatures.ED25519_KEY,
    COSIGNATURE_ED25519: signatures.ED25519_KEY,
    COSIGNATURE_MLDSA44: signatures.MLDSA44_KEY,
}
"""Bytes of the public key of each type."""
MAX_NOTE_BYTES = 1 << 18
MAX_SIGNATURES = 64
"""The longest signatures (ML-DSA-44) have 3,300 characters."""
MAX_NAME_BYTES = 255
"""Bytes in UTF-8: the most that the message of an ML-DSA-44 cosignature can contain."""
DASH = "— "
_PRIVATE = "PRIVATE+KEY+"
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
"""Control characters, and surrogates, which UTF-8 cannot encode."""


class NoteSignature(NamedTuple):
    """A signature line. `key_id`: four bytes. `signature`: the bytes after them."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


class SignedNote(NamedTuple):
    """A text that ends in a newline, and its unchecked signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


class VerifierKey(NamedTuple):
    """A public key with its name. `type`: one of `KEY_SIZES`."""

    name: str
    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that distinguish keys with the same name."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


class SigningKey(NamedTuple):
    """A log's private key, of Ed25519, with its name. `seed`: 32 bytes."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """The public key. Raises UsageError if the library is missing."""
        return VerifierKey(self.name, ED25519, signatures.public_key(self.seed))

    def private_text(self) -> str:
        """The private key as written in a file. `str` does not show it, to keep it out of logs."""
        key_id = self.verifier.key_id.hex()
        return f"{_PRIVATE}{self.name}+{key_id}+{base64.b64encode(bytes([ED25519]) + self.seed).decode()}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"


def decode_base64(text: str) -> bytes:
    """Decodes standard Base64 (RFC 4648, section 4) in its canonical form. Raises NotAProof."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise NotAProof(f"{text[:20]}…: not Base64") from problem
    if base64.b64encode(data).decode() != text:
        raise NotAProof(f"{text[:20]}…: not canonical Base64")
    return data


def decimal(text: str) -> int:
    """Parses a number from 0 to 2^63 - 1 without leading zeros. Raises NotAProof."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII) or int(text) >= 1 << 63:
        raise NotAProof(f"{text[:24]!r}: not a number from 0 to 2^63 - 1 without leading zeros")
    return int(text)


def check_name(name: str) -> str:
    """Validates and returns a key's name. Raises NotAProof for a name not allowed in notes."""
    if not name or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES or "+" in name or re.search(r"\s", name):
        raise NotAProof(f"{name[:40]!r}: a name needs 1 to {MAX_NAME_BYTES} bytes, and no spaces or +")
    if not name.isprintable():
        raise NotAProof(f"{name[:40]!r}: a name must not have unprintable characters")
    return name


def parse_note(text: str) -> SignedNote:
    """Parses a signed note. Raises NotAProof for an invalid or too large one."""
    if len(text) > MAX_NOTE_BYTES or _FORBIDDEN.search(text):
        raise NotAProof("the note is too large, or has control characters")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NotAProof("the note has no signatures after an empty line")
    rows = lines.split("\n")[:-1]
    if len(rows) > MAX_SIGNATURES:
        raise NotAProof(f"the note has more than {MAX_SIGNATURES} signatures")
    return SignedNote(body + "\n", tuple(map(parse_signature, rows)))


def parse_signature(line: str) -> NoteSignature:
    """Parses a signature line without its newline. Raises NotAProof."""
    name, blank, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not blank:
        raise NotAProof(f"{line[:40]!r}: not a signature line")
    data = decode_base64(encoded)
    if len(data) < 5:
        raise NotAProof(f"{line[:40]!r}: the signature is too short")
    return NoteSignature(check_name(name), data[:4], data[4:])


def parse_vkey(text: str) -> VerifierKey:
    """Parses a verifier key. Raises NotAProof for an invalid key or unknown type."""
    name, key_id, data = _key_parts(text)
    key = VerifierKey(check_name(name), data[0], data[1:])
    if len(key.public) != KEY_SIZES.get(key.type):
        raise NotAProof(f"{name[:40]}: a key of unknown type or wrong length")
    if key.key_id.hex() != key_id:
        raise NotAProof(f"{name[:40]}: the key does not match its ID {key_id[:8]}; was it copied completely?")
    return key


def parse_signing_key(text: str) -> SigningKey:
    """Parses a private key. Raises NotAProof, which never shows the key."""
    if not text.startswith(_PRIVATE):
        raise NotAProof(f"a private key must begin with {_PRIVATE}")
    try:
        name, key_id, data = _key_parts(text.removeprefix(_PRIVATE))
        key = SigningKey(check_name(name), data[1:])
    except NotAProof:  # its message could contain a part of the key, mistaken for the name
        raise NotAProof("the private key is incomplete; its format is PRIVATE+KEY+NAME+KEYID+BASE64") from None
    if data[0] != ED25519 or len(key.seed) != signatures.SEED or key.verifier.key_id.hex() != key_id:
        raise NotAProof("the private key is incomplete or of unknown type")
    return key


def _key_parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    if not re.fullmatch(r"[0-9a-f]{8}", key_id) or len(data) < 2:
        raise NotAProof(f"{name[:40]}: not a key; the format is NAME+KEYID+BASE64")
    return name, key_id, data


def sign(text: str, key: SigningKey) -> NoteSignature:
    """A log's Ed25519 signature of a text. Raises UsageError if the library is missing."""
    return NoteSignature(key.name, key.verifier.key_id, signatures.sign(key.seed, text.encode()))


def signature_of(note: SignedNote, key: VerifierKey) -> NoteSignature | None:
    """The first signature line that names a key; None if there is none."""
    return next((line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)), None)


def is_signed(note: SignedNote, keys: Sequence[VerifierKey]) -> bool:
    """Whether at least one of the Ed25519 keys signed a note. If any signature that names one of them is bad, the note
    counts as unsigned."""
    lines = [(key, line) for key in keys if key.type == ED25519 for line in [signature_of(note, key)] if line]
    checked = [signatures.verifies(key.public, line.signature, note.text.encode()) for key, line in lines]
    return bool(checked) and all(checked)
