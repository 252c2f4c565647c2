"""Self-contained proofs that an entry is in a log, as text (C2SP tlog-proof)."""

from __future__ import annotations

import base64
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.wings.proof.merkle import HASH, leaf_hash, verify_inclusion
from hotpapers.wings.proof.notes import MAX_NOTE_BYTES, decimal, decode_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
"""Most hashes in an inclusion path: a tree has fewer than 2^63 leaves."""
TYPE = "application/vnd.c2sp.tlog-proof"
"""The type of a page's data block with the proof."""


class LogProof(NamedTuple):
    """`leaf`: the number of the entry. `path`: the hashes from its sibling up. `signed`: the checkpoint, unchecked.
    `extra`: arbitrary unauthenticated bytes."""

    leaf: int
    path: tuple[bytes, ...]
    signed: SignedCheckpoint
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        path = "".join(f"{base64.b64encode(node).decode()}\n" for node in self.path)
        return f"{HEADER}\n{extra}index {self.leaf}\n{path}\n{self.signed.note}"

    def includes(self, entry: bytes) -> bool:
        """Whether it proves that an entry is in the tree of its checkpoint. Does not check the signatures."""
        checkpoint = self.signed.checkpoint
        return verify_inclusion(leaf_hash(entry), self.leaf, checkpoint.size, self.path, checkpoint.root)


def parse_proof(text: str) -> LogProof:
    """Parses a proof. Raises NotAProof for an invalid or too large one."""
    if len(text) > MAX_NOTE_BYTES:
        raise NotAProof("the proof is too large")
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != HEADER:
        raise NotAProof(f"a proof must begin with {HEADER} and have a checkpoint after an empty line")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NotAProof("the proof has no index")
    index, path = decimal(lines[0].removeprefix("index ")), tuple(map(decode_base64, lines[1:]))
    if len(path) > MAX_HASHES or any(len(node) != HASH for node in path):
        raise NotAProof(f"the path of a proof must have at most {MAX_HASHES} hashes of {HASH} bytes")
    return LogProof(index, path, parse_checkpoint(note), extra)
