"""Text signed by keys, as C2SP signed-note has it, and how keys are written. Verifying and signing by any kind of key.

    text, ending in a newline
    (an empty line)
    — NAME BASE64(key id of four bytes ‖ signature)

A verifier key (vkey) is written NAME+KEYID+BASE64(type ‖ public key), a private key
PRIVATE+KEY+NAME+KEYID+BASE64(type ‖ seed).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.errors import NotAProof
from hotpapers.transparency import signatures

ED25519, COSIGNATURE_ED25519, COSIGNATURE_MLDSA44 = 1, 4, 6
"""Types of signatures."""
KEY_SIZES = {
    ED25519: signatures.ED25519_KEY,
    COSIGNATURE_ED25519: signatures.ED25519_KEY,
    COSIGNATURE_MLDSA44: signatures.MLDSA44_KEY,
}
"""Bytes of the public key of each type."""
LARGEST_NOTE = 1 << 18
MOST_SIGNATURES = 64
"""The longest ones (ML-DSA-44) have 3,300 characters."""
LONGEST_NAME = 255
"""Bytes in UTF-8, so that the name fits into what an ML-DSA-44 cosignature covers."""
DASH = "— "
_PRIVATE = "PRIVATE+KEY+"
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
"""Control characters, and halves of characters, which UTF-8 cannot write."""


class NoteSignature(NamedTuple):
    """A signature line. `key_id`: four bytes. `signature`: what follows them."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


class SignedNote(NamedTuple):
    """A text that ends in a newline, and its signatures, which nobody has checked yet."""

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
        """Four bytes that tell keys of a name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


class SigningKey(NamedTuple):
    """A private key with its name. `seed`: 32 bytes."""

    name: str
    type: int
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """The public key. Raises UsageError where the library is missing."""
        of = signatures.mldsa44_public if self.type == COSIGNATURE_MLDSA44 else signatures.ed25519_public
        return VerifierKey(self.name, self.type, of(self.seed))

    def private_text(self) -> str:
        """As it is kept in a file. `str` does not show it, so that it gets into no log."""
        key_id = self.verifier.key_id.hex()
        return f"{_PRIVATE}{self.name}+{key_id}+{base64.b64encode(bytes([self.type]) + self.seed).decode()}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"


def decode_base64(text: str) -> bytes:
    """Standard Base64 (RFC 4648, section 4), in its one way of writing. Raises NotAProof."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise NotAProof(f"{text[:20]}…: not Base64") from problem
    if base64.b64encode(data).decode() != text:
        raise NotAProof(f"{text[:20]}…: Base64 with stray bits")
    return data


def decimal(text: str) -> int:
    """A number from 0 to 2^63 - 1 without leading zeroes. Raises NotAProof."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII) or int(text) >= 1 << 63:
        raise NotAProof(f"{text[:24]!r}: not a number from 0 to 2^63 - 1 without leading zeroes")
    return int(text)


def check_name(name: str) -> str:
    """A key's name. Raises NotAProof for one that a note cannot hold."""
    if not name or len(name.encode("utf-8", "replace")) > LONGEST_NAME or "+" in name or re.search(r"\s", name):
        raise NotAProof(f"{name[:40]!r}: a name is not empty, has no blanks and no +, and at most {LONGEST_NAME} bytes")
    if not name.isprintable():
        raise NotAProof(f"{name[:40]!r}: a name has no invisible signs")
    return name


def parse_note(text: str) -> SignedNote:
    """A signed note. Raises NotAProof for what is none, or too large."""
    if len(text) > LARGEST_NOTE or _FORBIDDEN.search(text):
        raise NotAProof("the note is too large, or has control characters")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NotAProof("the note has no signatures after an empty line")
    rows = lines.split("\n")[:-1]
    if len(rows) > MOST_SIGNATURES:
        raise NotAProof(f"the note has more than {MOST_SIGNATURES} signatures")
    return SignedNote(body + "\n", tuple(map(parse_signature, rows)))


def parse_signature(line: str) -> NoteSignature:
    """A signature line without its newline. Raises NotAProof."""
    name, blank, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not blank:
        raise NotAProof(f"{line[:40]!r}: not a signature line")
    data = decode_base64(encoded)
    if len(data) < 5:
        raise NotAProof(f"{line[:40]!r}: the signature is too short")
    return NoteSignature(check_name(name), data[:4], data[4:])


def parse_vkey(text: str) -> VerifierKey:
    """A verifier key. Raises NotAProof for what is none, or of a type that is unknown here."""
    name, key_id, data = _key_parts(text)
    key = VerifierKey(check_name(name), data[0], data[1:])
    if len(key.public) != KEY_SIZES.get(key.type):
        raise NotAProof(f"{name[:40]}: a key of an unknown type, or of another length")
    if key.key_id.hex() != key_id:
        raise NotAProof(f"{name[:40]}: the key does not have the number {key_id[:8]}; was it copied whole?")
    return key


def parse_signing_key(text: str) -> SigningKey:
    """A private key. Raises NotAProof, which never shows it."""
    if not text.startswith(_PRIVATE):
        raise NotAProof(f"a private key begins with {_PRIVATE}")
    try:
        name, key_id, data = _key_parts(text.removeprefix(_PRIVATE))
        key = SigningKey(check_name(name), data[0], data[1:])
    except NotAProof:  # what it takes for a name may be a part of the key
        raise NotAProof("the private key is not whole; it is written PRIVATE+KEY+NAME+NUMBER+BASE64") from None
    if key.type not in KEY_SIZES or len(key.seed) != signatures.SEED or key.verifier.key_id.hex() != key_id:
        raise NotAProof("the private key is not whole, or of an unknown type")
    return key


def _key_parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    if not re.fullmatch(r"[0-9a-f]{8}", key_id) or len(data) < 2:
        raise NotAProof(f"{name[:40]}: not a key; it is written NAME+NUMBER+BASE64")
    return name, key_id, data


def sign(text: str, key: SigningKey) -> NoteSignature:
    """The signature of a log on a text, Ed25519. Raises UsageError where the library is missing."""
    return NoteSignature(key.name, key.verifier.key_id, signatures.ed25519_sign(key.seed, text.encode()))


def signature_of(note: SignedNote, key: VerifierKey) -> NoteSignature | None:
    """The first signature line that names a key; None where there is none."""
    return next((line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)), None)


def is_signed(note: SignedNote, keys: Sequence[VerifierKey]) -> bool:
    """Whether one of some keys of type Ed25519 signed a note. A bad signature by one of them counts for nothing at
    all: then the note is not signed."""
    lines = [(key, line) for key in keys if key.type == ED25519 for line in [signature_of(note, key)] if line]
    checked = [signatures.ed25519_verifies(key.public, line.signature, note.text.encode()) for key, line in lines]
    return bool(checked) and all(checked)
