"""What the leaves of a publication's log say: digests alone, never a word or a name: there is nothing to forget.

    01 ‖ digest of an issue                             33 bytes
    02 ‖ position (8 bytes) ‖ chain value of its batch  41 bytes
    03 ‖ SHA-256 of the text of a checkpoint            33 bytes

The last one is the first leaf of a log that follows another one: of that one's last checkpoint.
"""

from __future__ import annotations

import hashlib

from hotpapers.transparency.checkpoints import Checkpoint

ISSUE, RECORD, EARLIER = b"\1", b"\2", b"\3"
_POSITION = 8


def issue_entry(digest: str) -> bytes:
    """The leaf of an issue, by its digest in hexadecimal. Raises ValueError where that is none."""
    return ISSUE + bytes.fromhex(digest)


def record_entry(position: int, chain: bytes) -> bytes:
    """The leaf of the record as it was after a batch."""
    return RECORD + position.to_bytes(_POSITION, "big") + chain


def earlier_entry(last: Checkpoint) -> bytes:
    """The first leaf of a log that follows another one, of which this is the last checkpoint."""
    return EARLIER + hashlib.sha256(last.text.encode()).digest()


def position_of(entry: bytes) -> int:
    """The position that a leaf of the record names; 0 for all other leaves."""
    return int.from_bytes(entry[1 : 1 + _POSITION], "big") if entry[:1] == RECORD else 0
