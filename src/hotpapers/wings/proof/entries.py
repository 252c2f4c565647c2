"""The leaves of a publication's log. They contain only digests, no text and no names, so there is nothing to forget.

    01 ‖ digest of an issue                             33 bytes
    02 ‖ position (8 bytes) ‖ chain value of its batch  41 bytes
    03 ‖ SHA-256 of the text of a checkpoint            33 bytes
    04 ‖ position (8) ‖ first hour (4) ‖ last hour (4) ‖ part (2) ‖ root   51 bytes
    05 ‖ hour (4) ‖ SHA-256 of a list of what was withdrawn in that hour   37 bytes

The third kind is the first leaf of a log that continues another one, with that log's last checkpoint. The last two
exist if observations are published: one for the file of an hour (and of preceding hours without observations), with the
Merkle root of its lines, hours counted from 1970-01-01T00; and one for what was later taken out of such files. The
files and lists themselves are published for a limited time.
"""

from __future__ import annotations

import datetime
import hashlib
import struct
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from hotpapers.wings.proof.notes import Checkpoint

ISSUE = b"\1"
RECORD = b"\2"
EARLIER = b"\3"
OBSERVED = b"\4"
WITHDRAWN = b"\5"
_POSITION = 8
_EPOCH = datetime.date(1970, 1, 1).toordinal()


class ObservedFile(NamedTuple):
    """A leaf's description of a file of observations. `position`: the last batch that it covers; `first`, `hour`: the
    hours that it covers, UTC, counted from 1970-01-01T00, both inclusive; `part`: number of the file among those for
    the same hours, from 1; `root`: the Merkle root of its lines. Each file starts with the hour after the previous
    file's last, so a withheld file leaves a gap."""

    position: int
    first: int
    hour: int
    part: int
    root: bytes

    @property
    def name(self) -> str:
        """`2026-03-11T06-1`, from its last hour. Raises ValueError as `hour_of` does."""
        return f"{hour_of(self.hour)}-{self.part}"


class ListLeaf(NamedTuple):
    """A leaf's description of a list of withdrawn observations. `hour`: when it was written, UTC, counted from
    1970-01-01T00."""

    hour: int
    digest: bytes

    @property
    def name(self) -> str:
        """`withdrawn-5d41….txt`."""
        return f"withdrawn-{self.digest.hex()}.txt"


_LAYOUTS = {
    ObservedFile: (OBSERVED, struct.Struct(">cQIIH32s")),
    ListLeaf: (WITHDRAWN, struct.Struct(">cI32s")),
}
Description = TypeVar("Description", ObservedFile, ListLeaf)


def hour_of(number: int) -> str:
    """`2026-03-11T06`, for an hour counted from 1970-01-01T00. Raises ValueError for hours beyond the calendar."""
    day, hour = divmod(number, 24)
    date = datetime.date.fromordinal(min(_EPOCH + day, datetime.date.max.toordinal() + 1))
    return f"{date.isoformat()}T{hour:02}"


def issue_entry(digest: str) -> bytes:
    """The leaf of an issue with a hexadecimal digest. Raises ValueError for an invalid digest."""
    return ISSUE + bytes.fromhex(digest)


def record_entry(position: int, chain: bytes) -> bytes:
    """The leaf of the record as it was after a batch."""
    return RECORD + position.to_bytes(_POSITION, "big") + chain


def earlier_entry(last: Checkpoint) -> bytes:
    """The first leaf of a log that continues another one; `last` is that log's last checkpoint."""
    return EARLIER + hashlib.sha256(last.text.encode()).digest()


def position_of(entry: bytes) -> int:
    """The position in a leaf of the record; 0 for other leaves."""
    if entry[:1] == RECORD:
        return int.from_bytes(entry[1 : 1 + _POSITION], "big")
    return 0


def observation_entry(described: ObservedFile | ListLeaf) -> bytes:
    """The leaf of a file of observations, or of a list of withdrawn ones."""
    kind, layout = _LAYOUTS[type(described)]
    return layout.pack(kind, *described)


def described_by(leaves: Iterable[bytes], type: type[Description]) -> list[Description]:
    """The files, or the lists, that a log's leaves describe."""
    kind, layout = _LAYOUTS[type]
    return [type(*layout.unpack(leaf)[1:]) for leaf in leaves if leaf[:1] == kind and len(leaf) == layout.size]
