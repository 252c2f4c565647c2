"""A log's tree at a size, as C2SP tlog-checkpoint writes it: the text of a signed note."""

from __future__ import annotations

import base64
from typing import NamedTuple

from hotpapers.errors import NotAProof
from hotpapers.transparency.merkle import HASH
from hotpapers.transparency.notes import SignedNote, check_name, decimal, decode_base64, parse_note

MOST_LINES = 16


class Checkpoint(NamedTuple):
    """`origin`: the log's name. `size`: leaves. `root`: 32 bytes. `extensions`: further lines, which mean nothing
    here."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


class SignedCheckpoint(NamedTuple):
    """A checkpoint with the note that it was read from."""

    checkpoint: Checkpoint
    note: SignedNote


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text. Raises NotAProof."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or len(lines) > MOST_LINES:
        raise NotAProof("a checkpoint has a line for origin, size and root, and none that is empty")
    root = decode_base64(lines[2])
    if len(root) != HASH:
        raise NotAProof(f"the root of a checkpoint has {HASH} bytes")
    return Checkpoint(check_name(lines[0]), decimal(lines[1]), root, tuple(lines[3:]))


def parse_checkpoint(text: str) -> SignedCheckpoint:
    """A signed checkpoint, whose signatures nobody has checked yet. Raises NotAProof."""
    note = parse_note(text)
    return SignedCheckpoint(read_checkpoint(note.text), note)
