"""That an entry stands in a log, in one text that needs nothing else (C2SP tlog-proof)."""

from __future__ import annotations

import base64
from typing import NamedTuple

from hotpapers.errors import NotAProof
from hotpapers.transparency.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.transparency.merkle import HASH, leaf_hash, verify_inclusion
from hotpapers.transparency.notes import LARGEST_NOTE, decimal, decode_base64

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
"""In a path of inclusion: a tree has fewer than 2^63 leaves."""
TYPE = "application/vnd.c2sp.tlog-proof"
"""What a page calls the proof that it holds."""


class LogProof(NamedTuple):
    """`leaf`: the number of the entry. `path`: the hashes from its sibling up. `signed`: the checkpoint, unchecked.
    `extra`: any bytes, which nothing vouches for."""

    leaf: int
    path: tuple[bytes, ...]
    signed: SignedCheckpoint
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        path = "".join(f"{base64.b64encode(node).decode()}\n" for node in self.path)
        return f"{HEADER}\n{extra}index {self.leaf}\n{path}\n{self.signed.note}"

    def includes(self, entry: bytes) -> bool:
        """Whether it shows that an entry stands in the tree of its checkpoint. Who signed that is not looked at."""
        checkpoint = self.signed.checkpoint
        return verify_inclusion(leaf_hash(entry), self.leaf, checkpoint.size, self.path, checkpoint.root)


def parse_proof(text: str) -> LogProof:
    """A proof. Raises NotAProof for what is none, or too large."""
    if len(text) > LARGEST_NOTE:
        raise NotAProof("the proof is too large")
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != HEADER:
        raise NotAProof(f"a proof begins with {HEADER} and has a checkpoint after an empty line")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NotAProof("the proof has no index")
    index, path = decimal(lines[0].removeprefix("index ")), tuple(map(decode_base64, lines[1:]))
    if len(path) > MOST_HASHES or any(len(node) != HASH for node in path):
        raise NotAProof(f"the path of a proof has at most {MOST_HASHES} hashes of {HASH} bytes")
    return LogProof(index, path, parse_checkpoint(note), extra)
