"""What a witness signs (C2SP tlog-cosignature): that a checkpoint is the largest consistent one that it has seen.

A cosignature has a moment, in seconds since 1970, before the signature itself. The one by Ed25519 covers the whole text
of the checkpoint, the one by ML-DSA-44 the witness's name, the log's origin, the size and the root.
"""

from __future__ import annotations

from hotpapers.transparency import signatures
from hotpapers.transparency.checkpoints import Checkpoint, SignedCheckpoint
from hotpapers.transparency.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    NoteSignature,
    SigningKey,
    VerifierKey,
    signature_of,
)

_TIME = 8
"""Bytes of the moment."""
_SIZES = {COSIGNATURE_ED25519: signatures.ED25519_SIGNATURE, COSIGNATURE_MLDSA44: signatures.MLDSA44_SIGNATURE}
_MLDSA_LABEL = b"subtree/v1\n\0"


def cosign(checkpoint: Checkpoint, key: SigningKey, seconds: int) -> NoteSignature:
    """A witness's signature line. Raises UsageError where the library is missing."""
    sign = signatures.mldsa44_sign if key.type == COSIGNATURE_MLDSA44 else signatures.ed25519_sign
    signature = sign(key.seed, _message(checkpoint, key.name, key.type, seconds))
    return NoteSignature(key.name, key.verifier.key_id, seconds.to_bytes(_TIME, "big") + signature)


def cosigned_at(signed: SignedCheckpoint, key: VerifierKey) -> int | None:
    """When a witness cosigned a checkpoint, in seconds since 1970; None where it did not, or its signature is not
    its."""
    line = signature_of(signed.note, key)
    return check_cosignature(signed.checkpoint, line, key) if line else None


def check_cosignature(checkpoint: Checkpoint, line: NoteSignature, key: VerifierKey) -> int | None:
    """The moment of a cosignature, in seconds; None where it is not one of the key's."""
    size = _SIZES.get(key.type)
    if (line.name, line.key_id) != (key.name, key.key_id) or size is None or len(line.signature) != _TIME + size:
        return None
    seconds, signature = int.from_bytes(line.signature[:_TIME], "big"), line.signature[_TIME:]
    if seconds >= 1 << 63:
        return None
    verifies = signatures.mldsa44_verifies if key.type == COSIGNATURE_MLDSA44 else signatures.ed25519_verifies
    message = _message(checkpoint, key.name, key.type, seconds)
    return seconds if verifies(key.public, signature, message) else None


def _message(checkpoint: Checkpoint, name: str, type: int, seconds: int) -> bytes:
    if type == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()
    start, moment, size = (number.to_bytes(8, "big") for number in (0, seconds, checkpoint.size))
    name_of_log = _short(checkpoint.origin)
    return b"".join([_MLDSA_LABEL, _short(name), moment, name_of_log, start, size, checkpoint.root])


def _short(text: str) -> bytes:
    """Text after its length in one byte."""
    raw = text.encode()
    return bytes([len(raw)]) + raw
