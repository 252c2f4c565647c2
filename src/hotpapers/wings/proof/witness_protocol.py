"""Requests to a witness and its responses (C2SP tlog-witness): `POST …/add-checkpoint`."""

from __future__ import annotations

import base64
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.wings.proof.merkle import HASH
from hotpapers.wings.proof.notes import (
    MAX_SIGNATURES,
    NoteSignature,
    decimal,
    decode_base64,
    parse_signature,
)

PATH = "add-checkpoint"
MAX_HASHES = 63
MAX_REQUEST_BYTES = 1 << 16
SIZE_TYPE = "text/x.tlog.size"
"""The content type of a response with the size that a witness knows."""


class AddCheckpoint(NamedTuple):
    """A request. `old`: the size that the witness should know. `proof`: the consistency proof from that size."""

    old: int
    proof: tuple[bytes, ...]
    signed: SignedCheckpoint

    def __str__(self) -> str:
        proof = "".join(f"{base64.b64encode(node).decode()}\n" for node in self.proof)
        return f"old {self.old}\n{proof}\n{self.signed.note}"


def parse_request(text: str) -> AddCheckpoint:
    """Parses a request. Raises NotAProof."""
    head, gap, note = text.partition("\n\n")
    first, *rest = head.split("\n")
    if not gap or not first.startswith("old "):
        raise NotAProof("the request must begin with a line `old SIZE` and have a checkpoint after an empty line")
    proof = tuple(map(decode_base64, rest))
    if len(proof) > MAX_HASHES or any(len(node) != HASH for node in proof):
        raise NotAProof(f"a proof must have at most {MAX_HASHES} hashes of {HASH} bytes")
    return AddCheckpoint(decimal(first.removeprefix("old ")), proof, parse_checkpoint(note))


def parse_answer(text: str) -> tuple[NoteSignature, ...]:
    """Parses the signature lines in a witness's response. Raises NotAProof."""
    lines = text.split("\n")
    if lines.pop() or not lines or len(lines) > MAX_SIGNATURES:
        raise NotAProof("a witness must answer with signature lines, each with a newline at its end")
    return tuple(map(parse_signature, lines))
