"""Signed notes and their keys (C2SP signed-note), and the notes of logs: checkpoints, cosignatures and proofs.

    text, ending in a newline
    (an empty line)
    — NAME BASE64(key id of four bytes ‖ signature)

A verifier key (vkey) has the format NAME+KEYID+BASE64(type ‖ public key), a private key
PRIVATE+KEY+NAME+KEYID+BASE64(type ‖ seed).

A checkpoint is a log's tree at a size (C2SP tlog-checkpoint). By a cosignature a witness states that a checkpoint is
the largest consistent one that it has seen (C2SP tlog-cosignature). It starts with its moment, in seconds since 1970,
followed by the signature. An Ed25519 signature covers the whole text of the checkpoint; an ML-DSA-44 signature covers
the witness's name, the log's origin, the size and the root. A proof shows that an entry is in a log (C2SP tlog-proof).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof import signatures
from hotpapers.wings.proof.merkle import HASH, MerkleTree, leaf_hash, verify_inclusion

ED25519, COSIGNATURE_ED25519, COSIGNATURE_MLDSA44 = 1, 4, 6
"""Types of signatures."""
SIZES = {ED25519: (32, 64), COSIGNATURE_ED25519: (32, 64), COSIGNATURE_MLDSA44: (1312, 2420)}
"""Bytes of the public key and of the signature of each type."""
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
        data = self.key_id + self.signature
        return f"{DASH}{self.name} {in_base64(data)}\n"


class VerifierKey(NamedTuple):
    """A public key with its name. `type`: one of `SIZES`."""

    name: str
    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that distinguish keys with the same name."""
        beginning = self.name.encode() + b"\n" + bytes([self.type])
        return hashlib.sha256(beginning + self.public).digest()[:4]

    def __str__(self) -> str:
        data = bytes([self.type]) + self.public
        return f"{self.name}+{self.key_id.hex()}+{in_base64(data)}"


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
        data = bytes([ED25519]) + self.seed
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{in_base64(data)}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"


def in_base64(data: bytes) -> str:
    """Bytes in standard Base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Decodes standard Base64 in its canonical form. Raises NotAProof."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise NotAProof(f"{text[:20]}…: not Base64") from problem
    if in_base64(data) != text:
        raise NotAProof(f"{text[:20]}…: not canonical Base64")
    return data


def parse_decimal(text: str) -> int:
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


def parse_signatures(text: str) -> tuple[NoteSignature, ...]:
    """Parses signature lines. Raises NotAProof."""
    *lines, end = text.split("\n")
    if end or not lines or len(lines) > MAX_SIGNATURES:
        raise NotAProof(f"needs 1 to {MAX_SIGNATURES} signature lines, each with a newline at its end")
    return tuple(map(_parse_signature, lines))


def _parse_signature(line: str) -> NoteSignature:
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
    if key.type not in SIZES or len(key.public) != SIZES[key.type][0]:
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


def sign_note(text: str, key: SigningKey) -> NoteSignature:
    """A log's Ed25519 signature of a text. Raises UsageError if the library is missing."""
    signature = signatures.sign(key.seed, text.encode())
    return NoteSignature(key.name, key.verifier.key_id, signature)


def signature_of(checkpoint: Checkpoint, key: VerifierKey) -> NoteSignature | None:
    """The first signature line that names a key; None if there is none."""
    return next((line for line in checkpoint.signatures if (line.name, line.key_id) == (key.name, key.key_id)), None)


def is_signed(checkpoint: Checkpoint, keys: Sequence[VerifierKey]) -> bool:
    """Whether at least one of the Ed25519 keys signed a checkpoint. If any signature that names one of them is bad,
    the checkpoint counts as unsigned."""
    text = checkpoint.text.encode()
    lines = [(key, line) for key in keys if key.type == ED25519 and (line := signature_of(checkpoint, key))]
    checked = [signatures.is_signed_by(key.public, line.signature, text) for key, line in lines]
    return bool(checked) and all(checked)


# ---- checkpoints and cosignatures ------------------------------------------------------------------------

MAX_CHECKPOINT_LINES = 16


class Checkpoint(NamedTuple):
    """`origin`: the log's name. `size`: number of leaves. `root`: 32 bytes. `extensions`: further lines, which are
    ignored. `signatures`: those that it has, unchecked."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    signatures: tuple[NoteSignature, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, in_base64(self.root), *self.extensions))

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    @property
    def own(self) -> Checkpoint:
        """With the log's signatures only, without those of witnesses."""
        lines = (line for line in self.signatures if line.name == self.origin)
        return self._replace(signatures=tuple(lines))

    def is_of(self, tree: MerkleTree) -> bool:
        """Whether a tree had this root at this size."""
        if self.size > tree.size:
            return False
        return tree.root(self.size) == self.root


def read_checkpoint(text: str) -> Checkpoint:
    """Parses the text of a checkpoint's note. Raises NotAProof."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or len(lines) > MAX_CHECKPOINT_LINES:
        raise NotAProof("a checkpoint must have lines for origin, size and root, and no empty lines")
    root = decode_base64(lines[2])
    if len(root) != HASH:
        raise NotAProof(f"the root of a checkpoint must have {HASH} bytes")
    extensions = tuple(lines[3:])
    return Checkpoint(check_name(lines[0]), parse_decimal(lines[1]), root, extensions)


def parse_checkpoint(text: str) -> Checkpoint:
    """Parses a signed checkpoint without checking its signatures. Raises NotAProof, also for a too large one."""
    if len(text) > MAX_NOTE_BYTES or _FORBIDDEN.search(text):
        raise NotAProof("the note is too large, or has control characters")
    body, gap, lines = text.rpartition("\n\n")
    if not gap:
        raise NotAProof("the note has no signatures after an empty line")
    parsed = parse_signatures(lines)
    return read_checkpoint(body + "\n")._replace(signatures=parsed)


_TIME = 8
"""Bytes of the moment."""
_MLDSA_LABEL = b"subtree/v1\n\0"


def cosigned_at(checkpoint: Checkpoint, key: VerifierKey) -> int | None:
    """When a witness cosigned a checkpoint, in seconds since 1970; None if it did not, or the signature is invalid."""
    line = signature_of(checkpoint, key)
    if line is None or key.type == ED25519 or len(line.signature) != _TIME + SIZES[key.type][1]:
        return None
    seconds = int.from_bytes(line.signature[:_TIME], "big")
    signature = line.signature[_TIME:]
    if seconds >= 1 << 63:
        return None
    message = cosigned_message(checkpoint, key.name, key.type, seconds)
    is_valid = signatures.is_signed_by(key.public, signature, message, mldsa44=key.type == COSIGNATURE_MLDSA44)
    return seconds if is_valid else None


def cosigned_message(checkpoint: Checkpoint, name: str, type: int, seconds: int) -> bytes:
    """The message that a witness signs. `name`, `type`: of its key."""
    if type == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()
    numbers = (0, seconds, checkpoint.size)
    start, moment, size = (number.to_bytes(8, "big") for number in numbers)
    name_of_log = _short(checkpoint.origin)
    return b"".join([_MLDSA_LABEL, _short(name), moment, name_of_log, start, size, checkpoint.root])


def _short(text: str) -> bytes:
    """Text preceded by its length in one byte."""
    raw = text.encode()
    return bytes([len(raw)]) + raw


# ---- proofs ----------------------------------------------------------------------------------------------

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
"""Most hashes in an inclusion path: a tree has fewer than 2^63 leaves."""
PROOF_TYPE = "application/vnd.c2sp.tlog-proof"
"""The type of a page's data block with a proof."""


class LogProof(NamedTuple):
    """That an entry is in a log. `leaf`: the number of the entry. `path`: the hashes from its sibling up. `signed`: the
    checkpoint, unchecked."""

    leaf: int
    path: tuple[bytes, ...]
    signed: Checkpoint

    def __str__(self) -> str:
        path = "".join(f"{in_base64(node)}\n" for node in self.path)
        return f"{PROOF_HEADER}\nindex {self.leaf}\n{path}\n{self.signed}"

    def includes(self, entry: bytes) -> bool:
        """Whether it proves that an entry is in the tree of its checkpoint. Does not check the signatures."""
        return verify_inclusion(leaf_hash(entry), self.leaf, self.signed.size, self.path, self.signed.root)


def parse_proof(text: str) -> LogProof:
    """Parses a proof. Raises NotAProof for an invalid or too large one."""
    if len(text) > MAX_NOTE_BYTES:
        raise NotAProof("the proof is too large")
    head, gap, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    if not gap or header != PROOF_HEADER:
        raise NotAProof(f"a proof must begin with {PROOF_HEADER} and have a checkpoint after an empty line")
    if lines and lines[0].startswith("extra "):  # arbitrary bytes, which nothing authenticates
        decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NotAProof("the proof has no index")
    index = parse_decimal(lines[0].removeprefix("index "))
    path = tuple(map(decode_base64, lines[1:]))
    if len(path) > MAX_HASHES or any(len(node) != HASH for node in path):
        raise NotAProof(f"the path of a proof must have at most {MAX_HASHES} hashes of {HASH} bytes")
    return LogProof(index, path, parse_checkpoint(note))
