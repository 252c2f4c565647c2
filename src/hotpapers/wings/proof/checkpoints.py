"""Checkpoints: a log's tree at a size, as the text of a signed note (C2SP tlog-checkpoint). And cosignatures, by which
a witness states that a checkpoint is the largest consistent one that it has seen (C2SP tlog-cosignature).

A cosignature starts with its moment, in seconds since 1970, followed by the signature. An Ed25519 signature covers the
whole text of the checkpoint; an ML-DSA-44 signature covers the witness's name, the log's origin, the size and the root.
"""

from __future__ import annotations

import base64
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof import signatures
from hotpapers.wings.proof.merkle import HASH, MerkleTree
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    NoteSignature,
    SignedNote,
    VerifierKey,
    check_name,
    decimal,
    decode_base64,
    parse_note,
    signature_of,
)

MAX_CHECKPOINT_LINES = 16


class Checkpoint(NamedTuple):
    """`origin`: the log's name. `size`: number of leaves. `root`: 32 bytes. `extensions`: further lines, which are
    ignored."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    def is_of(self, tree: MerkleTree) -> bool:
        """Whether a tree had this root at this size."""
        return self.size <= tree.size and tree.root(self.size) == self.root


class SignedCheckpoint(NamedTuple):
    """A checkpoint with the note that it was read from."""

    checkpoint: Checkpoint
    note: SignedNote


def read_checkpoint(text: str) -> Checkpoint:
    """Parses the text of a checkpoint's note. Raises NotAProof."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or len(lines) > MAX_CHECKPOINT_LINES:
        raise NotAProof("a checkpoint must have lines for origin, size and root, and no empty lines")
    root = decode_base64(lines[2])
    if len(root) != HASH:
        raise NotAProof(f"the root of a checkpoint must have {HASH} bytes")
    return Checkpoint(check_name(lines[0]), decimal(lines[1]), root, tuple(lines[3:]))


def parse_checkpoint(text: str) -> SignedCheckpoint:
    """Parses a signed checkpoint without checking its signatures. Raises NotAProof."""
    note = parse_note(text)
    return SignedCheckpoint(read_checkpoint(note.text), note)


_TIME = 8
"""Bytes of the moment."""
_SIZES = {COSIGNATURE_ED25519: signatures.ED25519_SIGNATURE, COSIGNATURE_MLDSA44: signatures.MLDSA44_SIGNATURE}
_MLDSA_LABEL = b"subtree/v1\n\0"


def cosigned_at(signed: SignedCheckpoint, key: VerifierKey) -> int | None:
    """When a witness cosigned a checkpoint, in seconds since 1970; None if it did not, or the signature is invalid."""
    line = signature_of(signed.note, key)
    return check_cosignature(signed.checkpoint, line, key) if line else None


def check_cosignature(checkpoint: Checkpoint, line: NoteSignature, key: VerifierKey) -> int | None:
    """The moment of a cosignature, in seconds since 1970; None if it is not a valid one by this key."""
    size = _SIZES.get(key.type)
    if (line.name, line.key_id) != (key.name, key.key_id) or size is None or len(line.signature) != _TIME + size:
        return None
    seconds, signature = int.from_bytes(line.signature[:_TIME], "big"), line.signature[_TIME:]
    if seconds >= 1 << 63:
        return None
    message = cosigned_message(checkpoint, key.name, key.type, seconds)
    is_valid = signatures.verifies(key.public, signature, message, mldsa44=key.type == COSIGNATURE_MLDSA44)
    return seconds if is_valid else None


def cosigned_message(checkpoint: Checkpoint, name: str, type: int, seconds: int) -> bytes:
    """What a witness signs. `name`, `type`: of its key."""
    if type == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()
    start, moment, size = (number.to_bytes(8, "big") for number in (0, seconds, checkpoint.size))
    name_of_log = _short(checkpoint.origin)
    return b"".join([_MLDSA_LABEL, _short(name), moment, name_of_log, start, size, checkpoint.root])


def _short(text: str) -> bytes:
    """Text preceded by its length in one byte."""
    raw = text.encode()
    return bytes([len(raw)]) + raw
